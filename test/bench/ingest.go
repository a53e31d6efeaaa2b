package main

import (
	"bytes"
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kolide/databalancer/local"
)

const (
	ingestClients = 4
	ingestRounds  = 4
)

// loadConnections are the numbers of connections that LOAD DATA is measured
// with.
var loadConnections = [...]int{1, 2}

// ingest compares the storing of events over HTTP with LOAD DATA INFILE of
// the rows that came of them, into tables of the same definition. Each round
// stores a part of the rows one way, then the same ones the other ways.
func ingest(ctx context.Context, b *single) ([]measure, error) {
	var c ingestCosts
	part := b.rows / ingestRounds / perRequest * perRequest
	for round := range ingestRounds {
		if round == ingestRounds-1 {
			part = b.rows - b.stored
		}
		if err := c.round(ctx, b, part, round == 1); err != nil {
			return nil, err
		}
		b.logf("ingest: %.0f rows/s over HTTP", c.http.rate())
		if b.loads() {
			b.logf("ingest: %.0f with LOAD DATA, %.0f on %d connections", c.loaded[0].rate(), c.loaded[1].rate(), loadConnections[1])
		}
	}
	http, one, two := &c.http, &c.loaded[0], &c.loaded[1]
	if !b.loads() {
		return []measure{
			{what: "rate over HTTP", value: http.rate(), unit: " rows/s", note: fmt.Sprintf("requests of %d events, %d clients", perRequest, ingestClients)},
			{what: "CPU of databalancer", value: http.perRow(http.program), unit: " µs/row"},
			{what: b.cpuOfServer() + " behind it", value: http.perRow(http.server), unit: " µs/row"},
		}, nil
	}
	if err := b.dropCopies(ctx); err != nil {
		return nil, err
	}
	return []measure{
		{what: "rate over HTTP / rate of LOAD DATA", value: http.rate() / one.rate(), atLeast: 0.6,
			note: fmt.Sprintf("requests of %d events, %d clients; LOAD DATA INFILE on one connection", perRequest, ingestClients)},
		{what: fmt.Sprintf("the same with LOAD DATA on %d connections", loadConnections[1]), value: http.rate() / two.rate()},
		{what: "rate over HTTP", value: http.rate(), unit: " rows/s", note: "each in the family's table and in raw_logs"},
		{what: "rate of LOAD DATA", value: one.rate(), unit: " rows/s"},
		{what: "CPU over HTTP / CPU of LOAD DATA", value: http.perRow(http.total()) / one.perRow(one.server), note: "clients not counted"},
		{what: "CPU of databalancer", value: http.perRow(http.program), unit: " µs/row"},
		{what: b.cpuOfServer() + " behind it", value: http.perRow(http.server), unit: " µs/row"},
		{what: b.cpuOfServer() + ", LOAD DATA", value: one.perRow(one.server), unit: " µs/row"},
	}, nil
}

// loads reports whether the server reads files of its own machine. TiDB's LOAD
// DATA takes those of its clients alone.
func (b *single) loads() bool { return b.server.Kind != local.TiDB }

// ingestCosts is what each way took so far.
type ingestCosts struct {
	http   cost
	loaded [len(loadConnections)]cost
}

// round stores so many rows each way.
func (c *ingestCosts) round(ctx context.Context, b *single, rows int, profiled bool) error {
	before, err := b.heights(ctx)
	if err != nil {
		return err
	}
	wait := func() error { return nil }
	if profiled {
		wait = b.profile(ctx, "ingest", 8)
	}
	took, err := b.costOf(func() (int, error) { return rows, b.put(ctx, rows) })
	if err != nil {
		return err
	}
	c.http.add(took)
	if err := wait(); err != nil {
		return err
	}
	if !b.loads() {
		return nil
	}
	loaded, err := b.loadSince(ctx, before, rows)
	for i := range loaded {
		c.loaded[i].add(loaded[i])
	}
	return err
}

// put stores rows over HTTP, with several clients at once.
func (b *single) put(ctx context.Context, rows int) error {
	requests := int64(rows / perRequest)
	var next atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	for range ingestClients {
		group.Go(func() error {
			c, err := dial(b.program.Address)
			if err != nil {
				return err
			}
			defer c.close()
			for n := next.Add(1) - 1; n < requests && ctx.Err() == nil; n = next.Add(1) - 1 {
				if err := c.put(b.traffic.bodies[n%int64(len(b.traffic.bodies))]); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	b.stored += int(requests) * perRequest
	return nil
}

func (c *client) put(body []byte) error {
	answer, err := c.do("PUT", "/api/log", body)
	if err == nil && !bytes.Contains(answer, fmt.Appendf(nil, `"accepted":%d`, perRequest)) {
		err = fmt.Errorf("answer %s", answer)
	}
	return err
}
