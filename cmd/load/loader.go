package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/go-faster/jx"
)

// maxFamilies bounds how many families one run may send to, so that a field
// which identifies events is not taken for one that names families.
const maxFamilies = 1000

// loader is one run of the command.
type loader struct {
	options
	client   *client
	sources  []*source
	events   []int // by source, as surveyed
	families map[string]*family
	names    map[string]string // family names as events give them, cleaned
	order    []*family         // in order of appearance
	stderr   io.Writer
}

func newLoader(o options, sources []*source, stderr io.Writer) *loader {
	return &loader{
		options:  o,
		client:   newClient(&o),
		sources:  sources,
		events:   make([]int, len(sources)),
		families: make(map[string]*family),
		names:    make(map[string]string),
		stderr:   stderr,
	}
}

// survey is the first pass: it reads all events and sends nothing.
func (l *loader) survey(ctx context.Context) error {
	for i, src := range l.sources {
		err := l.read(ctx, src, -1, func(event []byte, f *family, _ origin) error {
			l.events[i]++
			return f.survey.add(event)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// settle fixes every family's schema, given what the server has stored.
func (l *loader) settle(ctx context.Context) error {
	for _, f := range l.order {
		known, err := l.client.describe(ctx, f.name)
		if err != nil {
			return err
		}
		f.settle(f.survey.schema(l.schema, known))
		for _, field := range f.schema {
			if field.Name != field.Source {
				fmt.Fprintf(l.stderr, "%s: the field %q is sent as %q\n", f.name, field.Source, field.Name)
			}
		}
	}
	return nil
}

// read calls use with the first n events of a source, or with all if n is
// negative.
func (l *loader) read(ctx context.Context, src *source, n int, use func([]byte, *family, origin) error) error {
	in, err := src.open()
	if err != nil {
		return err
	}
	defer in.Close()
	for events := newSplitter(in); n != 0; n-- {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		event, line, err := events.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		from := origin{src, line}
		var f *family
		if err == nil {
			f, err = l.familyOf(event, src)
		}
		if err == nil {
			err = use(event, f, from)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", from, err)
		}
	}
	return nil
}

// familyOf returns the family that an event goes to.
func (l *loader) familyOf(event []byte, src *source) (*family, error) {
	given := src.family
	if l.familyField != "" {
		value, err := stringField(event, l.familyField)
		if err != nil {
			return nil, fmt.Errorf("event: %w", err)
		}
		if value != "" {
			given = value
		}
	}
	if given == "" {
		return nil, fmt.Errorf("the event has no %s, and no -family is given", l.familyField)
	}
	name, ok := l.names[given]
	if !ok {
		if name = cleanFamily(given); name != given {
			fmt.Fprintf(l.stderr, "the family %q is sent as %q\n", given, name)
		}
		l.names[given] = name
	}
	key := strings.ToLower(name)
	f := l.families[key]
	if f == nil {
		if len(l.families) == maxFamilies {
			return nil, fmt.Errorf("more than %d families", maxFamilies)
		}
		f = &family{name: name, survey: newSurvey()}
		l.families[key] = f
		l.order = append(l.order, f)
	}
	return f, nil
}

// errFound ends a search.
var errFound = errors.New("found")

// stringField returns the value of an event's field if that is a string, and
// else "".
func stringField(event []byte, name string) (value string, err error) {
	err = jx.DecodeBytes(event).ObjBytes(func(d *jx.Decoder, key []byte) error {
		if string(key) != name {
			return d.Skip()
		}
		if d.Next() == jx.String {
			if value, err = d.Str(); err != nil {
				return err
			}
		}
		return errFound
	})
	if errors.Is(err, errFound) {
		err = nil
	}
	return value, err
}
