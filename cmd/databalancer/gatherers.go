package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kolide/databalancer/shard"
)

// addGatherers adds the servers that are used only for gathering. One that
// does not answer is gone on without, as long as another does: what needs
// several shards is to be kept off the shards.
func (s *stores) addGatherers(ctx context.Context, o *options, config shard.Config) error {
	if ctx.Err() != nil { // the shards used up the time
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
	}
	errs := make([]error, len(o.gatherers))
	var waiting sync.WaitGroup
	for i, g := range o.gatherers {
		waiting.Go(func() {
			if errs[i] = s.wait(ctx, config, g.address); errs[i] == nil {
				errs[i] = s.shards.AddGatherer(ctx, g.name, g.address, s.catalog.Collation())
			}
		})
	}
	waiting.Wait()
	for i, g := range o.gatherers {
		switch err := errs[i]; {
		case err == nil:
			s.gatherers = append(s.gatherers, g.name)
			s.log.Info("Connected to MySQL for gathering at "+g.address, "shard", g.name)
		case errors.Is(err, shard.ErrUnreachable):
			s.log.Warn("Server for gathering does not answer; going on without it", "shard", g.name, "err", err)
		default:
			return fmt.Errorf("-gather_address: %s: %w", g.name, err)
		}
	}
	if len(o.gatherers) > 0 && len(s.gatherers) == 0 {
		return fmt.Errorf("-gather_address: %w", errors.Join(errs...))
	}
	return nil
}
