package gather

import (
	"context"
	"errors"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/shard"
)

// bufferTotal is how many bytes of a gather's rows may wait, all together, until
// their tables are made; buffersTotal is how many of all gathers' may.
const (
	bufferTotal  = 8 << 20
	buffersTotal = 16 << 20
)

// keep reports whether so many bytes more may wait, and counts them.
func (a *attempt) keep(bytes int) bool {
	own, all := a.buffered.Add(int64(bytes)), a.allBuffered.Add(int64(bytes))
	return own < bufferTotal && all < buffersTotal
}

// keepNothing is called when nothing waits any more.
func (a *attempt) keepNothing() { a.allBuffered.Add(-a.buffered.Swap(0)) }

// fill writes the chunks into the table. While that is not made they are kept,
// as long as there is room: when all of its rows are there, more is known of
// how to make it.
func (f *filler) fill(ctx context.Context) error {
	defer close(f.over)
	t := f.shipment.table
	var kept []*chunk
	for c := range f.chunks {
		kept = append(kept, c)
		if c.large == nil && !t.early && !t.isMade() && f.shipment.attempt.keep(len(c.sql)) {
			continue
		}
		others := t.claim()
		if err := t.make(ctx, factsOf(append(others, delivery{f, kept}), false)); err != nil {
			return err
		}
		if err := f.writeAll(ctx, kept); err != nil {
			return err
		}
		kept = kept[:0]
		if err := deliverAll(ctx, append(others, t.claim()...)); err != nil {
			return err
		}
	}
	if !f.shipment.attempt.progress.reached(f.shipment, read) {
		return nil // the chunks have ended with an error, which the reader has
	}
	return f.finish(ctx, kept)
}

// finish is called when no chunks come any more. Of several steps that fill a
// table the one that is done last writes what the others have kept.
func (f *filler) finish(ctx context.Context, kept []*chunk) error {
	t := f.shipment.table
	list, whole := t.complete(delivery{f, kept})
	if len(list) == 0 {
		return nil
	}
	if err := t.make(ctx, factsOf(list, whole)); err != nil {
		return err
	}
	return deliverAll(ctx, list)
}

// delivery is the last chunks of one of the steps that fill a table.
type delivery struct {
	filler *filler
	chunks []*chunk
}

func deliverAll(ctx context.Context, list []delivery) error {
	for _, d := range list {
		if err := d.filler.writeAll(ctx, d.chunks); err != nil {
			return err
		}
		s := d.filler.shipment
		s.attempt.progress.reach(s, stored)
	}
	return nil
}

// factsOf sums up what is known of a table's rows.
func factsOf(list []delivery, whole bool) facts {
	f := facts{whole: whole}
	for _, d := range list {
		if f.longest == nil {
			f.longest = make([]int, len(d.filler.columns))
		}
		for _, c := range d.chunks {
			f.rows += int64(c.rows)
			for i, n := range c.longest {
				f.longest[i] = max(f.longest[i], n)
			}
		}
	}
	return f
}

func (f *filler) writeAll(ctx context.Context, list []*chunk) error {
	for _, c := range list {
		if err := f.write(ctx, c); err != nil {
			return err
		}
	}
	return nil
}

var errTextTooLong = errors.New("text longer than its key covers")

// write runs one INSERT. A warning of the server's is a value that it has
// changed, unless it is mere advice.
func (f *filler) write(ctx context.Context, c *chunk) error {
	t := f.shipment.table
	for i, limit := range t.limits {
		if limit > 0 && c.longest[i] > limit {
			return &again{table: t.name, hint: hint{unkeyed: map[string]bool{f.columns[i].name: true}}, err: errTextTooLong}
		}
	}
	if err := t.session.lock(ctx); err != nil {
		return err
	}
	defer t.session.unlock()
	if err := t.session.mode(ctx, true); err != nil {
		return err
	}
	outcome, err := f.insert(ctx, c)
	if err != nil {
		return t.full(err)
	}
	warnings, err := t.session.warnings(ctx, outcome, c.warnings)
	if err != nil {
		return err
	}
	if warnings != min(c.warnings, 1<<16-1) || outcome.Affected != int64(c.rows) {
		return f.damage()
	}
	if c.large != nil {
		close(c.large.written)
	} else if cap(c.sql) <= 2*chunkSize {
		chunks.Put(c)
	}
	return nil
}

// insert runs the chunk's statement. The caller has locked the session.
func (f *filler) insert(ctx context.Context, c *chunk) (shard.Outcome, error) {
	conn := f.shipment.table.session.conn
	if c.large != nil {
		return conn.ExecPieces(ctx, c.large.length, f.pieces(c.large))
	}
	return conn.ExecPieces(ctx, len(c.sql), func(yield func([]byte) bool) { yield(c.sql) })
}

// damage is the error for a value that a server changed when it stored it. An
// answer made of it would be wrong.
func (f *filler) damage() error {
	s := f.shipment
	return fault.New(fault.Unsupported, "a value of %s changed when it was moved from shard %s to shard %s",
		s.step.Ship.Why, s.source.shard.Name(), s.table.session.shard.Name())
}
