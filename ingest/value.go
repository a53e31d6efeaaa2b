package ingest

import (
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// value decodes the value of a field, as the field's column stores it, and
// the value's canonical JSON. A *flaw leaves the scanner anywhere inside the
// value.
func (d *decoder) value(f *field) (cell, canon, error) {
	if d.is('n') {
		r, err := d.literal()
		return cell{}, canon{start: r.start, end: r.end}, err
	}
	if f.stored != f.typ {
		return d.widened(f)
	}
	return d.typed(f.typ)
}

// typed decodes a value of the type.
func (d *decoder) typed(t catalog.Type) (cell, canon, error) {
	switch t {
	case catalog.Text:
		return d.textValue()
	case catalog.Int:
		return d.intValue()
	case catalog.Float:
		return d.floatValue()
	case catalog.Bool:
		return d.boolValue()
	case catalog.Timestamp:
		return d.timestampValue()
	}
	return d.jsonValue()
}

// widened decodes a value whose column has a wider type than the request
// declares: it is checked as declared, and stored as sent.
func (d *decoder) widened(f *field) (cell, canon, error) {
	start := d.pos
	c, form, err := d.typed(f.typ)
	if err != nil {
		return c, form, err
	}
	if f.stored == catalog.Text { // for timestamps
		end := d.pos
		d.pos = start
		c, form, err = d.textValue()
		d.pos = end
		return c, form, err
	}
	from := len(d.arena)
	d.arena = d.appendCanon(d.arena, form)
	return textCell(cellArena, from, len(d.arena)), form, nil
}

// mismatch returns the fault of a value that has another type than wanted. If
// it is no value at all, skipping it will tell.
func (d *decoder) mismatch(wanted string) error {
	return &flaw{fault.TypeMismatch, d.found() + ", instead of " + wanted}
}

func (d *decoder) textValue() (cell, canon, error) {
	if !d.is('"') {
		return cell{}, canon{}, d.mismatch("a string")
	}
	content, escaped, err := d.utf8Text()
	if err != nil {
		return cell{}, canon{}, err
	}
	if !escaped {
		return textCell(cellBody, content.start, content.end), canon{start: content.start - 1, end: content.end + 1}, nil
	}
	from := len(d.arena)
	var ok bool
	if d.arena, ok = unescape(d.arena, d.bytes(content)); !ok {
		return cell{}, canon{}, errSurrogate
	}
	return textCell(cellArena, from, len(d.arena)), canon{start: from, end: len(d.arena), arena: true, quote: true}, nil
}

// utf8Text reads a string and checks that it is UTF-8.
func (d *decoder) utf8Text() (content span, escaped bool, err error) {
	if content, escaped, err = d.text(); err != nil {
		return content, escaped, err
	}
	if d.suspect && !utf8.Valid(d.bytes(content)) {
		return content, escaped, errUTF8
	}
	return content, escaped, nil
}

func (d *decoder) intValue() (cell, canon, error) {
	if !d.numeric() {
		return cell{}, canon{}, d.mismatch("an int")
	}
	r, integer, err := d.number()
	if err != nil {
		return cell{}, canon{}, err
	}
	if !integer {
		return cell{}, canon{}, &flaw{fault.TypeMismatch, "a number with a fraction or an exponent, instead of an int"}
	}
	n, ok := parseInt(d.bytes(r))
	if !ok {
		return cell{}, canon{}, &flaw{fault.OutOfRange, "an integer outside of 64 bits"}
	}
	return intCell(n), canon{start: r.start, end: r.end}, nil
}

func (d *decoder) numeric() bool {
	return d.pos < len(d.buf) && (d.buf[d.pos] == '-' || d.buf[d.pos]-'0' <= 9)
}

// parseInt returns the integer that a JSON integer literal stands for.
func parseInt(literal []byte) (int64, bool) {
	if len(literal) > 18 { // may be outside of 64 bits
		n, err := strconv.ParseInt(string(literal), 10, 64)
		return n, err == nil
	}
	digits := literal
	if literal[0] == '-' {
		digits = literal[1:]
	}
	n := int64(0)
	for _, c := range digits {
		n = n*10 + int64(c-'0')
	}
	if len(digits) < len(literal) {
		n = -n
	}
	return n, true
}

func (d *decoder) floatValue() (cell, canon, error) {
	if !d.numeric() {
		return cell{}, canon{}, d.mismatch("a float")
	}
	r, _, err := d.number()
	if err != nil {
		return cell{}, canon{}, err
	}
	f, err := strconv.ParseFloat(string(d.bytes(r)), 64)
	if err != nil || math.IsInf(f, 0) {
		return cell{}, canon{}, &flaw{fault.OutOfRange, "a number outside of what a float holds"}
	}
	return floatCell(f), canon{start: r.start, end: r.end}, nil
}

func (d *decoder) boolValue() (cell, canon, error) {
	if !d.is('t') && !d.is('f') {
		return cell{}, canon{}, d.mismatch("a bool")
	}
	r, err := d.literal()
	return boolCell(d.buf[r.start] == 't'), canon{start: r.start, end: r.end}, err
}

func (d *decoder) timestampValue() (cell, canon, error) {
	if !d.is('"') {
		return cell{}, canon{}, d.mismatch("a timestamp in a string")
	}
	c, form, err := d.textValue()
	if err != nil {
		return c, form, err
	}
	from := len(d.arena)
	if d.arena, err = appendTimestamp(d.arena, d.content(c)); err != nil {
		return c, form, err
	}
	return textCell(cellArena, from, len(d.arena)), form, nil
}
