package differential

import "slices"

// block says what a query is for.
type block struct {
	depth int
	outer *scope
	want  []class // the classes of its columns; nil: any
	top   bool    // the client's own, whose columns may have any names
	most  int     // rows that its FROM may have; 0: mostRows
	whole bool    // without LIMIT, which MariaDB does not take in IN (…)
}

// made is a query with what it returns.
type made struct {
	*node
	columns []named
	rows    int
	items   []*node
}

// query makes a query, perhaps with CTEs.
func (g *generator) query(b block) made {
	if b.most == 0 {
		b.most = mostRows
	}
	if b.outer == nil && b.depth > 1 && g.tables > 2 && g.chance(14) {
		return g.with(b)
	}
	return g.body(b)
}

// body makes a query without CTEs of its own.
func (g *generator) body(b block) made {
	if b.depth > 1 && g.tables > 1 && g.chance(map[bool]int{true: 16, false: 9}[b.top]) {
		return g.setOperation(b)
	}
	return g.selectFrom(b)
}

// with puts CTEs before a query.
func (g *generator) with(b block) made {
	outside := len(g.ctes)
	list := several("WITH ", ", ", 1)
	for range 1 + g.roll(70, 30) {
		if g.chance(15) {
			list.prefix = "WITH RECURSIVE "
			list.kids = append(list.kids, g.recursive())
			continue
		}
		name := g.name("w")
		q := g.query(block{depth: b.depth - 1})
		list.kids = append(list.kids, piece(other, name+" AS (#) ", q.node))
		g.ctes = append(g.ctes, &src{alias: name, columns: q.columns, rows: q.rows})
	}
	q := g.body(block{depth: b.depth - 1, want: b.want, top: b.top, most: b.most, whole: b.whole})
	g.ctes = g.ctes[:outside]
	if !q.kids[0].isList { // a set operation
		q.node = g.wrap(&q, b.top)
	}
	q.kids[0] = list
	return q
}

// wrap makes a query a derived table of one that has room for WITH.
func (g *generator) wrap(q *made, top bool) *node {
	alias := g.name("d")
	items := several("", ", ", 1)
	for _, c := range q.columns {
		item := piece(itemNode, "#", literal(alias+"."+c.name))
		item.alias, item.is = c.name, c.attributes
		items.kids = append(items.kids, item)
	}
	q.items = items.kids
	none := func() *node { return several("", "", 0) }
	return piece(queryNode, "#SELECT #########", none(), none(), items,
		several(" FROM ", ", ", 0, piece(tableNode, "(#) AS "+alias, q.node)), none(), none(), none(), none(), none(), none())
}

// recursive is a CTE that counts, or climbs from persons to their bosses.
func (g *generator) recursive() *node {
	name := g.name("w")
	whole := attributes{class: integer, tame: true}
	if g.tables > 1 && g.chance(50) {
		g.tables -= 2
		g.ctes = append(g.ctes, &src{alias: name, rows: 40, columns: []named{{"id", whole}, {"boss", whole}, {"level", whole}}})
		return piece(other, name+" AS (SELECT id, boss, 0 AS level FROM person WHERE # UNION ALL SELECT p.id, p.boss, r.level + 1 FROM person p JOIN "+
			name+" r ON p.id = r.boss WHERE r.level < 4) ", literal(pick(g, "id > 30", "boss IS NOT NULL AND id < 9", "country = 'de'")))
	}
	g.ctes = append(g.ctes, &src{alias: name, rows: 6, columns: []named{{"n", whole}}})
	return leaf(name + " AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM " + name + " WHERE n < " + pick(g, "3", "6", "9") + ") ")
}

// selectFrom makes a SELECT. Its kids are: WITH, DISTINCT, the items, FROM,
// WHERE, GROUP BY, HAVING, WINDOW, ORDER BY and LIMIT.
func (g *generator) selectFrom(b block) made {
	fromList, s := g.from(b.depth, b.outer, b.most)
	e := &env{scope: s}
	where := several(" WHERE ", " AND ", 0)
	for range g.roll(38, 40, 17, 5) {
		where.kids = append(where.kids, g.predicate(e, b.depth))
	}
	if b.outer != nil && len(b.outer.sources) > 0 && g.chance(70) {
		where.kids = append(where.kids, g.equality(s.sources, b.outer.sources))
	}
	q := made{node: &node{sort: queryNode, text: []string{"", "SELECT ", "", "", "", "", "", "", "", "", ""}}}
	group, having := several(" GROUP BY ", ", ", 0), several(" HAVING ", " AND ", 0)
	rollup := several("", "", 0)
	q.rows = s.rows
	switch g.roll(62, 30, 8) {
	case 1:
		e = g.groupBy(e, group)
		q.rows = max(s.rows/3, 1)
		rollup = maybe(len(group.kids) > 0 && g.chance(8), " WITH ROLLUP")
	case 2:
		e = &env{scope: s, grouped: true}
		q.rows = 1
	}
	distinct := !e.grouped && g.chance(14)
	items, windows := g.items(b, e, distinct)
	q.items = items.kids
	q.columns = columnsOf(items.kids, distinct || len(rollup.kids) > 0)
	if e.grouped && g.chance(20) {
		shown := slices.DeleteFunc(slices.Clone(e.keys), func(k ex) bool { return len(k.kids) > 0 || !selected(items, k) })
		having.kids = append(having.kids, g.predicate(&env{scope: s, grouped: true, keys: shown, flat: g.chance(60)}, 1))
	}
	if distinct {
		q.rows = max(s.rows/2, 1)
	}
	order, limit := several(orderBy, ", ", 0), several("", "", 0)
	if len(rollup.kids) == 0 {
		order, limit = g.tail(b, e, &q, distinct)
	}
	q.kids = []*node{several("", "", 0), maybe(distinct, "DISTINCT "), items, fromList, where,
		piece(other, "##", group, rollup), having, windows, order, limit}
	return q
}

// selected reports whether an expression is an item itself. Of other keys
// HAVING may not know.
func selected(items *node, x ex) bool {
	return slices.ContainsFunc(items.kids, func(item *node) bool { return item.kids[0].String() == x.String() })
}

// columnsOf are the columns that items make.
func columnsOf(items []*node, merged bool) []named {
	var columns []named
	for _, item := range items {
		if merged && foldable(item.is.class) {
			item.is.open = true
		}
		columns = append(columns, named{item.alias, item.is})
	}
	return columns
}

// groupBy chooses the keys of a GROUP BY.
func (g *generator) groupBy(e *env, group *node) *env {
	grouped := &env{scope: e.scope, grouped: true}
	for range 1 + g.roll(60, 30, 10) {
		var k ex
		if g.chance(75) {
			found, ok := g.column(&env{scope: &scope{sources: e.sources}}, func(c named) bool { return !c.approx && c.class != bits })
			if !ok {
				break
			}
			k = found
		} else {
			k = g.expression(pick(g, integer, text, date), &env{scope: e.scope, flat: true}, 1)
			if k.approx || k.constant() {
				continue
			}
		}
		group.kids = append(group.kids, k.node)
		k.open = k.open || foldable(k.class)
		grouped.keys = append(grouped.keys, k)
	}
	return grouped
}

// constant reports whether an expression has no column in it: a number in
// GROUP BY would be a position.
func (x ex) constant() bool {
	is := true
	x.find(func(n *node) bool {
		is = is && (n.sort != exprNode || len(n.kids) > 0 || n.arg != nil || !slices.Contains([]byte(n.text[0]), '.'))
		return true
	})
	return is
}
