package ingest

import "math"

// kind says how a cell holds its value.
type kind uint8

const (
	cellNull  kind = iota
	cellInt        // bits is the integer
	cellFloat      // bits are the number's
	cellBool       // bits is 0 or 1
	cellBody       // bits is the text's place in the body, size its length
	cellArena      // likewise, in the arena
)

// cell is one value of an event. It holds no pointers, so that millions of
// them cost the garbage collector nothing.
type cell struct {
	bits  uint64
	size  uint32
	field uint16 // its index in the request's fields
	kind  kind
}

func intCell(n int64) cell     { return cell{kind: cellInt, bits: uint64(n)} }
func floatCell(f float64) cell { return cell{kind: cellFloat, bits: math.Float64bits(f)} }
func textCell(k kind, start, end int) cell {
	return cell{kind: k, bits: uint64(start), size: uint32(end - start)}
}

func (c cell) isText() bool { return c.kind == cellBody || c.kind == cellArena }

func boolCell(b bool) cell {
	c := cell{kind: cellBool}
	if b {
		c.bits = 1
	}
	return c
}

// rows are the decoded events of one request. The zero value is empty.
type rows struct {
	body  []byte
	arena []byte // text that doesn't stand in the body as it is to be stored
	cells []cell // of all events, each event's in its own order
	ends  []int  // where each event's cells end
	// raw are the events' canonical JSON texts, one after the other, and
	// rawEnds where each ends. Both are empty when raw logs are off.
	raw     []byte
	rawEnds []int
}

// reset makes the rows those of a body, and keeps the memory.
func (r *rows) reset(body []byte) {
	*r = rows{body: body, arena: r.arena[:0], cells: r.cells[:0], ends: r.ends[:0],
		raw: r.raw[:0], rawEnds: r.rawEnds[:0]}
}

// len returns the number of events.
func (r *rows) len() int { return len(r.ends) }

// event returns the cells of an event.
func (r *rows) event(i int) []cell { return part(r.cells, r.ends, i) }

// log returns the canonical JSON of an event.
func (r *rows) log(i int) []byte { return part(r.raw, r.rawEnds, i) }

// between returns the events from one to another as rows of their own, which
// share the memory.
func (r *rows) between(from, to int) *rows {
	return &rows{body: r.body, arena: r.arena,
		cells: window(r.cells, r.ends, from, to), ends: rebased(r.ends, from, to),
		raw: window(r.raw, r.rawEnds, from, to), rawEnds: rebased(r.rawEnds, from, to)}
}

// only returns the cells of the first event from one to another as an event of
// their own, whose log is empty.
func (r *rows) only(from, to int) *rows {
	return &rows{body: r.body, arena: r.arena, cells: r.event(0)[from:to], ends: []int{to - from}, rawEnds: []int{0}}
}

// window returns the parts from one to another of all, together.
func window[E any](all []E, ends []int, from, to int) []E {
	if len(ends) == 0 {
		return nil
	}
	return all[start(ends, from):ends[to-1]]
}

// rebased returns the ends of these parts, when they stand alone.
func rebased(ends []int, from, to int) []int {
	if len(ends) == 0 {
		return nil
	}
	alone := make([]int, to-from)
	for i := range alone {
		alone[i] = ends[from+i] - start(ends, from)
	}
	return alone
}

// content returns the text of a cell of kind cellBody or cellArena.
func (r *rows) content(c cell) []byte {
	from := r.body
	if c.kind == cellArena {
		from = r.arena
	}
	return from[c.bits : c.bits+uint64(c.size)]
}

// part returns the ith of the parts that all consists of.
func part[E any](all []E, ends []int, i int) []E {
	return all[start(ends, i):ends[i]:ends[i]]
}

// start returns where the ith part begins.
func start(ends []int, i int) int {
	if i == 0 {
		return 0
	}
	return ends[i-1]
}
