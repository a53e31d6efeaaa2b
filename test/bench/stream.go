package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"time"
)

const streamRounds = 3

// stream compares the reading of all rows as JSON over HTTP with the mariadb
// client's reading of the same, both to nowhere.
func stream(ctx context.Context, b *single) ([]measure, error) {
	if err := b.fill(ctx); err != nil {
		return nil, err
	}
	all, err := b.compareStreams(ctx, "stream", "SELECT * FROM `dns`")
	if err != nil {
		return nil, err
	}
	narrow, err := b.compareStreams(ctx, "stream-narrow", "SELECT id, ts, uid, `id.orig_h`, query, rcode FROM `dns`")
	if err != nil {
		return nil, err
	}
	raw, err := b.compareStreams(ctx, "stream-raw", "SELECT * FROM raw_logs")
	if err != nil {
		return nil, err
	}
	grown, err := b.streamMemory(ctx, "SELECT * FROM `dns`")
	if err != nil {
		return nil, err
	}
	return []measure{
		{what: "time of SELECT * as JSON / time of mariadb --quick --batch", value: all.ratio(), atMost: 0.6, note: all.note()},
		{what: "the same of 6 columns", value: narrow.ratio(), note: narrow.note()},
		{what: "the same of raw_logs", value: raw.ratio(), note: raw.note()},
		{what: "CPU of databalancer", value: all.cost.perRow(all.cost.program), unit: " µs/row", note: "SELECT *"},
		{what: b.cpuOfServer() + " behind it", value: all.cost.perRow(all.cost.server), unit: " µs/row"},
		{what: "CPU of mariadb --quick --batch", value: all.cost.perRow(all.cliCPU), unit: " µs/row"},
		{what: "peak of resident memory above idle", value: float64(grown) / (1 << 20), unit: " MiB", atMost: 64,
			note: "a fresh process, SELECT * of all rows"},
	}, nil
}

// streamed is what the reading of all rows takes each way.
type streamed struct {
	http, cli time.Duration // medians
	bytes     int64         // of the answer
	cost      cost          // of all rounds over HTTP
	cliCPU    time.Duration // of the mariadb client, in all rounds
}

func (s *streamed) ratio() float64 { return s.http.Seconds() / s.cli.Seconds() }

// note tells, beside the times, how much of its own time over HTTP MariaDB was
// busy: it computes a result in one thread, and no client is faster than that.
func (s *streamed) note() string {
	return fmt.Sprintf("%.2f s, %.0f MB, the server busy for %.0f %% of it; mariadb %.2f s", s.http.Seconds(), float64(s.bytes)/1e6,
		100*s.cost.server.Seconds()/s.cost.took.Seconds(), s.cli.Seconds())
}

func (b *single) compareStreams(ctx context.Context, name, query string) (s streamed, err error) {
	if _, _, err = b.runCLI(ctx, query); err != nil { // warms the server's memory for both
		return s, err
	}
	var http, cli []time.Duration
	for round := range streamRounds {
		wait := func() error { return nil }
		if round == 1 {
			wait = b.profile(ctx, name, 3)
		}
		took, err := b.costOf(func() (int, error) {
			s.bytes, err = b.streamHTTP(query)
			return b.stored, err
		})
		if err != nil {
			return s, err
		}
		s.cost.add(took)
		http = append(http, took.took)
		if err := wait(); err != nil {
			return s, err
		}
		byCLI, cpu, err := b.runCLI(ctx, query)
		if err != nil {
			return s, err
		}
		s.cliCPU += cpu
		cli = append(cli, byCLI)
	}
	s.http, s.cli = median(http), median(cli)
	b.logf("%s: %v over HTTP, %v with mariadb", name, s.http, s.cli)
	return s, nil
}

// streamHTTP reads all rows and returns the number of bytes.
func (b *single) streamHTTP(query string) (int64, error) {
	c, err := dial(b.program.Address)
	if err != nil {
		return 0, err
	}
	defer c.close()
	body, err := json.Marshal(map[string]any{"query": query, "limit": b.stored})
	if err != nil {
		return 0, err
	}
	tail, length, err := c.drain("POST", "/api/query", body)
	if err == nil && !bytes.Contains(tail, []byte(`"truncated":false`)) {
		err = fmt.Errorf("the answer ends with %q", tail)
	}
	return length, err
}

// runCLI has the mariadb client print all rows to nowhere, and returns the
// time that takes and the client's CPU time.
func (b *single) runCLI(ctx context.Context, query string) (took, cpu time.Duration, err error) {
	cmd := exec.CommandContext(ctx, "mariadb", "--no-defaults", "--user=root", "--socket="+b.socket,
		"--default-character-set=utf8mb4", "--quick", "--batch", "--execute="+query, database)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return 0, 0, fmt.Errorf("mariadb: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return time.Since(began), cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// streamMemory returns by how many bytes a fresh process grows at most while
// it streams all rows.
func (b *single) streamMemory(ctx context.Context, query string) (int64, error) {
	if err := b.restart(ctx); err != nil {
		return 0, err
	}
	if _, err := b.streamHTTP(query + " LIMIT 1"); err != nil {
		return 0, err
	}
	pid := b.program.PID()
	if err := resetPeak(pid); err != nil {
		return 0, err
	}
	idle, _ := memory(pid)
	if _, err := b.streamHTTP(query); err != nil {
		return 0, err
	}
	_, peak := memory(pid)
	b.logf("stream: %d MiB idle, %d MiB at most", idle>>20, peak>>20)
	return peak - idle, nil
}
