package router

import (
	"encoding/binary"
	"hash/fnv"
	"slices"
	"sync"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/guard"
	"github.com/kolide/databalancer/router/tree"
)

// DefaultPlanBytes is the memory for plans where Config says none.
const DefaultPlanBytes = 32 << 20

// plans remembers plans by the text of their queries with the values taken out, for
// one snapshot at a time. It is safe for concurrent use.
//
// There are two generations: what is asked for moves to the young one, and when
// that holds half of the memory, it becomes the old one, and what was old is
// forgotten.
type plans struct {
	most int // bytes of a generation

	mu           sync.Mutex
	snap         *catalog.Snapshot
	dialects     []Dialect
	young, old   map[string]known
	bytes, aged  int // of the generations
	hits, misses uint64
}

// known is what is remembered of a kind of query: its plan, or which values must
// be known besides to find it.
type known struct {
	plan  *template
	fixed []int
}

// PlanStats counts what became of queries whose plans may be remembered, since the
// start, and the memory that the plans take.
type PlanStats struct {
	Hits, Misses uint64
	Bytes        int
}

// lookup is what one query is looked up by.
type lookup struct {
	lifted guard.Lifted
	key    []byte
}

var lookupsAtRest = sync.Pool{New: func() any { return new(lookup) }}

// find returns the plan of a query that is looked up, or nil.
func (p *plans) find(l *lookup, snap *catalog.Snapshot) *template {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.snap != snap {
		p.snap, p.bytes, p.aged = snap, 0, 0
		p.young, p.old = map[string]known{}, nil
	}
	k := p.get(l.key)
	if k.plan == nil && k.fixed != nil {
		l.fix(k.fixed)
		k = p.get(l.key)
	}
	if k.plan == nil {
		p.misses++
		return nil
	}
	p.hits++
	return k.plan
}

// get returns what is known by a key, and keeps it young.
func (p *plans) get(key []byte) known {
	if k, ok := p.young[string(key)]; ok {
		return k
	}
	k, ok := p.old[string(key)]
	if ok {
		p.put(string(key), k)
	}
	return k
}

func (p *plans) put(key string, k known) {
	const each = 128
	size := each + len(key) + 8*len(k.fixed)
	if k.plan != nil {
		size += k.plan.bytes()
	}
	if size > p.most {
		return
	}
	if p.bytes+size > p.most {
		p.old, p.aged = p.young, p.bytes
		p.young, p.bytes = map[string]known{}, 0
	}
	p.young[key] = k
	p.bytes += size
}

// store remembers a plan that was made for a snapshot. The key is that before any
// value was fixed.
func (p *plans) store(l *lookup, snap *catalog.Snapshot, plan *template, fixed []int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.snap != snap {
		return
	}
	if len(fixed) > 0 {
		p.put(string(l.key), known{fixed: fixed})
		l.fix(fixed)
	}
	p.put(string(l.key), known{plan: plan})
}

// dialect returns the number of a dialect.
func (p *plans) dialect(d *Dialect) byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.dialects {
		if p.dialects[i] == *d {
			return byte(i)
		}
	}
	p.dialects = append(p.dialects, *d)
	return byte(len(p.dialects) - 1)
}

func (p *plans) stats() PlanStats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return PlanStats{Hits: p.hits, Misses: p.misses, Bytes: p.bytes + p.aged}
}

// fix adds values to the key.
func (l *lookup) fix(values []int) {
	for _, i := range values {
		text := l.lifted.Values[i].Text
		l.key = append(binary.AppendUvarint(l.key, uint64(len(text))), text...)
	}
}

// PlanStats returns what became of queries whose plans may be remembered.
func (r *Router) PlanStats() PlanStats {
	if r.plans == nil {
		return PlanStats{}
	}
	return r.plans.stats()
}

// remembered returns the plan of a query by what is remembered, or remembers the
// one that it makes. It returns nil where there is none to be remembered.
func (r *Router) remembered(snap *catalog.Snapshot, q *Query) *Plan {
	l := lookupsAtRest.Get().(*lookup)
	defer lookupsAtRest.Put(l)
	if !l.lifted.Lift(q.SQL, q.Args) {
		return nil
	}
	r.keyOf(l, q)
	if t := r.plans.find(l, snap); t != nil {
		return t.with(l.lifted.Values)
	}
	st, err := q.Dialect.ParseLifted(&l.lifted, r.limits)
	if err != nil {
		return nil
	}
	plan, err := r.planOf(snap, q, st)
	if err != nil {
		return nil
	}
	fixed := fixedValues(st.Holes(), l.lifted.Values)
	t := newTemplate(plan, l.lifted.Values, fixed)
	r.keyOf(l, q)
	r.plans.store(l, snap, t, fixed)
	return t.with(l.lifted.Values)
}

// fixedValues returns the values for which a plan is good alone: those without a
// hole, and those that had a say in it. Values that are part of the key anyway are
// not among them.
func fixedValues(holes []*tree.Hole, values []guard.Value) (fixed []int) {
	for i, hole := range holes {
		reads := func(h *tree.Hole) bool { return h != nil && h.Read && int(h.Slot) == i }
		if values[i].Kind != guard.Fixed && (hole == nil || slices.ContainsFunc(holes, reads)) {
			fixed = append(fixed, i)
		}
	}
	return fixed
}

// keyOf makes the key of a query that was lifted. The text's length tells where it
// ends, and values that are fixed begin.
func (r *Router) keyOf(l *lookup, q *Query) {
	text := l.lifted.Key()
	l.key = append(binary.AppendUvarint(l.key[:0], uint64(len(text))), text...)
	l.key = binary.AppendUvarint(l.key, uint64(max(q.MaxRows, 0)))
	whole := byte(0)
	if q.NoConcat {
		whole = 1
	}
	l.key = append(l.key, whole, r.plans.dialect(&q.Dialect))
	if len(r.homes) > 1 {
		l.key = binary.AppendUvarint(l.key, homeOf(q.SQL, len(r.homes)))
	}
}

// homeOf returns which of n homes a query is gathered on: always the same one, and
// different queries on different ones.
func homeOf(text string, n int) uint64 {
	hash := fnv.New64a()
	hash.Write([]byte(text)) // never fails
	return hash.Sum64() % uint64(n)
}
