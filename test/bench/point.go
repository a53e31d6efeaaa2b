package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"
)

const pointClients = 16

// point compares the reading of one row by its id over HTTP with the same
// over go-sql-driver. Both send the id as a literal in the statement's text,
// as the driver's text protocol and the API do.
func point(ctx context.Context, b *single) ([]measure, error) {
	if err := b.fill(ctx); err != nil {
		return nil, err
	}
	one, err := b.pointLatency(ctx)
	if err != nil {
		return nil, err
	}
	many, err := b.pointRate(ctx)
	if err != nil {
		return nil, err
	}
	return []measure{
		{what: "time added to the median, 1 client", value: one.added(overHTTP), unit: " ms", atMost: 0.15,
			note: fmt.Sprintf("direct %.3f ms, over HTTP %.3f ms, with a minimal HTTP client", one.median(direct), one.median(overHTTP))},
		{what: "the same with net/http's client", value: one.added(overNetHTTP), unit: " ms"},
		{what: "the same of a prepared statement, direct", value: one.added(prepared), unit: " ms", note: "binary protocol, prepared once"},
		{what: fmt.Sprintf("rate over HTTP / direct rate, %d clients", pointClients), value: many[overHTTP].rate() / many[direct].rate(), atLeast: 0.5,
			note: fmt.Sprintf("%.0f and %.0f queries/s; clients, databalancer and the server share the cores", many[overHTTP].rate(), many[direct].rate())},
		{what: "the same with net/http's client", value: many[overNetHTTP].rate() / many[direct].rate()},
		{what: "CPU of databalancer", value: many[overHTTP].perRow(many[overHTTP].program), unit: " µs/query", note: fmt.Sprintf("%d clients", pointClients)},
		{what: b.cpuOfServer() + " behind it", value: many[overHTTP].perRow(many[overHTTP].server), unit: " µs/query"},
		{what: b.cpuOfServer() + ", direct", value: many[direct].perRow(many[direct].server), unit: " µs/query"},
	}, nil
}

// way is a way to read a row.
type way int

const (
	direct way = iota
	overHTTP
	overNetHTTP
	prepared
	ways
)

// latencies has the median of each round, in ms, for each way.
type latencies [ways][]float64

func (l *latencies) median(w way) float64 { return median(l[w]) }

// added returns the median over the rounds of what a way's median differs
// from the direct one of its round.
func (l *latencies) added(w way) float64 {
	differences := make([]float64, len(l[w]))
	for round := range differences {
		differences[round] = l[w][round] - l[direct][round]
	}
	return median(differences)
}

func median[T ~int64 | ~float64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// pointLatency has one client read rows, all ways in turns.
func (b *single) pointLatency(ctx context.Context) (l latencies, err error) {
	rounds, reads := 30, 300
	if b.quick {
		rounds, reads = 3, 20
	}
	var readers [ways]reader
	for w := range ways {
		if readers[w], err = b.newReader(ctx, w); err != nil {
			return l, err
		}
		defer readers[w].close()
	}
	wait := b.profile(ctx, "point-1", 5)
	for round := -1; round < rounds; round++ { // the first one warms up
		for w, r := range readers {
			times := make([]time.Duration, reads)
			for i := range times {
				id := b.randomID()
				began := time.Now()
				if err := r.read(ctx, id); err != nil {
					return l, err
				}
				times[i] = time.Since(began)
			}
			if round >= 0 {
				l[w] = append(l[w], float64(median(times).Nanoseconds())/1e6)
			}
		}
	}
	b.logf("point: direct %.3f ms, over HTTP %.3f ms", l.median(direct), l.median(overHTTP))
	return l, wait()
}

// pointRate has many clients read rows, all ways in turns, and returns what
// that took each way.
func (b *single) pointRate(ctx context.Context) (costs [ways]cost, err error) {
	rounds, turn := 6, time.Second
	if b.quick {
		rounds, turn = 1, 50*time.Millisecond
	}
	wait := b.profile(ctx, "point-16", 10)
	for range rounds {
		for w := range ways {
			took, err := b.turn(ctx, w, turn)
			if err != nil {
				return costs, err
			}
			costs[w].add(took)
		}
	}
	b.logf("point: direct %.0f/s, over HTTP %.0f/s", costs[direct].rate(), costs[overHTTP].rate())
	return costs, wait()
}

// turn has many clients read rows for a while.
func (b *single) turn(ctx context.Context, w way, d time.Duration) (cost, error) {
	var readers [pointClients]reader
	for i := range readers {
		r, err := b.newReader(ctx, w)
		if err != nil {
			return cost{}, err
		}
		defer r.close()
		if err := r.read(ctx, b.randomID()); err != nil {
			return cost{}, err
		}
		readers[i] = r
	}
	return b.costOf(func() (int, error) { return b.readAll(ctx, readers[:], d) })
}

// readAll has all readers read rows for a while, and returns how many.
func (b *single) readAll(ctx context.Context, readers []reader, d time.Duration) (rows int, err error) {
	counts := make([]int, len(readers))
	var group errgroup.Group
	began := time.Now()
	for i, r := range readers {
		group.Go(func() error {
			for time.Since(began) < d {
				if err := r.read(ctx, b.randomID()); err != nil {
					return err
				}
				counts[i]++
			}
			return nil
		})
	}
	err = group.Wait()
	for _, n := range counts {
		rows += n
	}
	return rows, err
}

func (b *single) randomID() int64 { return 1 + rand.Int64N(int64(b.stored)) }
