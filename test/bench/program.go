package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/kolide/databalancer/test/harness"
)

// startProgram starts the program and returns when it serves.
func startProgram(ctx context.Context, binary string, args ...string) (*harness.Process, error) {
	p, err := harness.Launch(binary, append([]string{"-pprof_address", "127.0.0.1:0"}, args...)...)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := p.AwaitServing(ctx); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

var pprofLine = regexp.MustCompile(`Starting profiler on ([0-9.:]+)`)

// profile has the program profile itself for some seconds, into the folder
// that was asked for. The returned function waits for the end of that.
func (b *single) profile(ctx context.Context, name string, seconds int) (wait func() error) {
	address := pprofLine.FindStringSubmatch(b.program.Log.String())
	if b.options.profile == "" || address == nil {
		return func() error { return nil }
	}
	done := make(chan error, 1)
	go func() {
		done <- save(ctx, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address[1], seconds),
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
