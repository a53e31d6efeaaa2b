package load

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// tally counts what has been stored. It is safe for concurrent use.
type tally struct {
	started time.Time

	mu       sync.Mutex
	total    count
	families map[*family]*count
}

// count is what was stored of one family, or of all.
type count struct {
	events, bytes int
	created       bool
	added         int // columns
}

func newTally() *tally {
	return &tally{started: time.Now(), families: make(map[*family]*count)}
}

func (t *tally) count(b *batch, answer *stored) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.families[b.family]
	if c == nil {
		c = new(count)
		t.families[b.family] = c
	}
	for _, c := range []*count{c, &t.total} {
		c.events += len(b.origins)
		c.bytes += b.bytes
		c.created = c.created || answer.Created
		c.added += len(answer.Added)
	}
}

// line describes the total so far.
func (t *tally) line() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	took := time.Since(t.started)
	return fmt.Sprintf("%d events, %.1f MB in %.1f s, %.0f events/s",
		t.total.events, float64(t.total.bytes)/1e6, took.Seconds(), float64(t.total.events)/took.Seconds())
}

// summarize writes a line a family, in the given order, and the total.
func (t *tally) summarize(w io.Writer, order []*family) {
	for _, f := range order {
		c := t.families[f]
		if c == nil {
			continue
		}
		fmt.Fprintf(w, "%s: %d events, %.1f MB", f.name, c.events, float64(c.bytes)/1e6)
		switch {
		case c.created:
			fmt.Fprintf(w, ", created with %d columns", c.added)
		case c.added > 0:
			fmt.Fprintf(w, ", %d columns added", c.added)
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "total: %s\n", t.line())
}

// report writes the total of all events once a second, until ctx ends.
func (t *tally) report(ctx context.Context, w io.Writer, all int) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			fmt.Fprintf(w, "%s of %d\n", t.line(), all)
		case <-ctx.Done():
			return
		}
	}
}
