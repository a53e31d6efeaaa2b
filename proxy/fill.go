package proxy

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

const (
	// chunkSize is how long an INSERT gets, in bytes, before it is sent.
	// From 64 KiB on longer ones are no faster, and shorter ones share the
	// home session better.
	chunkSize = 256 << 10
	// bufferTotal is how many bytes of a gather's rows may wait until their
	// tables are made.
	bufferTotal = 8 << 20
)

// chunk is one INSERT.
type chunk struct {
	sql      []byte
	rows     int
	bytes    int64 // of the values, as they came
	warnings int   // that the server is going to give, rightly
	longest  []int // characters in the columns' longest texts so far
}

var chunks = sync.Pool{New: func() any { return &chunk{sql: make([]byte, 0, chunkSize+chunkSize/4)} }}

// filler takes rows, as literals, to the table of a shipment. One goroutine
// adds, another fills.
type filler struct {
	shipment *shipment
	columns  []column
	head     string // of each INSERT
	texts    []bool // by column: whether the lengths of its values matter
	dates    bool   // some value may be a date that does not exist
	chunk    *chunk // to which rows are added
	longest  []int
	chunks   chan *chunk
}

func newFiller(s *shipment) *filler {
	f := &filler{
		shipment: s, columns: s.table.columns,
		head:   s.source.tag + " INSERT INTO " + quoteName(s.table.name) + " VALUES ",
		chunks: make(chan *chunk, 1),
	}
	f.texts, f.longest = make([]bool, len(f.columns)), make([]int, len(f.columns))
	for i := range f.columns {
		f.texts[i] = f.columns[i].isText()
		f.dates = f.dates || f.columns[i].kind == "date" || f.columns[i].kind == "datetime"
	}
	return f
}

func (f *filler) next() *chunk {
	c := chunks.Get().(*chunk)
	c.sql, c.rows, c.bytes, c.warnings = append(c.sql[:0], f.head...), 0, 0, 0
	f.chunk = c
	return c
}

// fill writes the chunks into the table, which it makes when the first of
// them have come and there is no room for more, or no more come.
func (f *filler) fill(ctx context.Context) error {
	var kept []*chunk
	waiting := &f.shipment.attempt.buffered
	size := int64(0)
	defer func() { waiting.Add(-size) }()
	for c := range f.chunks {
		kept = append(kept, c)
		if !f.ready() {
			size += int64(len(c.sql))
			if waiting.Add(int64(len(c.sql))) < bufferTotal {
				continue
			}
		}
		if err := f.make(ctx, kept, false); err != nil {
			return err
		}
		if err := f.writeAll(ctx, kept); err != nil {
			return err
		}
		kept = kept[:0]
	}
	if ctx.Err() != nil { // the chunks may have ended with an error
		return context.Cause(ctx)
	}
	if err := f.make(ctx, kept, true); err != nil {
		return err
	}
	return f.writeAll(ctx, kept)
}

// ready reports whether the table is there or need not be waited with.
func (f *filler) ready() bool {
	t := f.shipment.table
	if t.early {
		return true
	}
	select {
	case <-t.created:
		return true
	default:
		return false
	}
}

// make sees to it that the table is there.
func (f *filler) make(ctx context.Context, kept []*chunk, whole bool) error {
	t := f.shipment.table
	if t.early {
		return wait(ctx, t.created)
	}
	seen := facts{whole: whole, longest: make([]int, len(f.columns))}
	for _, c := range kept {
		seen.rows += int64(c.rows)
		copy(seen.longest, c.longest)
	}
	return t.make(ctx, seen)
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
// changed.
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
	if f.dates {
		if err := t.session.mode(ctx, true); err != nil {
			return err
		}
	}
	outcome, err := t.session.conn.Exec(ctx, string(c.sql))
	if err != nil {
		return t.full(t.session.wrap(err))
	}
	if outcome.Warnings != min(c.warnings, 1<<16-1) || outcome.Affected != int64(c.rows) {
		return f.damage()
	}
	if cap(c.sql) <= 2*chunkSize {
		chunks.Put(c)
	}
	return nil
}

// damage is the error for a value that a server changed when it stored it. An
// answer made of it would be wrong.
func (f *filler) damage() error {
	s := f.shipment
	return &UnsupportedError{Detail: fmt.Sprintf("a value of %s changed when it was moved from shard %s to shard %s",
		s.step.Ship.Why, s.source.shard.Name(), f.shipment.table.session.shard.Name())}
}
