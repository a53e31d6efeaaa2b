package ingest

import (
	"fmt"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kolide/databalancer/fault"
)

// fault is what is wrong with a value, without the value's place. It is an
// error inside this package only.
type flaw struct {
	code   fault.Code
	detail string
}

func (f *flaw) Error() string { return string(f.code) + ": " + f.detail }

// decoder decodes the events of one request at a time. Its memory is reused.
type decoder struct {
	scanner
	*rows

	fields   *fieldSet
	rawLogs  bool
	maxEvent int
	// suspect: the body is not valid UTF-8, so each string must be checked.
	suspect bool
	invalid InvalidError

	// Of the event being decoded, by the fields' ranks: which were seen, and
	// their values in canonical JSON.
	seen   []uint64
	values []canon
	// next is what followed a field in an earlier event: a guess that spares
	// most look-ups. Index 0 is the event's start, i+1 the field i.
	next []uint16
	// The member being decoded: its name, and whether that has escapes.
	key        span
	keyEscaped bool

	members []member // of the objects that are open in canonical
	scratch []byte
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// decode checks and decodes the array of events that begins at logs.start in
// r's body, and returns where it ends, at logs.end at the latest. The error is
// a *SyntaxError, an *InvalidError or a *TooLargeError; r is useless then.
func decode(r *rows, logs span, fields *fieldSet, rawLogs bool, maxEvent int) (end int, err error) {
	d := decoders.Get().(*decoder)
	defer d.release()
	d.scanner = scanner{buf: r.body[:logs.end], pos: logs.start}
	d.rows, d.fields, d.rawLogs, d.maxEvent = r, fields, rawLogs, maxEvent
	d.prepare(len(fields.list))
	if err := d.events(); err != nil {
		return 0, err
	}
	if d.invalid.Total > 0 {
		found := d.invalid
		return 0, &found
	}
	return d.pos, nil
}

// release returns the decoder to the pool, unless it has become large.
func (d *decoder) release() {
	if cap(d.members) > 1<<14 || cap(d.scratch) > 1<<20 {
		return
	}
	clear(d.members[:cap(d.members)]) // they point into the body
	d.scanner, d.rows, d.fields, d.invalid = scanner{}, nil, nil, InvalidError{}
	decoders.Put(d)
}

func (d *decoder) prepare(fields int) {
	d.suspect = !utf8.Valid(d.buf[d.pos:])
	d.seen = resize(d.seen, (fields+63)/64)
	d.values = resize(d.values, fields)
	d.next = resize(d.next, fields+1)
	for i := range d.next {
		d.next[i] = uint16(i) // the schema's order
	}
}

func resize[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n)
	}
	return s[:n]
}

func (d *decoder) events() error {
	if c := d.peek(); c == 'n' { // a nil list, as some encoders write it
		_, err := d.literal()
		return err
	} else if c != '[' {
		return d.unexpected("an array of events")
	}
	d.pos++
	for i := 0; ; i++ {
		if more, err := d.more(i == 0, ']'); err != nil || !more {
			return err
		}
		start := d.pos
		if err := d.event(i); err != nil {
			return d.fatal(err)
		}
		if size := d.pos - start; size > d.maxEvent {
			return &TooLargeError{Event: i, Size: size, Limit: d.maxEvent}
		}
		d.foresee(d.pos, len(d.buf))
	}
}

// fatal returns the error that ends the decoding. When a value is too deep
// even to be skipped, what was found wrong before is the better answer.
func (d *decoder) fatal(err error) error {
	if syntax, ok := err.(*SyntaxError); ok && syntax.tooDeep && d.invalid.Total > 0 {
		found := d.invalid
		return &found
	}
	return err
}

// event decodes the event of that index. What is wrong with it is added to
// d.invalid; the error is for what ends the decoding.
func (d *decoder) event(i int) error {
	if d.peek() != '{' {
		d.invalid.add(fault.Event{Event: i, Code: fault.TypeMismatch, Detail: d.found() + ", instead of an object"})
		return d.skip(0)
	}
	d.pos++
	clear(d.seen)
	for first, prev := true, -1; ; first = false {
		more, err := d.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if prev, err = d.member(i, prev); err != nil {
			return err
		}
	}
	if d.invalid.Total == 0 {
		d.finish()
	}
	return nil
}

