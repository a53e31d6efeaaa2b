package shard

import "bytes"

// maxShape bounds the definitions that a session keeps, in bytes: some
// hundreds of columns.
const maxShape = 32 << 10

// shape is the columns of a result, with the packets that defined them. A
// session keeps that of its last result: the statements of one application
// are mostly alike, and comparing their definitions costs a fraction of
// reading them. Once complete it is not changed any more, since rows share
// its columns.
type shape struct {
	columns  []ColumnType
	zerofill bool   // some column may have zeros to strip
	packets  []byte // the definitions, one after the other
	ends     []int  // of each one in packets
}

// packet returns the definition of a column.
func (s *shape) packet(column int) []byte {
	start := 0
	if column > 0 {
		start = s.ends[column-1]
	}
	return s.packets[start:s.ends[column]]
}

// head returns a new shape with the first n columns, and room for count.
func (s *shape) head(n, count int) *shape {
	h := &shape{columns: make([]ColumnType, n, count), ends: make([]int, n, count)}
	copy(h.columns, s.columns)
	copy(h.ends, s.ends)
	if n > 0 {
		h.packets = append(h.packets, s.packets[:s.ends[n-1]]...)
	}
	for i := range h.columns {
		h.zerofill = h.zerofill || h.columns[i].zerofill
	}
	return h
}

// add appends the column that a packet defines.
func (s *shape) add(p []byte) error {
	d, err := readDefinition(p)
	if err != nil {
		return err
	}
	c := d.column()
	s.columns = append(s.columns, c)
	s.zerofill = s.zerofill || c.zerofill
	s.packets = append(s.packets, p...)
	s.ends = append(s.ends, len(s.packets))
	return nil
}

// shaper reads the definitions of one result.
type shaper struct {
	last  *shape // of the result before
	next  *shape // nil while all definitions are those of last
	n     int    // read so far
	count int    // to read
}

func newShaper(last *shape, count int) *shaper {
	r := &shaper{last: last, count: count}
	if count != len(last.columns) {
		r.next = last.head(0, count)
	}
	return r
}

// add takes the next column's definition.
func (r *shaper) add(p []byte) error {
	if r.next == nil && !bytes.Equal(p, r.last.packet(r.n)) {
		r.next = r.last.head(r.n, r.count)
	}
	if r.next != nil {
		if err := r.next.add(p); err != nil {
			return err
		}
	}
	r.n++
	return nil
}

// shape returns what all the definitions made.
func (r *shaper) shape() *shape {
	if r.next == nil {
		return r.last
	}
	return r.next
}
