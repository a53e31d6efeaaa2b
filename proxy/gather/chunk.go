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
}

func newFiller(s *shipment) *filler {
	f := &filler{
		shipment: s, columns: s.table.columns,
		head:   s.source.tag + " INSERT INTO " + server.QuoteName(s.table.name) + " VALUES ",
		chunks: make(chan *chunk, 1),
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
	f.chunk = c
	return c
}

// add appends a row to the chunk, and passes that on when it is full.
func (f *filler) add(ctx context.Context, values [][]byte) error {
	c := f.chunk
	if c == nil {
		c = f.next()
	}
	size := int64(0)
	c.sql = append(c.sql, '(')
	for i, v := range values {
		if i > 0 {
			c.sql = append(c.sql, ',')
		}
		var err error
		if c.sql, err = f.columns[i].appendLiteral(c.sql, v); err != nil {
			return fmt.Errorf("step %d from shard %s: %w", f.shipment.number, f.shipment.source.shard.Name(), err)
		}
		size += int64(len(v))
		switch {
		case f.texts[i] && len(v) > f.longest[i]: // in bytes: no shorter than in characters
			f.longest[i] = max(f.longest[i], f.columns[i].characters(v))
		case f.columns[i].kind == "enum" && len(v) == 1 && v[0] == '0':
			c.warnings++
		}
	}
	c.sql = append(c.sql, "),"...)
	c.rows++
	c.bytes += size
	if len(c.sql) < chunkSize {
		return nil
	}
	return f.flush(ctx)
}

// characters counts the characters of a text of the column.
func (c *column) characters(value []byte) int {
	if c.form == encoded {
		return len(value)
	}
	return utf8.RuneCount(value)
}

// flush passes the chunk on.
func (f *filler) flush(ctx context.Context) error {
	c := f.chunk
	if c == nil {
		return nil
	}
	f.chunk = nil
	c.sql = c.sql[:len(c.sql)-1]
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
