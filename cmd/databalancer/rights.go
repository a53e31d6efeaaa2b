package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// catalogName stands for the catalog where a shard has its name.
const catalogName = "of the catalog"

// remedy adds to what stops the start what can be done about it: the flag that
// decides about TLS, or the rights that an account lacks.
func (s *stores) remedy(ctx context.Context, o *options, err error) error {
	if insecure := (*shard.TLSError)(nil); errors.As(err, &insecure) {
		return fmt.Errorf("-mysql_tls %s: %w", o.tls, err)
	}
	if !server.ClassOf(err).Has(server.Denied) {
		return err
	}
	lacking := []error{err, shard.CheckRights(ctx, o.catalogConfig(s.log), catalogName, o.catalogServer(), server.ForCatalog)}
	config := o.shardConfig(s.log)
	for _, a := range o.addresses {
		lacking = append(lacking, shard.CheckRights(ctx, config, a.name, a.address, server.ForWriting))
	}
	return errors.Join(lacking...)
}
