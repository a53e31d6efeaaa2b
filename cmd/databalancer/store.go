package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// watchInterval is how often the shards are pinged.
const watchInterval = 5 * time.Second

// stores is the part of the process that outlives requests: the catalog and
// the shards.
type stores struct {
	db      *sql.DB // the catalog's
	catalog *store.Store
	shards  *shard.Set
	tables  *tables.Families
	log     *slog.Logger
	rights  *shard.Rights // of the catalog's account; the shards know of the others
	// gatherers are the names of the servers for gathering that answered.
	gatherers []string
	// catalogShard is the shard whose server holds the catalog; empty: none.
	catalogShard string
	catalogFound bool                                          // catalogShard is known
	identity     func(context.Context) (shard.Identity, error) // of the catalog's server
	catalogConns int                                           // the most to the catalog
}

// openStore waits for the servers, opens the catalog and joins the shards
// that the flags name.
func openStore(ctx context.Context, o *options, log *slog.Logger) (*stores, error) {
	config := o.shardConfig(log)
	starting, cancel := context.WithTimeout(ctx, o.startTimeout)
	defer cancel()
	shards, err := shard.NewSet(config)
	if err != nil {
		return nil, err
	}
	s := &stores{shards: shards, tables: tables.NewFamilies(shards, log), log: log, catalogConns: o.writeConns}
	s.identity = func(ctx context.Context) (shard.Identity, error) {
		return shard.ReadIdentity(ctx, o.catalogConfig(log), o.catalogServer())
	}
	s.rights = shard.NewRights(o.catalogConfig(log), catalogName, o.catalogServer(), server.ForCatalog)
	if err := s.open(starting, o, config); err != nil {
		s.close()
		return nil, s.remedy(ctx, o, err)
	}
	// Missing rights are told of now, and do not stop the start: most requests
	// may do without, and they can be granted while the process runs.
	s.rights.Check(starting)
	s.shards.Check(starting)
	s.beat(ctx)
	return s, nil
}

// open opens the catalog and then what it and the flags name.
func (s *stores) open(ctx context.Context, o *options, config shard.Config) error {
	if err := s.openCatalog(ctx, o); err != nil {
		return err
	}
	if err := s.joinAll(ctx, o, config); err != nil {
		return err
	}
	return s.addGatherers(ctx, o, config)
}

// openCatalog opens the catalog on its server. A server that belongs to a
// catalog kept elsewhere gets no second one.
func (s *stores) openCatalog(ctx context.Context, o *options) error {
	config, address := o.catalogConfig(s.log), o.catalogServer()
	if err := s.wait(ctx, config, address); err != nil {
		return err
	}
	identity, err := shard.ReadIdentity(ctx, config, address)
	if err != nil {
		return err
	}
	name := o.mysqlDatabase + catalog.DatabaseSuffix
	if identity.Found {
		has, err := shard.HasDatabase(ctx, config, address, name)
		if err != nil {
			return err
		}
		if !has {
			return fmt.Errorf("the server at %s is the shard %s of a catalog that is kept on another server: name that one first in -mysql_address, or in -catalog_address", address, identity.Name)
		}
	}
	if s.db, err = shard.OpenDatabase(ctx, config, address, name); err != nil {
		return err
	}
	s.catalog, err = store.Open(ctx, s.db, store.Config{
		DDL: s.tables, Logger: s.log, OnChange: s.shards.Sync, SplitBytes: o.splitBytes,
	})
	if err != nil {
		return fmt.Errorf("catalog at %s: %w", address, err)
	}
	return nil
}

// wait returns when the server answers, with a message a try.
func (s *stores) wait(ctx context.Context, config shard.Config, address string) error {
	return shard.Wait(ctx, config, address, func(err error) {
		s.log.Info("Waiting for MySQL at "+address, "err", err)
	})
}

// joinAll joins the servers that the flags name. One that does not answer
// stops the start only if the catalog does not know it yet: a process must be
// able to start while a shard is down.
func (s *stores) joinAll(ctx context.Context, o *options, config shard.Config) error {
	results := make([]error, len(o.addresses))
	var waiting sync.WaitGroup
	for i, a := range o.addresses {
		waiting.Go(func() { results[i] = s.wait(ctx, config, a.address) })
	}
	waiting.Wait()
	for i, a := range o.addresses {
		err := results[i]
		if err == nil {
			err = s.join(ctx, o, a)
		}
		if _, known := s.catalog.Snapshot().Shard(a.name); known && errors.Is(err, shard.ErrUnreachable) {
			s.log.Warn("Shard does not answer; going on without it", "shard", a.name, "err", err)
			continue
		}
		if err != nil {
			return fmt.Errorf("shard %s: %w", a.name, err)
		}
	}
	return nil
}

func (s *stores) join(ctx context.Context, o *options, a shardAddress) error {
	if ctx.Err() != nil { // the wait used up the time, but the server answers
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
	}
	_, err := s.shards.Join(ctx, s.catalog, a.name, a.address, shard.JoinOptions{
		// The folder of managed servers may move, and their sockets with it.
		MoveAddress: o.local > 0,
	})
	if err != nil {
		return err
	}
	s.log.Info(fmt.Sprintf("Connected to MySQL as %s at %s", o.mysqlUsername, a.address), "shard", a.name)
	return nil
}

// startTasks starts what runs beside the requests: following the catalog,
// pinging the shards and measuring them. The function that it returns stops
// all.
func (s *stores) startTasks(o *options) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var tasks sync.WaitGroup
	tasks.Go(func() { s.catalog.Run(ctx) })
	tasks.Go(func() { s.beats(ctx) })
	tasks.Go(func() { s.shards.Watch(ctx, watchInterval) })
	tasks.Go(func() { s.rights.Watch(ctx, watchInterval) })
	tasks.Go(func() { s.shards.Measure(ctx, s.catalog, o.sizeInterval) })
	return func() { cancel(); tasks.Wait() }
}

func (s *stores) close() {
	if err := s.shards.Close(); err != nil {
		s.log.Warn("Closing shards", "err", err)
	}
	if s.db != nil {
		_ = s.db.Close()
	}
}

// joinShard is what PUT /api/shards/{name} does. Who names a shard's new
// address means it, and the server there must still be that shard.
func (s *stores) joinShard(ctx context.Context, name, address string, weight float64) (*catalog.Shard, error) {
	return s.shards.Join(ctx, s.catalog, name, address, shard.JoinOptions{Weight: weight, MoveAddress: true})
}
