package main

import (
	"context"
	"fmt"
	"time"
)

const tinyQuery = "SELECT l.id, l.name, r.size FROM few_left l JOIN few_right r ON r.id = l.id WHERE l.id <= 5 ORDER BY l.id"

// tiny compares a join of a handful of rows, where all that counts is the
// number of round trips.
func tiny(ctx context.Context, s *scattered) (*findings, error) {
	if err := s.loadJoins(ctx); err != nil {
		return nil, err
	}
	rounds, reads := 25, 20
	if s.quick {
		rounds, reads = 2, 3
	}
	f := &findings{setting: s.setting("A join of five rows of 10 on shard a with as many on b: " + tinyQuery + ".")}
	m := measure{what: "time added to the median", unit: " ms", atMost: 1.5}
	c, err := dial(s.program.Address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	o := outcome{query: query{sql: tinyQuery}}
	want, _, err := ask(ctx, s.oracle, tinyQuery)
	if err != nil {
		return nil, err
	}
	if o.firstGathered(c, want); o.failed != "" {
		m.failed = o.failed
		f.measures = []measure{m}
		return f, nil
	}
	var direct, gathered, added []float64
	for range rounds {
		d, err := medianOf(reads, func() (time.Duration, error) { _, took, err := ask(ctx, s.oracle, tinyQuery); return took, err })
		if err != nil {
			return nil, err
		}
		g, err := medianOf(reads, func() (time.Duration, error) { _, took, err := askHTTP(c, tinyQuery); return took, err })
		if err != nil {
			return nil, err
		}
		direct, gathered, added = append(direct, d), append(gathered, g), append(added, g-d)
	}
	m.value = median(added)
	m.note = fmt.Sprintf("one server %.3f ms, databalancer %.3f ms, %d of each", median(direct), median(gathered), rounds*reads)
	s.logf("tiny: %s", m.note)
	f.measures = []measure{m}
	return f, s.savePlan("tiny", query{name: "join", sql: tinyQuery})
}

// medianOf returns the median of so many times, in ms.
func medianOf(n int, once func() (time.Duration, error)) (float64, error) {
	times := make([]time.Duration, n)
	for i := range times {
		var err error
		if times[i], err = once(); err != nil {
			return 0, err
		}
	}
	return float64(median(times).Nanoseconds()) / 1e6, nil
}
