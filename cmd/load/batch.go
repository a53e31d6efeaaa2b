package load

import (
	"fmt"

	"github.com/go-faster/jx"
)

// maxBody bounds a request's size in bytes, but for a single larger event.
const maxBody = 8 << 20

// family is one log family that events are sent to.
type family struct {
	name    string
	survey  *survey
	schema  Schema
	renames map[string]string
	head    []byte // what begins each of its requests, up to the events
}

// settle fixes the family's schema, once its survey is complete.
func (f *family) settle(schema Schema) {
	f.schema, f.renames = schema, schema.renames()
	var w jx.Writer
	w.ObjStart()
	w.FieldStart("family")
	w.Str(f.name)
	w.Comma()
	w.FieldStart("schema")
	w.ObjStart()
	for i, field := range schema {
		if i > 0 {
			w.Comma()
		}
		w.FieldStart(field.Name)
		w.Str(string(field.Type))
	}
	w.ObjEnd()
	w.Comma()
	w.FieldStart("logs")
	f.head = w.Buf
}

// origin is where an event was read.
type origin struct {
	source *source
	line   int
}

func (o origin) String() string { return fmt.Sprintf("%s:%d", o.source.name, o.line) }

// batch is the events of one request. Its body is complete but for the tail.
type batch struct {
	family  *family
	body    []byte
	origins []origin // by event
	bytes   int      // of the events' text
}

var batchTail = []byte("]}")

func newBatch(f *family) *batch {
	return &batch{family: f, body: append(append([]byte(nil), f.head...), '[')}
}

// add appends one event, its fields renamed where the family has it so.
func (b *batch) add(event []byte, from origin) error {
	if len(b.origins) > 0 {
		b.body = append(b.body, ',')
	}
	before := len(b.body)
	if b.family.renames == nil {
		b.body = append(b.body, event...)
	} else {
		var err error
		if b.body, err = appendRenamed(b.body, event, b.family.renames); err != nil {
			return err
		}
	}
	b.origins = append(b.origins, from)
	b.bytes += len(b.body) - before
	return nil
}

// appendRenamed appends the event with other names for some of its fields and
// each value as it is written.
func appendRenamed(dst, event []byte, names map[string]string) ([]byte, error) {
	w := jx.Writer{Buf: dst}
	w.ObjStart()
	first := true
	err := jx.DecodeBytes(event).ObjBytes(func(d *jx.Decoder, key []byte) error {
		if !first {
			w.Comma()
		}
		first = false
		if name, ok := names[string(key)]; ok {
			w.FieldStart(name)
		} else {
			w.FieldStart(string(key))
		}
		value, err := d.Raw()
		w.Raw(value)
		return err
	})
	w.ObjEnd()
	return w.Buf, err
}
