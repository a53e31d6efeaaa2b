package main

import (
	"context"
	"time"

	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// findCatalog learns which shard's server holds the catalog, if one does. What it
// can't learn now it learns with a later beat.
func (s *stores) findCatalog(ctx context.Context) {
	if s.catalogFound {
		return
	}
	identity, err := s.identity(ctx)
	if err != nil {
		s.log.Debug("Catalog's server", "err", err)
		return
	}
	s.catalogFound = true
	if identity.Found {
		s.catalogShard = identity.Name
	}
}

// beat tells the others that this process is alive, and divides the servers'
// connections among all. While the catalog is away all stays as it is, which
// the reading of the catalog logs.
func (s *stores) beat(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, store.BeatInterval)
	defer cancel()
	s.findCatalog(ctx)
	alive, err := s.catalog.Beat(ctx)
	if err != nil {
		s.log.Debug("Beat", "err", err)
		return
	}
	s.shards.Divide(len(alive), s.catalogShard)
	s.divideCatalog(ctx, len(alive))
}

// divideCatalog bounds the connections to the catalog.
func (s *stores) divideCatalog(ctx context.Context, processes int) {
	if sh, err := s.shards.Shard(s.catalogShard); s.catalogShard != "" && err == nil {
		s.db.SetMaxOpenConns(sh.Share().Catalog)
		return
	}
	limits, err := shard.ReadLimits(ctx, s.db, server.Info{})
	if err != nil {
		return
	}
	conns := s.catalogConns
	if each := limits.Each(processes); each > 0 {
		conns = min(conns, each)
	}
	s.db.SetMaxOpenConns(conns)
}

// beats calls beat in intervals until ctx ends, and then tells the others that
// this process ends.
func (s *stores) beats(ctx context.Context) {
	ticker := time.NewTicker(store.BeatInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			s.beat(ctx)
		case <-ctx.Done():
			if err := s.catalog.Leave(context.WithoutCancel(ctx)); err != nil {
				s.log.Debug("Leave", "err", err)
			}
			return
		}
	}
}
