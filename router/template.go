package router

import (
	"slices"

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
	utc   bool // see tree.Hole
}

// newTemplate makes a template of a plan with holes. Values that are fixed are put
// in for good.
func newTemplate(plan *Plan, values []guard.Value, fixed []int) *template {
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
		if p.value < 0 {
			break
		}
		mark := byte(tree.HoleMark)
		if p.utc {
			mark = tree.UTCHoleMark
		}
		text = append(text, mark, byte(p.value))
	}
	return string(text)
}

// split cuts a text at its holes.
func split(text string, values []guard.Value, fixed []int) (parts []part) {
	var before []byte
	for {
		at := hole(text)
		if at < 0 {
			return append(parts, part{text: string(append(before, text...)), value: -1})
		}
		before = append(before, text[:at]...)
		p := part{value: int(text[at+1]), utc: text[at] == tree.UTCHoleMark}
		text = text[at+2:]
		if slices.Contains(fixed, p.value) {
			before = values[p.value].Append(before, p.utc)
			continue
		}
		p.text = string(before)
		parts = append(parts, p)
		before = before[:0]
	}
}

// hole returns where the next hole begins, or -1.
func hole(text string) int {
	for i := range len(text) {
		if text[i] == tree.HoleMark || text[i] == tree.UTCHoleMark {
			return i
		}
	}
	return -1
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
			text = values[p.value].Append(text, p.utc)
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
