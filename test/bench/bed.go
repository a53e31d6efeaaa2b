package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kolide/databalancer/local"
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
	server    local.Program
	machine   string // described by whoever starts the first server
	single    *single
	scattered *scattered
	opened    closers // of the one that runs
}

// newBed builds the program. What it has made so far is gone when it returns
// an error.
func newBed(ctx context.Context, o options, stderr io.Writer) (_ *bed, err error) {
	server, err := findServer(ctx, o.server, stderr)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "databalancer-bench-*")
	if err != nil {
		return nil, fmt.Errorf("bed: %w", err)
	}
	b := &bed{options: o, dir: dir, stderr: stderr, began: time.Now(), server: server}
	defer func() {
		if err != nil {
			b.close()
		}
	}()
	b.logf("building")
	b.binary = filepath.Join(dir, "databalancer")
	return b, harness.Build(ctx, b.binary)
}

// closers close what was opened, in reverse order.
type closers []func() error

func (c *closers) add(close func() error) { *c = append(*c, close) }

func (c *closers) close() error {
	var errs []error
	for _, close := range slices.Backward(*c) {
		errs = append(errs, close())
	}
	*c = nil
	return errors.Join(errs...)
}

// onSingle makes a benchmark of one that runs on the single server.
func onSingle(name string, run func(context.Context, *single) ([]measure, error)) benchmark {
	return benchmark{name: name, run: func(ctx context.Context, b *bed) (*findings, error) {
		if b.single == nil {
			b.logf("starting a server")
			if err := startSingle(ctx, b); err != nil {
				return nil, err
			}
		}
		measures, err := run(ctx, b.single)
		return &findings{setting: b.single.setting(), measures: measures}, err
	}}
}

// onScattered makes a benchmark of one that runs on the three shards. The
// single server and its memory are no longer needed then.
func onScattered(name string, run func(context.Context, *scattered) (*findings, error)) benchmark {
	return benchmark{name: name, scattered: true, run: func(ctx context.Context, b *bed) (*findings, error) {
		if b.scattered == nil {
			if err := b.opened.close(); err != nil {
				return nil, err
			}
			b.single = nil
			b.logf("starting the shards")
			if err := startScattered(ctx, b); err != nil {
				return nil, err
			}
		}
		return run(ctx, b.scattered)
	}}
}

// hold tells where the servers are, and waits for ctx to end.
func (b *bed) hold(ctx context.Context) {
	if b.single != nil {
		b.logf("databalancer on %s, %s on %s", b.single.program.Address, b.server.Kind, b.single.socket)
	}
	if s := b.scattered; s != nil {
		b.logf("databalancer on %s, %s on %s (shards, then the server with everything)", s.program.Address, b.server.Kind, strings.Join(s.cluster.Sockets(), " "))
	}
	b.logf("interrupt to end")
	<-ctx.Done()
}

// close stops what runs and removes the files.
func (b *bed) close() error {
	return errors.Join(b.opened.close(), os.RemoveAll(b.dir))
}

// serverLog is where the servers' supervisors tell what goes wrong.
func (b *bed) serverLog() *slog.Logger {
	return slog.New(slog.NewTextHandler(b.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

func (b *bed) logf(format string, args ...any) {
	fmt.Fprintf(b.stderr, "%5.1f s  %s\n", time.Since(b.began).Seconds(), fmt.Sprintf(format, args...))
}
