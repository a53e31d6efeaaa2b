package harness

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// A Process is a running databalancer. Its methods may be called concurrently.
type Process struct {
	Address string // host:port, once it serves
	Log     *Log   // what it prints

	cmd    *exec.Cmd
	client *http.Client
	done   chan struct{} // closed when the process has ended
}

// Log keeps what a process prints.
type Log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Tail returns the end of what was printed, for an error message.
func (l *Log) Tail() string { return tail(l.String(), 8000) }

func tail(text string, n int) string { return text[max(0, len(text)-n):] }

// Launch starts the binary with the flags, on a port that is free, and does
// not wait for it to serve. What it prints of a data race ends it.
func Launch(binary string, flags ...string) (*Process, error) {
	p := &Process{
		Log:    new(Log),
		cmd:    exec.Command(binary, append([]string{"-server_address", "127.0.0.1:0"}, flags...)...),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: 2 * time.Minute},
		done:   make(chan struct{}),
	}
	p.cmd.Env = append(os.Environ(), "GORACE=halt_on_error=1")
	p.cmd.Stdout, p.cmd.Stderr = p.Log, p.Log
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("databalancer: %w", err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait() // its ProcessState is what counts
		p.client.CloseIdleConnections()
	}()
	return p, nil
}

var servingLine = regexp.MustCompile(`Starting HTTP server on ([0-9.:]+)`)

// AwaitServing returns when the process serves. Its errors hold the end of what
// was printed.
func (p *Process) AwaitServing(ctx context.Context) error {
	for {
		if m := servingLine.FindStringSubmatch(p.Log.String()); m != nil {
			p.Address = m[1]
			return nil
		}
		select {
		case <-p.done:
			return fmt.Errorf("databalancer ended at once: %s\n%s", p.cmd.ProcessState, p.Log.Tail())
		case <-ctx.Done():
			return fmt.Errorf("databalancer does not serve: %w\n%s", context.Cause(ctx), p.Log.Tail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// PID returns the id of the process.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Terminate asks the process to end.
func (p *Process) Terminate() { _ = p.cmd.Process.Signal(syscall.SIGTERM) }

// Kill ends the process as a crash would.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// Wait returns the exit status of the process, -1 if a signal ended it. One
// that is still there after the limit is killed, which is an error.
func (p *Process) Wait(limit time.Duration) (status int, err error) {
	select {
	case <-p.done:
	case <-time.After(limit):
		err = fmt.Errorf("databalancer did not end within %s", limit)
		p.Kill()
	}
	return p.cmd.ProcessState.ExitCode(), err
}

// Close asks the process to end and waits a minute for it. It returns an error
// unless the exit status is 0.
func (p *Process) Close() error {
	p.Terminate()
	status, err := p.Wait(time.Minute)
	if err == nil && status != 0 {
		err = fmt.Errorf("databalancer: %s\n%s", p.cmd.ProcessState, p.Log.Tail())
	}
	return err
}
