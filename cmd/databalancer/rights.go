package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// catalogRights is what the catalog's account lacks on its server. The set of
// shards looks after the other accounts.
type catalogRights struct {
	config  shard.Config // with the catalog's account
	address string
	log     *slog.Logger
	known   atomic.Pointer[error] // nil: not known
}

// missing returns what the account lacks, as far as is known.
func (r *catalogRights) missing() error {
	if e := r.known.Load(); e != nil {
		return *e
	}
	return nil
}

// check asks the server, unless it knows that nothing is missing.
func (r *catalogRights) check(ctx context.Context) {
	last := r.known.Load()
	if last != nil && *last == nil {
		return
	}
	err := shard.CheckRights(ctx, r.config, "of the catalog", r.address, server.ForCatalog)
	if lacks := (*shard.RightsError)(nil); err != nil && !errors.As(err, &lacks) {
		return // the server does not answer, which the catalog tells
	}
	r.known.Store(&err)
	switch {
	case err != nil && (last == nil || (*last).Error() != err.Error()):
		r.log.Error("rights are missing", "err", err)
	case err == nil && last != nil:
		r.log.Info("rights are complete")
	}
}

func (r *catalogRights) watch(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.check(ctx)
		}
	}
}

// remedy adds to what stops the start what can be done about it: the flag that
// decides about TLS, or the rights that an account lacks.
func (s *stores) remedy(ctx context.Context, o *options, err error) error {
	if insecure := (*shard.TLSError)(nil); errors.As(err, &insecure) {
		return fmt.Errorf("-mysql_tls %s: %w", o.tls, err)
	}
	if !server.ClassOf(err).Has(server.Denied) {
		return err
	}
	lacking := []error{err, shard.CheckRights(ctx, s.rights.config, "of the catalog", s.rights.address, server.ForCatalog)}
	config := o.shardConfig(s.log)
	for _, a := range o.addresses {
		lacking = append(lacking, shard.CheckRights(ctx, config, a.name, a.address, server.ForWriting))
	}
	return errors.Join(lacking...)
}