// member decodes one member of the event of that index. prev is the field
// before it, or -1. It returns the member's field, or prev if it has none.
func (d *decoder) member(event, prev int) (int, error) {
	i, err := d.name(prev)
	d.peek()
	start := d.pos
	if err == nil {
		prev = i
		err = d.field(i)
	}
	problem, ok := err.(*flaw)
	if !ok {
		return prev, err
	}
	d.invalid.add(fault.Event{Event: event, Field: d.show(), Code: problem.code, Detail: problem.detail})
	d.pos = start
	return prev, d.skip(1)
}

// name reads a member's name, and returns its field. prev is the field before
// it in the event, or -1. A *flaw leaves the scanner in front of the value.
func (d *decoder) name(prev int) (int, error) {
	if i := int(d.next[prev+1]); i < len(d.fields.list) {
		key := d.fields.keys[d.fields.list[i].rank]
		if end := d.pos + len(key); end <= len(d.buf) && string(d.buf[d.pos:end]) == key {
			d.key, d.keyEscaped = span{d.pos + 1, end - 2}, false
			d.pos = end
			return i, nil
		}
	}
	var err error
	if d.key, d.keyEscaped, err = d.scanner.key(); err != nil {
		return 0, err
	}
	return d.lookup(prev)
}

// see marks the field of that rank as seen, and reports whether it was.
func (d *decoder) see(rank int) bool {
	word, bit := rank/64, uint64(1)<<(rank%64)
	was := d.seen[word]&bit != 0
	d.seen[word] |= bit
	return was
}

// lookup returns the field that d.key names, and remembers it as what follows
// prev. The error is a *flaw.
func (d *decoder) lookup(prev int) (int, error) {
	key := d.bytes(d.key)
	if d.keyEscaped {
		text, ok := unescape(nil, key)
		if !ok {
			return 0, errSurrogate
		}
		key = text
	}
	if i, ok := d.fields.byName[string(key)]; ok {
		d.next[prev+1] = uint16(i)
		return i, nil
	}
	if d.suspect && !utf8.Valid(key) {
		return 0, errUTF8
	}
	return 0, &flaw{fault.UnknownField, "the schema doesn't name it"}
}

// show returns the member's name for an error.
func (d *decoder) show() string {
	text := d.bytes(d.key)
	if d.keyEscaped {
		text, _ = unescape(nil, text)
	}
	const longest = 100
	if len(text) > longest {
		text = append(text[:longest:longest], "..."...)
	}
	return strings.ToValidUTF8(string(text), "\uFFFD")
}

// field decodes the value of a field, whose first byte is next.
func (d *decoder) field(i int) error {
	f := &d.fields.list[i]
	if d.see(f.rank) {
		return errTwice
	}
	c, form, err := d.value(f)
	if err != nil {
		return err
	}
	c.field = uint16(i)
	d.cells = append(d.cells, c)
	d.values[f.rank] = form
	return nil
}

// found names the type of the value that is next.
func (d *decoder) found() string {
	switch c := d.peek(); {
	case c == '{':
		return "an object"
	case c == '[':
		return "an array"
	case c == '"':
		return "a string"
	case c == 't' || c == 'f':
		return "a bool"
	case c == 'n':
		return "null"
	}
	return "a number"
}

var (
	errUTF8      = &flaw{fault.InvalidUTF8, "bytes that are no UTF-8"}
	errSurrogate = &flaw{fault.InvalidUTF8, `half a surrogate pair, such as \ud800 alone`}
	errTwice     = &flaw{fault.DuplicateKey, "the field stands twice in the event"}
	errDepth     = &flaw{fault.TooDeep, fmt.Sprintf("nested deeper than %d levels", MaxDepth)}
)
