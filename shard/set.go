package shard

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// Set holds the shards of a catalog, and the servers that are used only for
// gathering. It is safe for concurrent use.
type Set struct {
	cfg Config

	mu     sync.RWMutex
	shards map[string]*Shard
	order  []*Shard // by number; replaced, never changed

	gatherers map[string]*Shard
	all       []*Shard // order, and the gatherers; replaced, never changed
	closed    bool

	processes int    // that share the servers' connections; see Divide
	catalogOn string // the shard whose server holds the catalog
}

// NewSet returns a set without shards: Sync brings them.
func NewSet(cfg Config) (*Set, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Set{cfg: cfg.withDefaults(), shards: map[string]*Shard{}}, nil
}

// Sync makes the set that of the snapshot. A shard whose address, identity,
// catalog, collation or number has changed gets new pools; a shard without an
// identity, which no catalog has, is not asked for one. Sync connects to
// nothing, and statements that run on replaced pools go on to their end.
func (s *Set) Sync(snap *catalog.Snapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	next := make(map[string]*Shard, len(s.shards))
	order := make([]*Shard, 0, len(s.order))
	for _, known := range snap.Shards() {
		sh := s.shards[known.Name]
		if sh == nil || !samePools(sh.known, known) {
			sh = newShard(s.cfg, known)
			sh.among(s.processes, known.Name == s.catalogOn)
		}
		next[known.Name] = sh
		order = append(order, sh)
	}
	for name, sh := range s.shards {
		if next[name] != sh {
			sh.close()
		}
	}
	s.shards, s.order = next, order
	s.listLocked()
}

// samePools reports whether two versions of a shard can use the same pools.
func samePools(a, b catalog.Shard) bool {
	return a.Address == b.Address && a.Identity == b.Identity && a.Catalog == b.Catalog && a.Collation == b.Collation && a.Number == b.Number
}

// Shard returns the shard of that name, or the server for gathering, or
// ErrUnknown.
func (s *Set) Shard(name string) (*Shard, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	sh, ok := s.shards[name]
	if !ok {
		sh, ok = s.gatherers[name]
	}
	if !ok {
		return nil, fmt.Errorf("shard %s: %w", name, ErrUnknown)
	}
	return sh, nil
}

// All returns the shards by number, and then the servers for gathering. The
// caller must not change the slice.
func (s *Set) All() []*Shard {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.all
}

// catalogued returns the shards by number.
func (s *Set) catalogued() []*Shard {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.order
}

// Watch pings all shards at once and then again after each interval, until
// ctx ends.
func (s *Set) Watch(ctx context.Context, interval time.Duration) {
	every(ctx, interval, s.Check)
}

// every calls do now and then in intervals, until ctx ends.
func every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do(ctx)
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Check pings all shards, and returns when each has answered or has not done
// so in time. Their Health tells the outcome. Those that answer are asked for
// the accounts' rights too, until these are complete: Rights tells; and for how
// many connections they take: Divide.
func (s *Set) Check(ctx context.Context) {
	var pings sync.WaitGroup
	for _, sh := range s.All() {
		pings.Go(func() {
			_, err := sh.Ping(ctx) // Health keeps the error
			sh.checkRights(ctx, err)
			if err == nil {
				sh.checkLimits(ctx)
			}
		})
	}
	pings.Wait()
}

// Close closes all connections that are not in use, and lets those in use be
// closed when they are given back.
func (s *Set) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for _, sh := range s.order {
		sh.close()
	}
	for _, sh := range s.gatherers {
		sh.close()
	}
	s.shards, s.order, s.gatherers, s.all = map[string]*Shard{}, nil, nil, nil
	return nil
}
