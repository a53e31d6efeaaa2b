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
	"sync"
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
// life of it after the other.
type server struct {
	prog    program
	number  int
	dir     string
	data    string
	tmp     string
	logFile string
	socket  string
	args    []string
	log     *slog.Logger

	supervised chan struct{} // closed when the supervisor has ended; nil before start
	shutdown   error         // how the last shutdown failed; read when supervised is closed

	mu   sync.Mutex
	held chan struct{} // closed by resume; nil while the server may run
	next chan struct{} // closed when the next life begins
	life *life         // the current or, between two, the last one
}

// A life is one process of a server, from the attempt to start it to its end.
type life struct {
	ctx     context.Context // ends when the process is to shut down
	end     context.CancelFunc
	process *os.Process   // nil until it is started; guarded by the server's mutex
	over    chan struct{} // closed when the process is gone
	err     error         // how it ended, nil if cleanly and as asked; to be read once over is closed
}

func newServer(prog program, number int, parent, socket string, cfg Config) *server {
	dir := filepath.Join(parent, strconv.Itoa(number))
	s := &server{
		prog:    prog,
		number:  number,
		dir:     dir,
		data:    filepath.Join(dir, dataName),
		tmp:     filepath.Join(dir, "tmp"),
		logFile: filepath.Join(dir, "server.log"),
		socket:  socket,
		log:     cfg.Logger,
		next:    make(chan struct{}),
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	s.log = s.log.With("server", number)
	s.args = prog.serverArgs(s, cfg.Args)
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
		return false, err
	}
	s.log.Info("making the data folder of a local MariaDB server", "dir", s.data)
	return true, s.prog.makeData(ctx, s.data, template)
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
	for pause := firstPause; ; {
		l := s.begin(ctx)
		if l == nil {
			return
		}
		born := time.Now()
		err := s.run(l)
		asked := s.bury(l, err)
		if asked {
			s.shutdown = err
			if l.process == nil { // asked before there was anything to shut down
				s.shutdown = nil
			}
			continue
		}
		if time.Since(born) > steady {
			pause = firstPause
		}
		s.log.Error("local server ended, starting it again", "err", err, "log", s.logFile, "pause", pause)
		sleep(ctx, pause)
		pause = min(2*pause, maxPause)
	}
}

// begin waits until the server may run and begins a life, or returns nil when
// ctx has ended.
func (s *server) begin(ctx context.Context) *life {
	for ctx.Err() == nil {
		l, held := s.tryBegin(ctx)
		if l != nil {
			return l
		}
		select {
		case <-held:
		case <-ctx.Done():
		}
	}
	return nil
}

// tryBegin begins a life unless the server is held down; then it returns the
// channel that is closed when it no longer is.
func (s *server) tryBegin(ctx context.Context) (*life, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held != nil {
		return nil, s.held
	}
	s.life = &life{over: make(chan struct{})}
	s.life.ctx, s.life.end = context.WithCancel(ctx)
	close(s.next)
	s.next = make(chan struct{})
	return s.life, nil
}

// run starts a process and returns when it has ended: nil if it ended
// cleanly because the life's context ended.
func (s *server) run(l *life) error {
	if err := s.waitUnlocked(l.ctx); err != nil {
		return err
	}
	out, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	defer out.Close()
	cmd := exec.CommandContext(l.ctx, s.prog.server, s.args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = bound()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopTimeout
	if err := cmd.Start(); err != nil {
		return err
	}
	s.mu.Lock()
	l.process = cmd.Process
	s.mu.Unlock()
	err = cmd.Wait()
	if l.ctx.Err() != nil && cmd.ProcessState.Success() {
		return nil
	}
	if err == nil {
		err = errors.New("ended by itself with exit status 0")
	}
	return err
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

// bury ends a life whose process is gone, and reports whether it ended
// because it was asked to.
func (s *server) bury(l *life, err error) (asked bool) {
	asked = l.ctx.Err() != nil
	l.end()
	l.err = err
	close(l.over)
	return asked
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
