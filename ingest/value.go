package ingest

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
)

// MaxDepth is the number of levels of arrays and objects that a json field's
// value may have. MariaDB refuses JSON of 32 levels, and the value becomes
// part of a larger one.
const MaxDepth = 30

// value decodes the value of a field, as the field's column stores it, and
// the value's canonical JSON. A *fault leaves the scanner anywhere inside the
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
	return &fault{TypeMismatch, d.found() + ", instead of " + wanted}
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
		return cell{}, canon{}, &fault{TypeMismatch, "a number with a fraction or an exponent, instead of an int"}
	}
	n, ok := parseInt(d.bytes(r))
	if !ok {
		return cell{}, canon{}, &fault{OutOfRange, "an integer outside of 64 bits"}
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
		return cell{}, canon{}, &fault{OutOfRange, "a number outside of what a float holds"}
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

// jsonValue decodes a value of any type but null.
func (d *decoder) jsonValue() (cell, canon, error) {
	from := len(d.arena)
	d.members = d.members[:0]
	if err := d.canonical(0); err != nil {
		return cell{}, canon{}, err
	}
	end := len(d.arena)
	return textCell(cellArena, from, end), canon{start: from, end: end, arena: true}, nil
}

// member is a member of an object in canonical.
type member struct {
	key        []byte // unescaped
	start, end int    // the member in the arena, key and value
}

// canonical appends the canonical form of the next value to the arena: keys
// sorted by their bytes, no white space, numbers as they are written, strings
// with as few escapes as possible. depth is the number of open levels.
func (d *decoder) canonical(depth int) error {
	var r span
	var err error
	switch d.peek() {
	case '{':
		return d.canonicalObject(depth + 1)
	case '[':
		return d.canonicalArray(depth + 1)
	case '"':
		_, err = d.canonicalText()
		return err
	case 't', 'f', 'n':
		r, err = d.literal()
	default:
		r, _, err = d.number()
	}
	if err != nil {
		return err
	}
	d.arena = append(d.arena, d.bytes(r)...)
	return nil
}

// canonicalText appends a string to the arena, and returns its text.
func (d *decoder) canonicalText() ([]byte, error) {
	content, escaped, err := d.utf8Text()
	if err != nil {
		return nil, err
	}
	text := d.bytes(content)
	if !escaped {
		d.arena = append(d.arena, d.buf[content.start-1:content.end+1]...)
		return text, nil
	}
	text, ok := unescape(nil, text)
	if !ok {
		return nil, errSurrogate
	}
	d.arena = appendQuoted(d.arena, text)
	return text, nil
}

func (d *decoder) canonicalArray(depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	d.pos++
	d.arena = append(d.arena, '[')
	for first := true; ; first = false {
		more, err := d.more(first, ']')
		if err != nil {
			return err
		}
		if !more {
			d.arena = append(d.arena, ']')
			return nil
		}
		if !first {
			d.arena = append(d.arena, ',')
		}
		if err := d.canonical(depth); err != nil {
			return err
		}
	}
}

func (d *decoder) canonicalObject(depth int) error {
	if depth > MaxDepth {
		return errDepth
	}
	d.pos++
	start, base := len(d.arena), len(d.members)
	d.arena = append(d.arena, '{')
	for first := true; ; first = false {
		more, err := d.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			d.arena = append(d.arena, '}')
			return d.order(start, base)
		}
		if !first {
			d.arena = append(d.arena, ',')
		}
		if err := d.canonicalMember(depth); err != nil {
			return err
		}
	}
}

func (d *decoder) canonicalMember(depth int) error {
	if d.peek() != '"' {
		return d.unexpected("a name in quotes")
	}
	start := len(d.arena)
	key, err := d.canonicalText()
	if err != nil {
		return err
	}
	if err := d.expect(':'); err != nil {
		return err
	}
	d.arena = append(d.arena, ':')
	if err := d.canonical(depth); err != nil {
		return err
	}
	d.members = append(d.members, member{key, start, len(d.arena)})
	return nil
}

// order sorts the object that stands in the arena from start on, and whose
// members are those from base on.
func (d *decoder) order(start, base int) error {
	members := d.members[base:]
	d.members = d.members[:base]
	byKey := func(a, b member) int { return bytes.Compare(a.key, b.key) }
	sorted := slices.IsSortedFunc(members, byKey)
	if !sorted {
		slices.SortFunc(members, byKey)
	}
	for i := 1; i < len(members); i++ {
		if bytes.Equal(members[i-1].key, members[i].key) {
			return &fault{DuplicateKey, "an object with the same key twice: " + strconv.QuoteToGraphic(string(members[i].key))}
		}
	}
	if sorted {
		return nil
	}
	d.scratch = append(d.scratch[:0], d.arena[start:]...)
	d.arena = append(d.arena[:start], '{')
	for i, m := range members {
		if i > 0 {
			d.arena = append(d.arena, ',')
		}
		d.arena = append(d.arena, d.scratch[m.start-start:m.end-start]...)
	}
	d.arena = append(d.arena, '}')
	return nil
}
