package ingest

import (
	"context"
	"database/sql/driver"
	"math"

	"github.com/kolide/databalancer/catalog"
)

// A statement is bounded in rows, parameters and bytes. The server walks over
// all parameters several times, which costs up to half as much again when they
// outgrow a processor's cache: 1,000 rows of 26 columns are slower than 150.
const (
	maxStatementRows   = 256
	maxStatementParams = 4096
	maxStatementBytes  = 1 << 20 // larger ones gain nothing
)

// inserter writes the rows of a batch over one connection. It reuses its
// memory, which is why it must not be used by two at a time.
type inserter struct {
	args   []driver.NamedValue
	used   int // of args, since the last release
	hidden hiddenRow
}

// source are rows to be inserted by statements of one form.
type source interface {
	// next moves to the next row and returns its approximate size in bytes;
	// it returns false at the end.
	next() (size int, ok bool)
	// fill sets the parameters, which are NULL, to the current row's values.
	fill(params []driver.NamedValue)
}

// form is what statements have in common that differ in the number of rows.
type form struct {
	insert string // INSERT INTO … VALUES
	row    string // the placeholders of a row
	params int    // of a row
}

// insert writes all rows of the source.
func (ins *inserter) insert(ctx context.Context, s *session, f form, from source) error {
	most := max(1, min(maxStatementRows, maxStatementParams/max(1, f.params)))
	rows, bytes := 0, 0
	for size, ok := from.next(); ok; size, ok = from.next() {
		if rows == most || rows > 0 && bytes+size > maxStatementBytes {
			if err := ins.flush(ctx, s, f, rows, most); err != nil {
				return err
			}
			rows, bytes = 0, 0
		}
		from.fill(ins.params(rows*f.params, f.params))
		rows++
		bytes += size
	}
	return ins.flush(ctx, s, f, rows, most)
}

// params returns the parameters from the given index on, set to NULL.
func (ins *inserter) params(from, n int) []driver.NamedValue {
	if len(ins.args) < from+n {
		ins.args = append(ins.args, make([]driver.NamedValue, max(n, len(ins.args)))...)
	}
	ins.used = max(ins.used, from+n)
	params := ins.args[from : from+n]
	clear(params)
	return params
}

// flush writes the rows whose parameters are set, by statements whose numbers
// of rows come from a short list, so that prepared ones are found again.
func (ins *inserter) flush(ctx context.Context, s *session, f form, rows, most int) error {
	for from := 0; rows > 0; {
		n := most
		for n > rows {
			n = half(n)
		}
		args := ins.args[from*f.params : (from+n)*f.params]
		for i := range args {
			args[i].Ordinal = i + 1
		}
		if err := s.insert(ctx, f, n, args); err != nil {
			return err
		}
		from += n
		rows -= n
	}
	return nil
}

// half returns the largest power of two below n, which is over 1.
func half(n int) int {
	p := 1
	for p*2 < n {
		p *= 2
	}
	return p
}

// release forgets the parameters' values.
func (ins *inserter) release() {
	clear(ins.args[:ins.used])
	ins.used = 0
	clear(ins.hidden.columns)
}

// typedRows are the rows of a batch's requests that have one target, for the
// family's table.
type typedRows struct {
	requests []*pending
	request  int // the current row: its request and its event
	event    int
	hidden   *hiddenRow
}

func (t *typedRows) next() (int, bool) {
	if !advance(t.requests, &t.request, &t.event) {
		return 0, false
	}
	size := 0
	for _, c := range t.requests[t.request].rows.event(t.event) {
		size += 9 + int(c.size)
	}
	return size, true
}

func (t *typedRows) fill(params []driver.NamedValue) {
	p := t.requests[t.request]
	cells := p.rows.event(t.event)
	for _, c := range cells {
		if place := &p.target.places[c.field]; place.group < 0 {
			params[place.param].Value = value(p.rows, c)
		}
	}
	if p.target.groups > 0 {
		t.hidden.fill(params, p.target, p.rows, cells)
	}
}

// value returns a cell's value for the driver.
func value(r *rows, c cell) driver.Value {
	switch c.kind {
	case cellNull:
		return nil
	case cellInt:
		return int64(c.bits)
	case cellFloat:
		return math.Float64frombits(c.bits)
	case cellBool:
		return c.bits == 1
	}
	return r.content(c)
}

// rawRows are a batch's rows for raw_logs.
type rawRows struct {
	family   driver.Value // the same for all, and so made only once
	requests []*pending
	request  int
	event    int
}

var rawForm = form{insertInto(catalog.RawLogs, []string{"family", "log"}), "(?,?)", 2}

func (t *rawRows) next() (int, bool) {
	if !advance(t.requests, &t.request, &t.event) {
		return 0, false
	}
	return len(t.requests[t.request].rows.log(t.event)) + 32, true
}

func (t *rawRows) fill(params []driver.NamedValue) {
	params[0].Value = t.family
	params[1].Value = t.requests[t.request].rows.log(t.event)
}

// advance moves to the next event of the requests. It starts with request 0
// and event -1.
func advance(requests []*pending, request, event *int) bool {
	for *event++; *request < len(requests); *event = 0 {
		if *event < requests[*request].rows.len() {
			return true
		}
		*request++
	}
	return false
}
