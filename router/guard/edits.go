package guard

import (
	"strings"

	"github.com/kolide/databalancer/fault"
)

// edit puts text in the place of old bytes.
type edit struct {
	at, old int
	text    string
}

// edited is a text with edits in order.
type edited []edit

// apply returns the edited text.
func (e edited) apply(text string) string {
	var b strings.Builder
	done := 0
	for _, x := range e {
		b.WriteString(text[done:x.at])
		b.WriteString(x.text)
		done = x.at + x.old
	}
	b.WriteString(text[done:])
	return b.String()
}

// back returns where in the text before stands what is at an offset of the text
// after.
func (e edited) back(offset int) int { return e.locate(offset, false) }

// backEnd returns where in the text before ends what ends at an offset of the
// text after: what was put in or left out behind it does not count.
func (e edited) backEnd(offset int) int { return e.locate(offset, true) }

func (e edited) locate(offset int, end bool) int {
	delta := 0
	for _, x := range e {
		switch start := x.at + delta; {
		case offset < start, end && offset == start:
			return offset - delta
		case offset < start+len(x.text):
			return x.at
		}
		delta += len(x.text) - x.old
	}
	return offset - delta
}

// relocate makes an error about the edited text one about the client's.
func (e edited) relocate(err error) error {
	f, ok := err.(*fault.Error)
	if !ok || f.Facts().Offset == nil {
		return err
	}
	facts := f.Facts()
	offset := e.back(*facts.Offset)
	facts.Offset = &offset
	return f.With(facts)
}
