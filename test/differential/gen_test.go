package differential

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// generator makes random SELECTs over the tables of the tests: mostly valid,
// mostly joins and subqueries, and never such that SQL leaves open more of
// their answer than their marks tell.
type generator struct {
	source
	names  int
	tables int    // how many references to tables the query may still have
	ctes   []*src // in scope
	// placeholders is set for a query whose literals are to be sent as
	// arguments: all its columns are then named.
	placeholders bool
}

// attributes are what is known of a value.
type attributes struct {
	class     class
	tame      bool // see field
	open      bool // see mark; then it can only be shown, compared, grouped and sorted by
	approx    bool // see mark; then it can only be shown
	collation string
}

// ex is an expression.
type ex struct {
	*node
	attributes
}

// named is a column as a scope has it.
type named struct {
	name string
	attributes
}

// src is a source of rows in a FROM.
type src struct {
	alias   string
	columns []named
	keys    []string // columns that tell its rows apart; none: nothing does
	rows    int      // about how many
}

// scope is what names can refer to.
type scope struct {
	sources []*src
	outer   *scope
	rows    int // about how many rows the FROM has
}

// keys tell the rows of a FROM apart; none: nothing does.
func (s *scope) keys() []string {
	var all []string
	for _, from := range s.sources {
		if len(from.keys) == 0 {
			return nil
		}
		for _, k := range from.keys {
			all = append(all, from.alias+"."+k)
		}
	}
	return all
}

// env is where an expression stands.
type env struct {
	*scope
	grouped bool // only keys and aggregates can be used
	keys    []ex
	flat    bool // no subqueries, for an aggregate's argument
}

// newGenerator returns one that makes always the same queries for a seed.
func newGenerator(seed, n uint64) *generator {
	return &generator{source: rand.New(rand.NewPCG(seed, n))}
}

// generate makes a query.
func (g *generator) generate() *node {
	g.tables = 2 + g.IntN(7)
	g.placeholders = g.chance(10)
	q := g.query(block{depth: 3, top: true})
	return q.node
}

func (g *generator) name(prefix string) string {
	g.names++
	return fmt.Sprintf("%s%d", prefix, g.names)
}

// roll returns a random index, each as likely as its weight says.
func (g *generator) roll(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	n := g.IntN(sum)
	for i, w := range weights {
		if n -= w; n < 0 {
			return i
		}
	}
	panic("not reached")
}

// chance is true in n of 100 cases.
func (g *generator) chance(n int) bool { return g.IntN(100) < n }

func pick[T any](g *generator, of ...T) T { return of[g.IntN(len(of))] }

// column returns a reference to a random column for which ok is true: of the
// own FROM mostly, and of one around it sometimes.
func (g *generator) column(e *env, ok func(named) bool) (ex, bool) {
	if e.grouped {
		return g.groupKey(e, ok)
	}
	s := e.scope
	for s != nil && s.outer != nil && (len(s.sources) == 0 || g.chance(15)) {
		s = s.outer
	}
	var found []ex
	for ; s != nil && len(found) == 0; s = s.outer {
		found = s.columns(ok)
	}
	if len(found) == 0 {
		return ex{}, false
	}
	return pick(g, found...), true
}

func (s *scope) columns(ok func(named) bool) []ex {
	var found []ex
	for _, from := range s.sources {
		for _, c := range from.columns {
			if ok(c) {
				found = append(found, ex{literal(from.alias + "." + c.name), c.attributes})
			}
		}
	}
	return found
}

// groupKey returns one of the expressions of GROUP BY.
func (g *generator) groupKey(e *env, ok func(named) bool) (ex, bool) {
	keys := slices.DeleteFunc(slices.Clone(e.keys), func(k ex) bool { return !ok(named{attributes: k.attributes}) })
	if len(keys) == 0 {
		return ex{}, false
	}
	k := pick(g, keys...)
	return ex{k.clone(), k.attributes}, true
}

// of matches columns of some classes that functions can take.
func of(classes ...class) func(named) bool {
	return func(c named) bool { return !c.open && !c.approx && slices.Contains(classes, c.class) }
}

// comparableAs matches columns that can be compared, too.
func comparableAs(classes ...class) func(named) bool {
	return func(c named) bool { return !c.approx && slices.Contains(classes, c.class) }
}

func tameNumber(c named) bool {
	return c.tame && !c.open && !c.approx && (c.class == integer || c.class == decimal || c.class == float)
}
