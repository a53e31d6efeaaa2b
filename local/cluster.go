package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// ErrLocked is returned by Start when another Cluster, in this process or
// another, has the folder open.
var ErrLocked = errors.New("in use by another process")

// Config says what a Cluster runs.
type Config struct {
	// Dir is the folder that holds the servers' data. It is created if need
	// be.
	Dir string
	// Count is the number of servers, at least 1. Start makes data for those
	// that have none yet, and leaves alone the data of those beyond Count.
	Count int
	// Program is the server program. Zero: what Find finds without a path.
	Program Program
	// Logger is told what the supervisors do. Nil: slog.Default().
	Logger *slog.Logger
	// Args are further arguments of the server program. They win over the
	// package's own.
	Args []string
}

// Validate reports what is missing in the configuration.
func (cfg *Config) Validate() error {
	if cfg.Dir == "" {
		return errors.New("local servers: no data folder given")
	}
	if cfg.Count < 1 {
		return fmt.Errorf("local servers: a count of %d, at least 1 is needed", cfg.Count)
	}
	return nil
}

// A Cluster is a number of running and supervised servers. Its methods may
// be called concurrently.
type Cluster struct {
	dir     string
	sockets socketDir
	lock    *os.File
	servers []*server
	cancel  context.CancelFunc // ends the supervisors
	close   func() error
}

// Start makes data for the servers that have none, starts all of them and
// returns when all of them answer. ctx bounds the start alone; on any error
// nothing is left running. It returns ErrLocked and ErrNotInstalled, and
// when a server ends before it answers, an error with the last words of its
// log.
func Start(ctx context.Context, cfg Config) (*Cluster, error) {
	c, err := open(cfg)
	if err != nil {
		return nil, err
	}
	if err := c.prepare(ctx, cfg); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	c.cancel = cancel
	for _, s := range c.servers {
		s.start(run)
	}
	for _, s := range c.servers {
		if err := s.ready(ctx); err != nil {
			return nil, errors.Join(err, c.Close())
		}
	}
	return c, nil
}

// open locks the folder and lays out the servers without starting any.
func open(cfg Config) (*Cluster, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Program.Path == "" {
		var err error
		if cfg.Program, err = Find(""); err != nil {
			return nil, err
		}
	}
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", cfg.Dir, err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	lock, err := lockFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("data folder %s: %w", dir, err)
	}
	c := &Cluster{dir: dir, sockets: socketsOf(dir, cfg.Count), lock: lock, cancel: func() {}}
	c.close = sync.OnceValue(c.shutDown)
	for n := 1; n <= cfg.Count; n++ {
		c.servers = append(c.servers, newServer(n, dir, c.sockets.path(n), cfg))
	}
	return c, nil
}

// prepare makes the folders of all servers, and the data of those that have
// none: the first is installed, the others are copies of it.
func (c *Cluster) prepare(ctx context.Context, cfg Config) error {
	if err := c.sockets.create(); err != nil {
		return err
	}
	template := ""
	for _, s := range c.servers {
		made, err := s.prepare(ctx, template)
		if err != nil {
			return fmt.Errorf("local server %d: %w", s.number, err)
		}
		if made && template == "" {
			template = s.data
		}
	}
	beyond := filepath.Join(c.dir, strconv.Itoa(cfg.Count+1), dataName)
	if _, err := os.Stat(beyond); err == nil {
		c.servers[0].log.Warn("the data folder holds more servers than were asked for; their data is not served", "dir", c.dir, "count", cfg.Count)
	}
	return nil
}

// Sockets returns the paths of the servers' unix sockets, in the order of their
// folders. They are the same at every start with the same folder, and at most
// 100 bytes long.
func (c *Cluster) Sockets() []string {
	paths := make([]string, len(c.servers))
	for i, s := range c.servers {
		paths[i] = s.socket
	}
	return paths
}

// Close asks all servers to shut down, kills those that have not ended after
// half a minute, and returns when all have ended. It reports the servers
// that did not end cleanly. Closing again only reports the same.
func (c *Cluster) Close() error { return c.close() }

func (c *Cluster) shutDown() error {
	c.cancel()
	var errs []error
	for _, s := range c.servers {
		errs = append(errs, s.wait())
	}
	errs = append(errs, c.sockets.remove(), unlockFolder(c.lock))
	return errors.Join(errs...)
}
