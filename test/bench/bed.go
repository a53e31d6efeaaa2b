package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kolide/databalancer/test/harness"
)

// database is databalancer's on all servers.
const database = "bench"

// bed is what all benchmarks use: the built program, and the servers with
// their data, which are started when a benchmark first needs them.
type bed struct {
	options
	dir       string
	stderr    io.Writer
	began     time.Time
	binary    string
	machine   string // described by whoever starts the first server
	single    *single
	scattered *scattered
}

// newBed builds the program. What it has made so far is gone when it returns
// an error.
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
	b.logf("building")
	b.binary = filepath.Join(dir, "databalancer")
	return b, harness.Build(ctx, b.binary)
}

// onSingle makes a benchmark of one that runs on the single server.
func onSingle(run func(context.Context, *single) ([]measure, error)) func(context.Context, *bed) (*findings, error) {
	return func(ctx context.Context, b *bed) (*findings, error) {
		if b.single == nil {
			b.logf("starting a server")
			s, err := startSingle(ctx, b)
			if err != nil {
				return nil, err
			}
			b.single = s
		}
		measures, err := run(ctx, b.single)
		return &findings{setting: b.single.setting(), measures: measures}, err
	}
}

// onScattered makes a benchmark of one that runs on the three shards. The
// single server and its memory are no longer needed then.
func onScattered(run func(context.Context, *scattered) (*findings, error)) func(context.Context, *bed) (*findings, error) {
	return func(ctx context.Context, b *bed) (*findings, error) {
		if err := b.closeSingle(); err != nil {
			return nil, err
		}
		if b.scattered == nil {
			b.logf("starting the shards")
			s, err := startScattered(ctx, b)
			if err != nil {
				return nil, err
			}
			b.scattered = s
		}
		return run(ctx, b.scattered)
	}
}

func (b *bed) closeSingle() error {
	if b.single == nil {
		return nil
	}
	err := b.single.close()
	b.single = nil
	return err
}

// hold tells where the servers are, and waits for ctx to end.
func (b *bed) hold(ctx context.Context) {
	if b.single != nil {
		b.logf("databalancer on %s, MariaDB on %s", b.single.program.Address, b.single.socket)
	}
	if s := b.scattered; s != nil {
		b.logf("databalancer on %s, MariaDB on %s (shards, then the server with everything)", s.program.Address, strings.Join(s.cluster.Sockets(), " "))
	}
	b.logf("interrupt to end")
	<-ctx.Done()
}

// close stops what runs and removes the files.
func (b *bed) close() error {
	errs := []error{b.closeSingle()}
	if b.scattered != nil {
		errs = append(errs, b.scattered.close())
	}
	return errors.Join(append(errs, os.RemoveAll(b.dir))...)
}

// serverLog is where the servers' supervisors tell what goes wrong.
func (b *bed) serverLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(b.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (b *bed) logf(format string, args ...any) {
	fmt.Fprintf(b.stderr, "%5.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
