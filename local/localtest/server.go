package localtest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kolide/databalancer/local"
)

// relaxed are the arguments that make MariaDB's and MySQL's servers small and
// quick. Either knows only one of the two sizes of InnoDB's log.
var relaxed = []string{
	"--innodb-flush-log-at-trx-commit=2",
	"--innodb-flush-method=nosync",
	"--innodb-doublewrite=OFF",
	"--innodb-buffer-pool-size=64M",
	"--loose-innodb-log-file-size=32M",
	"--loose-innodb-redo-log-capacity=32M",
}

var quiet = slog.New(slog.DiscardHandler)

// instance is one server in a folder of its own, and so can be stopped alone.
type instance struct {
	cfg     local.Config
	running *local.Cluster // nil while it is stopped
	socket  string         // the same at every start
	killed  bool           // by Kill, at least once
}

func serverConfig(program local.Program, dir string, args []string) local.Config {
	if program.Kind != local.TiDB {
		args = append(relaxed[:len(relaxed):len(relaxed)], args...)
	}
	return local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet, Args: args}
}

// newServer makes a folder inside another one, with a copy of a server's data
// if there is one.
func newServer(program local.Program, parent, template string, args []string) (*instance, error) {
	dir, err := os.MkdirTemp(parent, "")
	if err != nil {
		return nil, err
	}
	s := &instance{cfg: serverConfig(program, dir, args)}
	if template == "" {
		return s, nil
	}
	return s, local.CopyData(s.data(), template)
}

// data is the folder of the data, where package local has it.
func (s *instance) data() string { return filepath.Join(s.cfg.Dir, "1", "data") }

func (s *instance) start(ctx context.Context) (err error) {
	if s.running, err = local.Start(ctx, s.cfg); err == nil {
		s.socket = s.running.Sockets()[0]
	}
	return err
}

func (s *instance) stop() error {
	if s.running == nil {
		return nil
	}
	err := s.running.Close()
	s.running = nil
	// Whoever stops a server right after killing it may be told how it ended.
	var exit *exec.ExitError
	if s.killed && errors.As(err, &exit) && !exit.Exited() {
		return nil
	}
	return err
}

func stopAll(servers []*instance) error {
	var errs []error
	for _, s := range servers {
		errs = append(errs, s.stop())
	}
	return errors.Join(errs...)
}

func sockets(servers []*instance) (paths []string) {
	for _, s := range servers {
		paths = append(paths, s.socket)
	}
	return paths
}

// A Cluster is some servers of one test's own, counted from 0.
type Cluster struct {
	t       testing.TB
	servers []*instance
}

// Dedicated starts n servers for one test, with further arguments of the
// server program if it likes, and stops them at its end.
func Dedicated(t testing.TB, n int, args ...string) *Cluster {
	t.Helper()
	servers, err := shared.start(n, args...)
	need(t, err)
	t.Cleanup(func() {
		if err := stopAll(servers); err != nil {
			t.Errorf("stop of dedicated servers: %v", err)
		}
	})
	return &Cluster{t, servers}
}

// Sockets returns the servers' addresses.
func (c *Cluster) Sockets() []string { return sockets(c.servers) }

// Process returns the process of server i, or fs.ErrNotExist while the server
// is stopped or only about to run.
func (c *Cluster) Process(i int) (*os.Process, error) {
	running := c.servers[i].running
	if running == nil {
		return nil, fs.ErrNotExist
	}
	pid, err := running.PID(1)
	if err != nil {
		return nil, err
	}
	return os.FindProcess(pid)
}

// Kill ends server i at once, as a crash would, and returns when it has ended.
// It is started again soon. A server that is only about to run is left alone.
func (c *Cluster) Kill(i int) error {
	process, err := c.Process(i)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	c.servers[i].killed = true
	_ = process.Kill() // it may have ended
	for deadline := time.Now().Add(time.Minute); alive(process.Pid); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			return fmt.Errorf("process %d of a server does not end", process.Pid)
		}
	}
	return nil
}

// Stop shuts server i down cleanly, and returns when it has ended.
func (c *Cluster) Stop(i int) {
	c.t.Helper()
	if err := c.servers[i].stop(); err != nil {
		c.t.Errorf("stop of a server: %v", err)
	}
}

// Resume starts a stopped server again, and returns when it answers.
func (c *Cluster) Resume(i int) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := c.servers[i].start(ctx); err != nil {
		c.t.Fatalf("start of a server: %v", err)
	}
}

// alive reports whether a process exists, whoever's it is.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	return err == nil && !errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}

// Eventually fails the test unless the condition comes to hold in time.
func Eventually(t testing.TB, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still not so after %s: %s", limit, what)
		}
	}
}
