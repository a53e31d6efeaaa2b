package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/local"
)

const (
	database = "bench" // databalancer's
	family   = "dns"
)

// mariadbArgs are equal for both sides of every comparison: memory enough for
// what is measured to be the programs rather than the disk, which keeps what
// a scan has read, and a log that is written at each commit but synchronized
// once a second.
var mariadbArgs = []string{
	"--innodb-buffer-pool-size=1G",
	"--innodb-old-blocks-time=0",
	"--innodb-log-file-size=1G",
	"--innodb-flush-log-at-trx-commit=2",
}

// bed is what all benchmarks use: the servers, the program and the data.
type bed struct {
	options
	dir     string
	stderr  io.Writer
	began   time.Time
	cluster *local.Cluster
	socket  string
	binary  string
	program *program
	direct  *sql.DB // to the same database, without databalancer
	traffic *traffic
	stored  int // rows of the family stored so far
}

// newBed builds and starts everything. What it has made so far is gone when
// it returns an error.
func newBed(ctx context.Context, o options, stderr io.Writer) (_ *bed, err error) {
	dir, err := os.MkdirTemp("", "databalancer-bench-*")
	if err != nil {
		return nil, fmt.Errorf("bed: %w", err)
	}
	b := &bed{options: o, dir: dir, stderr: stderr, began: time.Now()}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	if b.traffic, err = newTraffic(o.data); err != nil {
		return nil, err
	}
	b.logf("building")
	b.binary = filepath.Join(dir, "databalancer")
	build := exec.CommandContext(ctx, "go", "build", "-o", b.binary, "github.com/kolide/databalancer/cmd/databalancer")
	build.Stderr = stderr
	if err := build.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w", err)
	}
	b.logf("starting")
	if err := b.startServers(ctx); err != nil {
		return nil, err
	}
	return b, b.restart(ctx)
}

func (b *bed) startServers(ctx context.Context) error {
	if err := os.Mkdir(b.outfiles(), 0o700); err != nil {
		return fmt.Errorf("bed: %w", err)
	}
	var err error
	b.cluster, err = local.Start(ctx, local.Config{
		Dir: filepath.Join(b.dir, "mariadb"), Count: 1,
		Logger: slog.New(slog.NewTextHandler(b.stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
		Args:   append([]string{"--secure-file-priv=" + b.outfiles()}, mariadbArgs...),
	})
	if err != nil {
		return err
	}
	b.socket = b.cluster.Sockets()[0]
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.Collation = "root", "unix", b.socket, "utf8mb4_unicode_ci"
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return fmt.Errorf("direct connection: %w", err)
	}
	b.direct = sql.OpenDB(connector)
	b.direct.SetMaxIdleConns(64)
	return nil
}

// outfiles is the folder of the files that LOAD DATA reads.
func (b *bed) outfiles() string { return filepath.Join(b.dir, "outfiles") }

// restart starts the program anew, so that its memory holds nothing of what
// was measured before.
func (b *bed) restart(ctx context.Context) (err error) {
	if b.program != nil {
		if err := b.program.stop(); err != nil {
			return err
		}
	}
	b.program, err = startProgram(ctx, b.binary, filepath.Join(b.dir, "databalancer.log"),
		"-mysql_address", b.socket, "-mysql_database", database)
	return err
}

// setting describes what all figures have in common.
func (b *bed) setting() string {
	return fmt.Sprintf("One MariaDB server on the same machine (%s), asked over its unix socket by both sides; %s; %d rows.",
		strings.Join(mariadbArgs, " "), b.traffic.origin, b.rows)
}

// close stops what runs and removes the files.
func (b *bed) close() error {
	var errs []error
	if b.program != nil {
		errs = append(errs, b.program.stop())
	}
	if b.direct != nil {
		errs = append(errs, b.direct.Close())
	}
	if b.cluster != nil {
		errs = append(errs, b.cluster.Close())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

func (b *bed) logf(format string, args ...any) {
	fmt.Fprintf(b.stderr, "%5.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}

// fill stores rows until the family has as many as are asked for.
func (b *bed) fill(ctx context.Context) error {
	if b.stored >= b.rows {
		return nil
	}
	b.logf("storing %d rows", b.rows-b.stored)
	return b.put(ctx, b.rows-b.stored)
}
