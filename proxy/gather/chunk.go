package gather

import (
	"context"
	"fmt"
	"sync"
	"unicode/utf8"

	"github.com/kolide/databalancer/server"
)

// chunkSize is how long an INSERT gets, in bytes, before it is sent. From 64 KiB
// on longer ones are no faster, and shorter ones share the home session better.
const chunkSize = 256 << 10

// chunk is one INSERT.
type chunk struct {
	sql      []byte
	large    *largeChunk // in place of sql; else nil
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
	chunk    *chunk // to which rows are added
	longest  []int
	chunks   chan *chunk
	over     chan struct{} // closed when nobody takes chunks any more
}

func newFiller(s *shipment) *filler {
	f := &filler{
		shipment: s, columns: s.table.columns,
		head:   s.source.tag + " INSERT INTO " + server.QuoteName(s.table.name) + " VALUES ",
		chunks: make(chan *chunk, 1),
		over:   make(chan struct{}),
	}
	f.texts, f.longest = make([]bool, len(f.columns)), make([]int, len(f.columns))
	for i := range f.columns {
		f.texts[i] = f.columns[i].isText()
	}
	return f
}

func (f *filler) next() *chunk {
	c := chunks.Get().(*chunk)
	c.sql, c.rows, c.bytes, c.warnings = append(c.sql[:0], f.head...), 0, 0, 0
	return c
}

// add appends a row to the chunk, and passes that on when it is full.
func (f *filler) add(ctx context.Context, values [][]byte) error {
	size := sizeOf(values)
	if size >= largeRow {
		return f.addLarge(ctx, values, size)
	}
	if f.chunk == nil {
		f.chunk = f.next()
	}
	c := f.chunk
	c.sql = append(c.sql, '(')
	for i, v := range values {
		if i > 0 {
			c.sql = append(c.sql, ',')
		}
		var err error
		if c.sql, err = f.columns[i].appendLiteral(c.sql, v); err != nil {
			return f.unfit(err)
		}
		f.note(c, i, v)
	}
	c.sql = append(c.sql, "),"...)
	c.rows++
	c.bytes += size
	if len(c.sql) < chunkSize {
		return nil
	}
	return f.flush(ctx)
}

// note notes what is to be known of a value that goes into a chunk.
func (f *filler) note(c *chunk, column int, value []byte) {
	switch {
	case f.texts[column] && len(value) > f.longest[column]: // in bytes: no shorter than in characters
		f.longest[column] = max(f.longest[column], f.columns[column].characters(value))
	case f.columns[column].kind == "enum" && len(value) == 1 && value[0] == '0':
		c.warnings++
	}
}

// unfit is the error for a value that no literal stands for.
func (f *filler) unfit(err error) error {
	return fmt.Errorf("step %d from shard %s: %w", f.shipment.number, f.shipment.source.shard.Name(), err)
}

// characters counts the characters of a text of the column.
func (c *column) characters(value []byte) int {
	if c.form == encoded {
		return len(value)
	}
	return utf8.RuneCount(value)
}

// flush passes the chunk on that rows are added to.
func (f *filler) flush(ctx context.Context) error {
	c := f.chunk
	if c == nil {
		return nil
	}
	f.chunk = nil
	c.sql = c.sql[:len(c.sql)-1]
	return f.pass(ctx, c)
}

// pass counts a chunk, and passes it on to who fills the table.
func (f *filler) pass(ctx context.Context, c *chunk) error {
	c.longest = append(c.longest[:0], f.longest...)
	if err := f.shipment.count(c); err != nil {
		return err
	}
	select {
	case f.chunks <- c:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
