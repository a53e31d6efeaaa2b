package differential

// inner says what a subquery in an expression is for.
func (g *generator) inner(e *env, depth int, want ...class) block {
	most := 400
	if e.rows > 100 {
		most = 80
	}
	return block{depth: min(depth, 2) - 1, outer: e.around(), want: want, most: most, whole: true}
}

// around is what a subquery sees. Among groups columns have no value that is
// fixed, so it sees none.
func (e *env) around() *scope {
	if e.grouped {
		return &scope{}
	}
	return e.scope
}

// subqueryPredicate makes a condition with a subquery in it.
func (g *generator) subqueryPredicate(e *env, depth int) *node {
	c := g.subject(e)
	if c == bits || c == float || c == document {
		c = integer
	}
	switch g.roll(28, 34, 14, 14, 10) {
	case 0:
		return piece(exprNode, pick(g, "EXISTS (#)", "EXISTS (#)", "NOT EXISTS (#)"), g.subquery(e, depth, c).node)
	case 1:
		q := g.subquery(e, depth, c)
		return piece(exprNode, pick(g, "# IN (#)", "# IN (#)", "# NOT IN (#)"), g.like4like(q, e), q.node)
	case 2:
		q := g.subquery(e, depth, c)
		return piece(exprNode, "# "+pick(g, "= ANY", "<> ALL", "< ANY", ">= ALL", "> SOME", "<= ALL")+" (#)", g.like4like(q, e), q.node)
	case 3:
		x := g.scalar(c, e)
		if x.approx || x.open {
			return piece(exprNode, "# IS NOT NULL", x.node)
		}
		return piece(exprNode, "# "+pick(g, "=", "<", ">", "<=", "<>")+" #", g.operand(x.class, e, 0).node, x.node)
	}
	q := g.subquery(e, depth, integer, c)
	return piece(exprNode, pick(g, "(#, #) IN (#)", "(#, #) NOT IN (#)"), g.operand(integer, e, 0).node, g.operand(c, e, 0).node, q.node)
}

// like4like is what can be compared with the one column of a query.
func (g *generator) like4like(q made, e *env) *node {
	c := q.columns[0]
	if c.class == text && !e.grouped {
		if x, ok := g.column(e, func(o named) bool { return comparableAs(text)(o) && o.collation == c.collation }); ok {
			return x.node
		}
	}
	return g.operand(c.class, e, 0).node
}

// subquery makes one of rows; without what SQL leaves open, since it decides
// something.
func (g *generator) subquery(e *env, depth int, want ...class) made {
	for range 4 {
		before := g.tables
		q := g.query(g.inner(e, depth, want...))
		if !unsettled(q) {
			return q
		}
		g.tables = before
	}
	t := g.base()
	x := piece(itemNode, "#.id", leaf(t.sources[0].alias))
	list := several("", ", ", 1, x)
	if len(t.sources[0].keys) == 0 || t.sources[0].keys[0] != "id" {
		x.text = []string{"", ".a"}
	}
	for range want[1:] {
		list.kids = append(list.kids, piece(itemNode, "#", g.constant(integer).node))
	}
	return made{node: piece(queryNode, "SELECT # FROM #", list, t.node), columns: []named{{"id", attributes{class: integer}}}, rows: t.rows}
}

func unsettled(q made) bool {
	for _, c := range q.columns {
		if c.approx || c.open && c.class == float {
			return true
		}
	}
	return false
}

// scalar makes a subquery that returns one row at most.
func (g *generator) scalar(c class, e *env) ex {
	if c == boolean || c == bits || g.tables <= 0 {
		c = integer
	}
	if g.tables <= 0 {
		return g.constant(c)
	}
	switch g.roll(50, 30, 12, 8) {
	case 1:
		return g.byKey(c, e)
	case 2:
		if x, ok := g.column(&env{scope: e.scope}, tameNumber); ok && !e.grouped {
			return ex{piece(exprNode, "(SELECT # + 1)", x.node), attributes{class: x.class}}
		}
	case 3:
		return g.first(e)
	}
	list, s := g.from(1, e.around(), 200)
	where := several(" WHERE ", " AND ", 0)
	if len(e.scope.sources) > 0 && !e.grouped && g.chance(65) {
		where.kids = append(where.kids, g.equality(s.sources, e.scope.sources))
	}
	if g.chance(40) {
		where.kids = append(where.kids, g.predicate(&env{scope: s, flat: true}, 1))
	}
	x := g.aggregate(c, &env{scope: &scope{sources: s.sources, rows: s.rows}, grouped: true})
	return ex{piece(exprNode, "(SELECT ###)", x.node, list, where), x.attributes}
}

// byKey looks up a value by a unique key.
func (g *generator) byKey(c class, e *env) ex {
	t := g.base()
	from := t.sources[0]
	if len(from.keys) != 1 {
		return g.constant(c)
	}
	x := g.plain(c, &env{scope: &scope{sources: t.sources}})
	key := literal(number(1 + g.IntN(12)))
	if k, ok := g.column(&env{scope: e.scope}, comparableAs(integer)); ok && !e.grouped && g.chance(80) {
		key = k.node
	}
	return ex{piece(exprNode, "(SELECT # FROM # WHERE "+from.alias+".id = #)", x.node, t.node, key), x.attributes}
}

// first is the first of a table's keys by some order.
func (g *generator) first(e *env) ex {
	t := g.base()
	from := t.sources[0]
	if len(from.keys) != 1 {
		return g.constant(integer)
	}
	key := from.alias + ".id"
	order := g.plain(pick(g, integer, text, date), &env{scope: &scope{sources: t.sources}})
	where := several(" WHERE ", " AND ", 0)
	if len(e.scope.sources) > 0 && !e.grouped && g.chance(60) {
		where.kids = append(where.kids, g.equality(t.sources, e.scope.sources))
	}
	if order.isNumber() {
		order.node = leaf(key)
	}
	return ex{piece(exprNode, "(SELECT "+key+" FROM ## ORDER BY #, "+key+" LIMIT 1)", t.node, where, order.node), attributes{class: integer}}
}
