package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/test/harness"
)

// shardNames are those of the shards; server i of the cluster is shard i, and
// the one after the last shard has everything.
var shardNames = []string{"a", "b", "c"}

// sizeInterval is how often the program measures the tables, by whose sizes
// it decides what to ship.
const sizeInterval = 5 * time.Second

// scattered is three shards, a program over them, and one server that has all
// their tables together, and where it can be had one that reaches them with
// the SPIDER engine.
type scattered struct {
	*bed
	args     []string // of the shards, of the server that has everything and of SPIDER's
	cluster  *local.Cluster
	shards   []*sql.DB
	oracle   *sql.DB // the server that has everything
	spider   *spider // nil: there is none
	noSpider string  // why
	program  *harness.Process
	joins    joinSizes // of the join tables; zero: not loaded yet
}

func startScattered(ctx context.Context, b *bed) (err error) {
	s := &scattered{bed: b, args: b.serverArgs("512M", "256M")}
	b.scattered = s
	s.cluster, err = local.Start(ctx, local.Config{
		Dir: filepath.Join(b.dir, "scattered"), Count: len(shardNames) + 1, Program: b.server, Logger: b.serverLog(), Args: s.args,
	})
	if err != nil {
		return err
	}
	b.opened.add(s.cluster.Close)
	if err := s.connect(ctx); err != nil {
		return err
	}
	b.machine = describeMachine(ctx, s.oracle)
	if err := s.startSpider(ctx); err != nil {
		return err
	}
	return s.startProgram(ctx)
}

// connect opens connections to the servers, and makes the database on each:
// with the same collation everywhere, as the answers depend on it.
func (s *scattered) connect(ctx context.Context) error {
	for i, socket := range s.cluster.Sockets() {
		db, err := openDatabase(ctx, socket)
		if err != nil {
			return err
		}
		s.opened.add(db.Close)
		if i < len(shardNames) {
			s.shards = append(s.shards, db)
		} else {
			s.oracle = db
		}
	}
	return nil
}

// openDatabase returns connections to our database on a server, which it
// creates.
func openDatabase(ctx context.Context, socket string) (*sql.DB, error) {
	db, err := connect(socket, "")
	if err != nil {
		return nil, err
	}
	_, err = db.ExecContext(ctx, "CREATE DATABASE IF NOT EXISTS "+database+" CHARACTER SET utf8mb4")
	if err = errors.Join(err, db.Close()); err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	return connect(socket, database)
}

func (s *scattered) startProgram(ctx context.Context) (err error) {
	var addresses []string
	for i, name := range shardNames {
		addresses = append(addresses, name+"="+s.cluster.Sockets()[i])
	}
	s.program, err = startProgram(ctx, s.binary,
		"-mysql_address", strings.Join(addresses, ","), "-mysql_database", database, "-size_interval", sizeInterval.String())
	if err == nil {
		s.opened.add(s.program.Close)
	}
	return err
}

// do sends one request to the program, and returns the answer's body. It is
// for what is not measured: connections that were kept meanwhile would have
// been closed.
func (s *scattered) do(method, path string, body []byte) ([]byte, error) {
	c, err := dial(s.program.Address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.do(method, path, body)
}

// setting describes what all figures have in common.
func (s *scattered) setting(data string) string {
	spider := s.noSpider
	if s.spider != nil {
		spider = s.spider.version + " on a server of its own"
	}
	return fmt.Sprintf("%s servers on the same machine (%s), over unix sockets: %d shards behind databalancer, one server with all tables; SPIDER: %s. %s",
		s.server.Kind, strings.Join(s.args, " "), len(shardNames), spider, data)
}

// place makes tables on one shard and on the server that has everything, by
// the same function, and has databalancer and SPIDER know them.
func (s *scattered) place(ctx context.Context, shard int, tables []string, load func(ctx context.Context, db *sql.DB, tables []string) error) error {
	group, groupCtx := errgroup.WithContext(ctx)
	for _, db := range []*sql.DB{s.shards[shard], s.oracle} {
		group.Go(func() error {
			if err := load(groupCtx, db, tables); err != nil {
				return err
			}
			_, err := db.ExecContext(groupCtx, "ANALYZE TABLE "+strings.Join(tables, ", "))
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("shard %s: %w", shardNames[shard], err)
	}
	for _, table := range tables {
		if err := s.register(table, shard); err != nil {
			return err
		}
		if s.spider == nil {
			continue
		}
		if err := s.spider.link(ctx, s.shards[shard], table, shard); err != nil {
			return err
		}
	}
	return nil
}

func (s *scattered) register(table string, shard int) error {
	body, err := json.Marshal(map[string]string{"shard": shardNames[shard]})
	if err == nil {
		_, err = s.do("PUT", "/api/tables/"+table, body)
	}
	if err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	return nil
}
