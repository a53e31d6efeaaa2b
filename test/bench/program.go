package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"syscall"
	"time"
)

// program is a running databalancer.
type program struct {
	cmd     *exec.Cmd
	address string // host:port
	pprof   string // host:port
	ended   chan struct{}
	err     error // of its end
}

var (
	servingLine = regexp.MustCompile(`Starting HTTP server on ([0-9.:]+)`)
	pprofLine   = regexp.MustCompile(`Starting profiler on ([0-9.:]+)`)
)

// startProgram starts the program and returns when it serves. It prints to
// the log file.
func startProgram(ctx context.Context, binary, log string, args ...string) (*program, error) {
	out, err := os.Create(log)
	if err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	defer out.Close()
	p := &program{ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"-server_address", "127.0.0.1:0", "-pprof_address", "127.0.0.1:0"}, args...)...)
	p.cmd.Stdout, p.cmd.Stderr = out, out
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("program: %w", err)
	}
	go func() {
		defer close(p.ended)
		p.err = p.cmd.Wait()
	}()
	if err := p.serving(ctx, log); err != nil {
		p.stop()
		text, _ := os.ReadFile(log)
		return nil, fmt.Errorf("program: %w\n%s", err, text[max(0, len(text)-4000):])
	}
	return p, nil
}

// serving waits until the log says which address the program listens on.
func (p *program) serving(ctx context.Context, log string) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		text, err := os.ReadFile(log)
		if err != nil {
			return err
		}
		if m := servingLine.FindSubmatch(text); m != nil {
			p.address = string(m[1])
			if m := pprofLine.FindSubmatch(text); m != nil {
				p.pprof = string(m[1])
			}
			return nil
		}
		select {
		case <-p.ended:
			return fmt.Errorf("ended at once: %w", p.err)
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (p *program) pid() int { return p.cmd.Process.Pid }

// stop ends the program, if it has not ended, and returns how it ended.
func (p *program) stop() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(time.Minute):
		p.cmd.Process.Kill()
		<-p.ended
	}
	return p.err
}

// profile has the program profile itself for some seconds, into the folder
// that was asked for. The returned function waits for the end of that.
func (b *single) profile(ctx context.Context, name string, seconds int) (wait func() error) {
	if b.options.profile == "" || b.program.pprof == "" {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		done <- save(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", b.program.pprof, seconds),
			filepath.Join(b.options.profile, name+".pprof"))
	}()
	return func() error { return <-done }
}

// save stores what a GET of the URL answers.
func save(ctx context.Context, url, path string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(text))
	}
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	return os.WriteFile(path, text, 0o644)
}
