package gather

import (
	"context"
	"iter"
)

const (
	// largeRow is how many bytes of values make a row a statement of its own.
	// That is never put together: it is sent from where the row was read, piece
	// by piece, while its reader waits. So a row of any size takes memory once.
	largeRow = chunkSize
	// pieceSize is how much of a value is written as a literal at a time.
	pieceSize = 16 << 10
)

// largeChunk is an INSERT of one row that is not copied.
type largeChunk struct {
	values [][]byte // valid until written is closed
	length int      // of the statement
	// written is closed when the row is in its table.
	written chan struct{}
}

// sizeOf returns how many bytes the values of a row have.
func sizeOf(values [][]byte) (size int64) {
	for _, v := range values {
		size += int64(len(v))
	}
	return size
}

// addLarge passes on a row of that size, and waits until it is in the table, or
// never will be: then ctx ends, with the reason.
func (f *filler) addLarge(ctx context.Context, values [][]byte, size int64) error {
	if err := f.flush(ctx); err != nil {
		return err
	}
	c := &chunk{rows: 1, bytes: size, large: &largeChunk{values: values, written: make(chan struct{})}}
	for i, v := range values {
		f.note(c, i, v)
	}
	if err := f.spell(values, func(piece []byte) bool { c.large.length += len(piece); return true }); err != nil {
		return err
	}
	if err := f.pass(ctx, c); err != nil {
		return err
	}
	// Not for ctx: whoever writes the row may still be reading it.
	select {
	case <-c.large.written:
	case <-f.over:
	}
	return nil
}

// pieces returns the statement that stores a large row. They are valid for as
// long as it takes to ask for the next one.
func (f *filler) pieces(of *largeChunk) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		_ = f.spell(of.values, yield) // which has been done without an error
	}
}

// spell calls yield with the pieces of the statement that stores a row, until
// that returns false.
func (f *filler) spell(values [][]byte, yield func([]byte) bool) error {
	c := f.next()
	defer chunks.Put(c)
	buf := append(c.sql, '(')
	for i, v := range values {
		if i > 0 {
			buf = append(buf, ',')
		}
		if len(v) <= pieceSize || f.columns[i].form == bare { // no number is large
			var err error
			if buf, err = f.columns[i].appendLiteral(buf, v); err != nil {
				return f.unfit(err)
			}
		} else {
			l := f.columns[i].literal()
			buf = append(buf, l.before...)
			for len(v) > 0 {
				n := min(len(v), pieceSize)
				if buf = l.part(buf, v[:n]); len(buf) >= chunkSize/2 {
					if !yield(buf) {
						return nil
					}
					buf = buf[:0]
				}
				v = v[n:]
			}
			buf = append(buf, l.after...)
		}
	}
	yield(append(buf, ')'))
	return nil
}
