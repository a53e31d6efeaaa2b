package shard

import (
	"context"
	"errors"
	"fmt"

	"github.com/kolide/databalancer/catalog"
)

// ErrGatherer means that a name or a server is one for gathering where a shard
// was meant, or the other way round.
var ErrGatherer = errors.New("server is used only for gathering")

// AddGatherer adds a server on which plans may gather rows, and which holds
// nothing for longer than a query lasts. It is no shard: the catalog knows
// nothing of it, it has no identity, and any number of processes may share it.
// Shard finds it by its name, All lists it.
//
// AddGatherer connects to the server, and creates our database there, which is
// the one that temporary tables are made in, with the catalog's collation. It
// refuses a server that is a shard of any catalog, the name of a shard
// (ErrGatherer), and a server without the collation (*CollationError).
func (s *Set) AddGatherer(ctx context.Context, name, address, collation string) error {
	found, err := ReadIdentity(ctx, s.cfg, address)
	if err != nil {
		return err
	}
	if found.Found {
		return fmt.Errorf("server at %s: it is the shard %s: %w", address, found.Name, ErrGatherer)
	}
	if err := CreateDatabase(ctx, s.cfg, address, collation); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.closed:
		return ErrClosed
	case s.shards[name] != nil || s.gatherers[name] != nil:
		return fmt.Errorf("server %s: another one has that name: %w", name, ErrGatherer)
	}
	sh := newShard(s.cfg, catalog.Shard{Name: name, Address: address, Collation: collation, Number: -1})
	sh.among(s.processes, false)
	if s.gatherers == nil {
		s.gatherers = map[string]*Shard{}
	}
	s.gatherers[name] = sh
	s.all = append(s.all[:len(s.all):len(s.all)], sh)
	return nil
}

// CreateDatabase creates our database on the server at an address, where it
// is missing, with the catalog's collation.
func CreateDatabase(ctx context.Context, cfg Config, address, collation string) error {
	c, err := bareConnector(cfg, address, forControl)
	if err != nil {
		return err
	}
	c.collation = collation
	db := openPool(c, 1)
	defer db.Close()
	_, err = db.ExecContext(ctx, createDatabase(cfg.Database, collation))
	return Wrap(address, err)
}

// isGatherer reports whether a name is that of a server for gathering.
func (s *Set) isGatherer(name string) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.gatherers[name] != nil
}

// listLocked makes the list that All returns. A shard that another process
// has added under the name of one of our gatherers is found in its stead,
// which a plan that was made for that one can't tell.
func (s *Set) listLocked() {
	s.all = append([]*Shard(nil), s.order...)
	for name, sh := range s.gatherers {
		if s.shards[name] != nil {
			s.cfg.Logger.Warn("A shard has the name of a server for gathering", "shard", name)
			continue
		}
		s.all = append(s.all, sh)
	}
}
