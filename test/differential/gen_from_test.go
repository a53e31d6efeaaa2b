package differential

import (
	"slices"
	"strings"
)

// mostRows is how many rows a FROM may have, by its estimate.
const mostRows = 2500

// fromPart is a part of a FROM.
type fromPart struct {
	*node
	sources []*src
	rows    int
	plain   bool // one base table
}

// from makes a FROM and what names can then refer to.
func (g *generator) from(depth int, outer *scope, most int) (*node, *scope) {
	tree := g.joins(1+g.roll(30, 40, 22, 8), depth, outer, most)
	list := several(" FROM ", ", ", 0, tree.node)
	s := &scope{sources: tree.sources, outer: outer, rows: tree.rows}
	if tree.rows <= 40 && g.tables > 0 && g.chance(8) {
		more := g.factor(depth, outer)
		if s.rows*more.rows <= min(most, mostRows) {
			list.kids = append(list.kids, more.node)
			s.sources, s.rows = append(s.sources, more.sources...), s.rows*max(more.rows, 1)
		}
	}
	return list, s
}

// joins joins n tables.
func (g *generator) joins(n, depth int, outer *scope, most int) fromPart {
	if n == 1 || g.tables <= 1 {
		return g.factor(depth, outer)
	}
	right := 1
	if n > 2 && g.chance(25) {
		right = 2
	}
	l, r := g.joins(n-right, depth, outer, most), g.joins(right, depth, outer, most)
	if len(r.sources) > 1 {
		r.node = piece(tableNode, "(#)", r.node)
	}
	return g.join(l, r, outer, most)
}

func (g *generator) join(l, r fromPart, outer *scope, most int) fromPart {
	j := fromPart{sources: append(slices.Clone(l.sources), r.sources...), rows: min(max(l.rows, r.rows)*3, l.rows*r.rows)}
	if l.plain && r.plain {
		if names := shared(l.sources[0], r.sources[0]); len(names) > 0 && g.chance(12) {
			j.node = g.namedJoin(l, r, names)
			return j
		}
	}
	if l.rows*r.rows <= min(most, 300) && g.chance(25) {
		j.node, j.rows = piece(tableNode, pick(g, "# CROSS JOIN #", "# JOIN #"), l.node, r.node), l.rows*r.rows
		return j
	}
	format := pick(g, "# JOIN # ON #", "# JOIN # ON #", "# INNER JOIN # ON #", "# LEFT JOIN # ON #", "# LEFT JOIN # ON #", "# RIGHT JOIN # ON #")
	j.node = piece(tableNode, format, l.node, r.node, g.on(l, r, &scope{sources: j.sources, outer: outer, rows: j.rows}))
	return j
}

// on makes a join's condition: an equality of both sides, mostly, and more.
func (g *generator) on(l, r fromPart, both *scope) *node {
	conditions := several("", " AND ", 1, g.equality(l.sources, r.sources))
	for g.chance(25) && len(conditions.kids) < 4 {
		conditions.kids = append(conditions.kids, g.predicate(&env{scope: both, flat: g.chance(70)}, 1))
	}
	return conditions
}

// equality compares a column of each side, of classes that go together.
func (g *generator) equality(l, r []*src) *node {
	for range 12 {
		kind := pick(g, []class{integer}, []class{integer}, []class{integer}, []class{text}, []class{text}, []class{integer, decimal, float, boolean},
			[]class{date, stamp}, []class{bytesOf}, []class{document}, []class{clock}, []class{year, integer}, []class{integer, bits})
		left := (&scope{sources: l}).columns(comparableAs(kind...))
		right := (&scope{sources: r}).columns(comparableAs(kind...))
		if len(left) == 0 || len(right) == 0 {
			continue
		}
		a, b := pick(g, left...), pick(g, right...)
		if a.class == text && a.collation != b.collation && g.chance(85) {
			continue // mostly an error
		}
		if g.chance(50) {
			a, b = b, a
		}
		return piece(exprNode, pick(g, "# = #", "# = #", "# = #", "# = #", "# <=> #"), a.node, b.node)
	}
	return literal("1 = 1")
}

// shared are the columns that two base tables have in common.
func shared(a, b *src) []string {
	var names []string
	for _, c := range a.columns {
		if slices.ContainsFunc(b.columns, func(d named) bool { return c.name == d.name && c.class == d.class && c.collation == d.collation }) {
			names = append(names, c.name)
		}
	}
	return names
}

// namedJoin is a NATURAL JOIN or one with USING.
func (g *generator) namedJoin(l, r fromPart, names []string) *node {
	side := pick(g, "", "", "LEFT ", "RIGHT ")
	if g.chance(25) {
		return piece(tableNode, "# NATURAL "+side+"JOIN #", l.node, r.node)
	}
	g.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	return piece(tableNode, "# "+side+"JOIN # USING ("+strings.Join(names[:1+g.IntN(min(2, len(names)))], ", ")+")", l.node, r.node)
}

// factor is one table of a FROM: a base table, a derived table or a CTE.
func (g *generator) factor(depth int, outer *scope) fromPart {
	if len(g.ctes) > 0 && g.chance(40) {
		g.tables--
		cte := pick(g, g.ctes...)
		alias := g.name("c")
		return fromPart{node: piece(tableNode, cte.alias+" AS "+alias), rows: cte.rows,
			sources: []*src{{alias: alias, columns: cte.columns, keys: cte.keys, rows: cte.rows}}}
	}
	if depth > 1 && g.tables > 1 && g.chance(22) {
		alias := g.name("d")
		q := g.query(block{depth: depth - 1})
		return fromPart{node: piece(tableNode, "(#) AS "+alias, q.node), rows: q.rows,
			sources: []*src{{alias: alias, columns: q.columns, rows: q.rows}}}
	}
	return g.base()
}

// base is a reference to one of the tables.
func (g *generator) base() fromPart {
	g.tables--
	t := pick(g, everything...)
	if t.rows == 1 && g.chance(60) || g.chance(10) { // the empty ones, and the one row
		t = pick(g, splitSources...)
	}
	alias := g.name("t")
	from := *t
	from.alias = alias
	return fromPart{node: piece(tableNode, t.alias+" AS "+alias), sources: []*src{&from}, rows: t.rows, plain: true}
}

// everything are all tables, as sources.
var everything = sources()

// splitSources are those of which each shard has a part.
var splitSources = slices.DeleteFunc(slices.Clone(everything), func(s *src) bool {
	return s.alias != "raw_logs" && !slices.ContainsFunc(families, func(t table) bool { return t.split && t.name == s.alias })
})

func sources() []*src {
	var all []*src
	for _, t := range slices.Concat(registered, families) {
		s := &src{alias: t.name, rows: max(t.rows, 1)}
		if t.family {
			s.columns = append(s.columns, named{"id", attributes{class: integer}})
		}
		for i, f := range t.fields {
			if t.name == "wide" && i > 3 && i < wideFields-3 {
				continue // they are all alike
			}
			s.columns = append(s.columns, named{f.name, attributes{class: f.class, tame: f.tame, collation: f.collation}})
		}
		switch {
		case !t.heap:
			s.keys = []string{"id"}
		case t.keys != "":
			s.keys = []string{"a", "b"}
		}
		all = append(all, s)
	}
	raw := []named{{"id", attributes{class: integer}}, {"family", attributes{class: text, collation: own}},
		{"log", attributes{class: text, collation: own}}}
	return append(all, &src{alias: "raw_logs", columns: raw, keys: []string{"id"}, rows: 180})
}
