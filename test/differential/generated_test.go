package differential

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"
)

// generated is a query of the generator. It is sent with placeholders if that says
// so.
type generated struct {
	tree         *node
	placeholders bool
}

func (q generated) query() query {
	if q.placeholders {
		return q.tree.placeheld()
	}
	return query{sql: q.tree.String()}
}

// judgeGenerated judges a generated query. A difference, or a failure that depends on
// the values met, counts only if the oracle is of one mind.
func (s *scattering) judgeGenerated(q generated) verdict {
	asked, r := q.query(), q.tree.rules()
	v := s.judge(asked, r)
	switch {
	case v.class != wrong || v.reason == "breaks":
	case !s.settled(asked, r):
		v.class, v.reason = open, "the oracle itself: "+v.reason
	case s.misnames(q.tree, asked):
		v.class, v.reason = open, "the oracle mixes up names"
	}
	return v
}

// misnames reports whether the oracle gives a column another name than its
// alias. MariaDB does so with constants from derived tables, now and then.
func (s *scattering) misnames(tree *node, asked query) bool {
	a, err := s.oracle.ask(asked)
	arms := tree.items()
	if err != nil || len(arms) == 0 {
		return false
	}
	for i, item := range arms[0] {
		if i < len(a.columns) && item.alias != "" && item.alias != a.columns[i].name {
			return true
		}
	}
	return false
}

// mostShrunk bounds the wrong queries that are made small in one run, which
// takes its time.
const mostShrunk = 12

// run is one run of generated queries.
type run struct {
	seed    uint64
	queries int       // how many at most
	until   time.Time // zero: until all have been asked
	sum     *tally
	shrunk  *atomic.Int64 // wrong queries that were made small
}

// runGenerated puts the generated queries with the numbers from 0 to a
// scattering.
func (s *scattering) runGenerated(t *testing.T, r run) {
	inParallel(r.queries, r.until, func(i int) {
		g := newGenerator(r.seed, uint64(i))
		q := generated{tree: g.generate()}
		q.placeholders = g.placeholders
		v := s.judgeGenerated(q)
		place := fmt.Sprintf("seed %d, query %d", r.seed, i)
		r.sum.add("generated", v, place, q.tree.String())
		if v.class == identical && i%4 == 0 {
			r.sum.plan(s.service.explain(q.query()))
		}
		if v.class != wrong {
			return
		}
		if r.shrunk.Add(1) > mostShrunk {
			t.Errorf("%s, %s: WRONG: %s\n%s", s.name, place, v.reason, q.tree)
			return
		}
		t.Errorf("%s\n%s: WRONG: %s\n%s\n%s", s, place, v.reason, q.tree, s.shrink(q, v))
	})
}

// shrink makes a wrong query smaller as long as it stays wrong in the same
// respect, and returns it with its answers and its plan.
func (s *scattering) shrink(q generated, v verdict) string {
	last := v
	tree := shrinkTree(q.tree, time.Now().Add(shrinkTime), func(smaller *node) bool {
		found := s.judgeGenerated(generated{smaller, q.placeholders})
		if found.class != wrong || found.reason != v.reason {
			return false
		}
		last = found
		return true
	})
	small := generated{tree, q.placeholders}.query()
	return fmt.Sprintf("smallest: %s\n%s\n%s\nplan: %s", tree, last.reason, last.detail, s.service.explain(small))
}
