package ingest

import (
	"bytes"
	"math/bits"
	"slices"
	"strconv"

	"github.com/kolide/databalancer/fault"
)

// MaxDepth is the number of levels of arrays and objects that a json field's
// value may have. MariaDB refuses JSON of 32 levels, and the value becomes
// part of a larger one.
const MaxDepth = 30

// canon is the canonical JSON of a field's value: a range of the body or of
// the arena, which may still have to be quoted.
type canon struct {
	start, end int
	arena      bool
	quote      bool
}

// finish ends an event: its cells, and its canonical JSON.
func (d *decoder) finish() {
	d.ends = append(d.ends, len(d.cells))
	if !d.rawLogs {
		return
	}
	raw := append(d.raw, '{')
	for w, word := range d.seen {
		for ; word != 0; word &= word - 1 {
			rank := w*64 + bits.TrailingZeros64(word)
			raw = append(raw, d.fields.keys[rank]...)
			raw = d.appendCanon(raw, d.values[rank])
			raw = append(raw, ',')
		}
	}
	if raw[len(raw)-1] == ',' {
		raw = raw[:len(raw)-1]
	}
	d.raw = append(raw, '}')
	d.rawEnds = append(d.rawEnds, len(d.raw))
}

func (d *decoder) appendCanon(dst []byte, c canon) []byte {
	from := d.buf
	if c.arena {
		from = d.arena
	}
	if c.quote {
		return appendQuoted(dst, from[c.start:c.end])
	}
	return append(dst, from[c.start:c.end]...)
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
			return &flaw{fault.DuplicateKey, "an object with the same key twice: " + strconv.QuoteToGraphic(string(members[i].key))}
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
