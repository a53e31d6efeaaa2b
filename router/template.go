package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/guard"
	"github.com/kolide/databalancer/router/tree"
)

// template is a plan that is good for many queries: those that differ from the one
// it was made for in values that only their statements tell.
type template struct {
	plan  *Plan
	fills []fill
}

// fill is a text of the plan that has holes.
type fill struct {
	text  int // its place among the plan's texts
	parts []part
	bytes int // of the parts
}

// part is some text, and the value behind it; the last one has none, -1.
type part struct {
	text  string
	value int
}

// newTemplate makes a template of a plan with holes. Values that are fixed are put
// in for good.
func newTemplate(plan *Plan, values []guard.Value, fixed func(value int) bool) *template {
	t := &template{plan: plan}
	for i, text := range plan.texts() {
		parts := split(*text, values, fixed)
		*text = joined(parts)
		if len(parts) == 1 {
			continue
		}
		f := fill{text: i, parts: parts}
		for _, p := range parts {
			f.bytes += len(p.text)
		}
		t.fills = append(t.fills, f)
	}
	for _, step := range plan.Steps {
		if step.Ship != nil {
			step.Ship.ShapeKey = step.Ship.Shape
		}
	}
	return t
}

// joined returns the text of parts, with holes between them.
func joined(parts []part) string {
	var text []byte
	for _, p := range parts {
		text = append(text, p.text...)
		if p.value >= 0 {
			text = append(text, tree.HoleMark, byte(p.value))
		}
	}
	return string(text)
}

// split cuts a text at its holes.
func split(text string, values []guard.Value, fixed func(value int) bool) (parts []part) {
	var before []byte
	for {
		at := strings.IndexByte(text, tree.HoleMark)
		if at < 0 {
			return append(parts, part{string(append(before, text...)), -1})
		}
		before = append(before, text[:at]...)
		value := int(text[at+1])
		text = text[at+2:]
		if fixed(value) {
			before = values[value].Append(before)
			continue
		}
		parts = append(parts, part{string(before), value})
		before = before[:0]
	}
}

// with returns the plan for other values.
func (t *template) with(values []guard.Value) *Plan {
	if len(t.fills) == 0 {
		return t.plan
	}
	plan := t.plan.copy()
	texts := plan.texts()
	for _, f := range t.fills {
		*texts[f.text] = f.with(values)
	}
	return plan
}

func (f *fill) with(values []guard.Value) string {
	size := f.bytes
	for _, p := range f.parts[:len(f.parts)-1] {
		size += len(values[p.value].Text) + len("''")
	}
	text := make([]byte, 0, size)
	for _, p := range f.parts {
		text = append(text, p.text...)
		if p.value >= 0 {
			text = values[p.value].Append(text)
		}
	}
	return string(text)
}

// bytes is about the memory that the template takes.
func (t *template) bytes() int {
	const each = 256
	size := each
	for _, text := range t.plan.texts() {
		size += each + len(*text)
	}
	for _, f := range t.fills {
		size += f.bytes + len(f.parts)*each/8
	}
	return size
}

// texts returns every text of the plan that is sent to shards.
func (p *Plan) texts() []*string {
	texts := make([]*string, 0, len(p.Steps)+len(p.Known))
	for i := range p.Known {
		texts = append(texts, &p.Known[i].SQL)
	}
	for i := range p.Steps {
		step := &p.Steps[i]
		texts = append(texts, &step.SQL)
		if step.Ship == nil {
			continue
		}
		texts = append(texts, &step.Ship.Shape)
		if f := step.Ship.Filter; f != nil {
			texts = append(texts, &f.Keys, &f.Before, &f.Behind)
		}
	}
	return texts
}

// copy returns a plan whose texts are its own.
func (p *Plan) copy() *Plan {
	c := *p
	c.Known = slices.Clone(p.Known)
	c.Steps = slices.Clone(p.Steps)
	for i := range c.Steps {
		if c.Steps[i].Ship == nil {
			continue
		}
		ship := *c.Steps[i].Ship
		if ship.Filter != nil {
			filter := *ship.Filter
			ship.Filter = &filter
		}
		c.Steps[i].Ship = &ship
	}
	return &c
}
