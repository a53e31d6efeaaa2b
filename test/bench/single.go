package main

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/test/harness"
)

const family = "dns"

// single is one server, a program that has it as its only shard, and a family
// of events.
type single struct {
	*bed
	args    []string // of the server
	cluster *local.Cluster
	socket  string
	program *harness.Process
	direct  *sql.DB // to the same server, without databalancer
	traffic *traffic
	stored  int // rows of the family so far
}

func startSingle(ctx context.Context, b *bed) (err error) {
	s := &single{bed: b, args: b.serverArgs("1G", "1G")}
	b.single = s
	b.opened.add(func() error { return os.RemoveAll(filepath.Join(s.dir, "single")) })
	if s.traffic, err = newTraffic(b.data); err != nil {
		return err
	}
	if err := os.Mkdir(s.outfiles(), 0o700); err != nil {
		return fmt.Errorf("bed: %w", err)
	}
	s.cluster, err = local.Start(ctx, local.Config{
		Dir: filepath.Join(b.dir, "single"), Count: 1, Program: b.server, Logger: b.serverLog(),
		Args: s.loadArgs(),
	})
	if err != nil {
		return err
	}
	b.opened.add(s.cluster.Close)
	s.socket = s.cluster.Sockets()[0]
	if s.direct, err = connect(s.socket, ""); err != nil {
		return err
	}
	b.opened.add(s.direct.Close)
	b.opened.add(s.stop)
	b.machine = describeMachine(ctx, s.direct)
	return s.restart(ctx)
}

// connect returns connections to a server, as the program has them.
func connect(socket, database string) (*sql.DB, error) {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.DBName = "root", "unix", socket, database
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		return nil, fmt.Errorf("direct connection: %w", err)
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("direct connection: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(64)
	return db, nil
}

// loadArgs are the server's arguments, with which it may read our files.
func (s *single) loadArgs() []string {
	if s.args == nil {
		return nil
	}
	return append([]string{"--secure-file-priv=" + s.outfiles()}, s.args...)
}

// outfiles is the folder of the files that LOAD DATA reads.
func (s *single) outfiles() string { return filepath.Join(s.dir, "outfiles") }

// restart starts the program anew, so that its memory holds nothing of what
// was measured before.
func (s *single) restart(ctx context.Context) (err error) {
	if err := s.stop(); err != nil {
		return err
	}
	s.program, err = startProgram(ctx, s.binary,
		"-mysql_address", s.socket, "-mysql_database", database)
	return err
}

// stop ends the program, if there is one.
func (s *single) stop() error {
	if s.program == nil {
		return nil
	}
	err := s.program.Close()
	s.program = nil
	return err
}

// setting describes what all figures have in common.
func (s *single) setting() string {
	return fmt.Sprintf("One %s server on the same machine (%s), asked over its unix socket by both sides; %s; %d rows.",
		s.server.Kind, cmp.Or(strings.Join(s.args, " "), "its defaults"), s.traffic.origin, s.rows)
}

// fill stores rows until the family has as many as are asked for.
func (s *single) fill(ctx context.Context) error {
	if s.stored >= s.rows {
		return nil
	}
	s.logf("storing %d rows", s.rows-s.stored)
	return s.put(ctx, s.rows-s.stored)
}
