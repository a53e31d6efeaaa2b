package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	dataName = "data" // a server's data, in its folder

	stopTimeout   = 30 * time.Second // from the request to shut down to the kill
	unlockTimeout = 30 * time.Second // for a server left over by a killed process to end
	maxLog        = 16 << 20         // bytes of a log that is put aside at a start

	firstPause = 100 * time.Millisecond // before a server that ended is started again,
	maxPause   = 5 * time.Second        // doubled up to this,
	steady     = 10 * time.Second       // unless it had lived that long
)

// A server is one supervised server and its files. Its supervisor runs one
// process of it after the other.
type server struct {
	prog    Program
	number  int
	dir     string
	data    string
	tmp     string
	logFile string
	socket  string
	args    []string
	log     *slog.Logger

	crashed    chan error    // how the first process to end by itself did, for ready
	supervised chan struct{} // closed when the supervisor has ended; nil before start
	shutdown   error         // how the shutdown failed; read when supervised is closed
}

func newServer(number int, parent, socket string, cfg Config) *server {
	dir := filepath.Join(parent, strconv.Itoa(number))
	s := &server{
		prog:    cfg.Program,
		number:  number,
		dir:     dir,
		data:    filepath.Join(dir, dataName),
		tmp:     filepath.Join(dir, "tmp"),
		logFile: filepath.Join(dir, "server.log"),
		socket:  socket,
		log:     cfg.Logger,
		crashed: make(chan error, 1),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.log = s.log.With("server", number)
	s.args = s.prog.serverArgs(s, cfg.Args)
	return s
}

// prepare makes the server's folders, and its data if there is none; it
// reports whether it made data.
func (s *server) prepare(ctx context.Context, template string) (made bool, err error) {
	if err := os.RemoveAll(s.tmp); err != nil {
		return false, fmt.Errorf("temporary files: %w", err)
	}
	if err := os.MkdirAll(s.tmp, 0o700); err != nil {
		return false, fmt.Errorf("temporary files: %w", err)
	}
	if info, err := os.Stat(s.logFile); err == nil && info.Size() > maxLog {
		if err := os.Rename(s.logFile, s.logFile+".old"); err != nil {
			return false, fmt.Errorf("log: %w", err)
		}
	}
	if _, err := os.Stat(s.data); !errors.Is(err, os.ErrNotExist) {
		return false, errors.Join(err, s.prog.owns(s.data))
	}
	s.log.Info("making the data folder of a local server", "dir", s.data)
	return true, s.makeData(ctx, template)
}

// start starts the supervisor, which ends when ctx does.
func (s *server) start(ctx context.Context) {
	s.supervised = make(chan struct{})
	go func() {
		defer close(s.supervised)
		s.supervise(ctx)
	}()
}

// supervise runs the server until ctx ends, starting it again whenever it
// ends by itself.
func (s *server) supervise(ctx context.Context) {
	// Servers are bound to the life of the thread that starts them, so this
	// goroutine keeps its thread for itself.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for pause := firstPause; ctx.Err() == nil; pause = min(2*pause, maxPause) {
		born := time.Now()
		err := s.run(ctx)
		if ctx.Err() != nil {
			if !errors.Is(err, context.Canceled) { // which is how a process ends that was asked to
				s.shutdown = err
			}
			return
		}
		select {
		case s.crashed <- err:
		default:
		}
		if time.Since(born) > steady {
			pause = firstPause
		}
		s.log.Error("local server ended, starting it again", "err", err, "log", s.logFile, "pause", pause)
		sleep(ctx, pause)
	}
}

// wait returns when the supervisor has ended, and reports a shutdown that was
// not clean.
func (s *server) wait() error {
	if s.supervised == nil {
		return nil
	}
	<-s.supervised
	if s.shutdown != nil {
		return fmt.Errorf("shutdown of local server %d: %w", s.number, s.shutdown)
	}
	return nil
}

// run starts a process and returns how it ended: with ctx's error, or none, if
// it ended cleanly, or was not there yet, when ctx did.
func (s *server) run(ctx context.Context) error {
	if err := s.waitUnlocked(ctx); err != nil {
		return err
	}
	// MySQL believes the number in this file as long as the process that died
	// has not been waited for.
	if err := os.Remove(s.socket + ".lock"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("lock of the socket: %w", err)
	}
	out, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer out.Close()
	cmd := exec.CommandContext(ctx, s.prog.Path, s.args...)
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "TMPDIR="+s.tmp)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = bound()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	if err := cmd.Start(); err != nil {
		return err
	}
	if err := s.writePID(cmd.Process.Pid); err != nil {
		return errors.Join(err, cmd.Process.Kill(), cmd.Wait())
	}
	defer os.Remove(s.pidFile())
	if err = cmd.Wait(); err == nil && ctx.Err() == nil {
		err = errors.New("ended by itself with exit status 0")
	}
	return err
}

// pidFile holds the process's number while there is one.
func (s *server) pidFile() string { return filepath.Join(s.dir, "server.pid") }

// PID returns the number of the process of server n, from 1 on, or fs.ErrNotExist
// while it is only about to run.
func (c *Cluster) PID(n int) (int, error) {
	text, err := os.ReadFile(c.servers[n-1].pidFile())
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("file of the process's number: %w", err)
	}
	return pid, nil
}

func (s *server) writePID(pid int) error {
	if err := os.WriteFile(s.pidFile(), []byte(strconv.Itoa(pid)+"\n"), 0o600); err != nil {
		return fmt.Errorf("file of the process's number: %w", err)
	}
	return nil
}

// waitUnlocked waits until no other server process uses the data.
func (s *server) waitUnlocked(ctx context.Context) error {
	file := filepath.Join(s.data, "ibdata1")
	for deadline := time.Now().Add(unlockTimeout); ; {
		holder, err := lockHolder(file)
		if err != nil || holder == 0 {
			return err
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s is in use by process %d: %w", s.data, holder, ErrLocked)
		}
		if !sleep(ctx, 50*time.Millisecond) {
			return ctx.Err()
		}
	}
}

// sleep returns after d, or false as soon as ctx ends.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
