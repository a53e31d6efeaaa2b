package differential

import "strings"

// aggregate makes an aggregate that gives a value of the class, or an
// expression over some.
func (g *generator) aggregate(c class, e *env) ex {
	// Where its argument stands: one of an outer column would belong there.
	rows := &env{scope: &scope{sources: e.sources, rows: e.rows}, flat: true}
	x := g.aggregateOf(c, rows)
	x.whole = true
	return x
}

func (g *generator) aggregateOf(c class, rows *env) ex {
	switch c {
	case integer, boolean, bits, year:
		return g.countOf(rows)
	case decimal, float:
		return g.sumOf(rows)
	case text:
		if g.chance(30) {
			return g.concatenated(rows)
		}
	}
	x := g.expression(c, rows, 1)
	if x.approx || x.class == bits || x.constant() { // of constants MariaDB makes mistakes of its own
		return g.countOf(rows)
	}
	a := x.attributes
	a.open, a.tame = a.open || foldable(a.class), false
	return ex{piece(exprNode, pick(g, "MIN(#)", "MAX(#)"), x.node), a}
}

func (g *generator) countOf(e *env) ex {
	a := attributes{class: integer, tame: true}
	switch g.roll(30, 14, 16, 8, 10, 10, 6, 6) {
	case 0:
		return ex{literal("COUNT(*)"), a}
	case 1:
		return ex{piece(exprNode, "COUNT(#)", g.expression(g.anyClass(), e, 1).node), a}
	case 2:
		x := g.operand(pick(g, integer, text, text, date, decimal), e, 0)
		if x.constant() { // which MariaDB miscounts under ROLLUP
			break
		}
		return ex{piece(exprNode, "COUNT(DISTINCT #)", x.node), a}
	case 3:
		return ex{piece(exprNode, "COUNT(DISTINCT #, #)", g.operand(integer, e, 0).node, g.operand(text, e, 0).node), a}
	case 4:
		return ex{piece(exprNode, "SUM(CASE WHEN # THEN 1 ELSE 0 END)", g.predicate(e, 1)), attributes{class: decimal, tame: true}}
	case 5:
		x := g.plain(integer, e)
		return ex{piece(exprNode, pick(g, "MIN(#)", "MAX(#)", "MAX(#)", "MIN(DISTINCT #)"), x.node), attributes{class: integer, tame: x.tame}}
	case 6:
		return ex{piece(exprNode, pick(g, "BIT_AND(#)", "BIT_OR(#)", "BIT_XOR(#)"), g.plain(integer, e).node), attributes{class: integer}}
	}
	return ex{piece(exprNode, "COUNT(#) + #", g.plain(integer, e).node, g.constant(integer).node), a}
}

// sumOf is a sum or an average; of doubles that are not tame its last digits
// are open.
func (g *generator) sumOf(e *env) ex {
	x := g.tame(e)
	if g.chance(30) {
		x = g.numeric(pick(g, integer, decimal), e, 1)
	} else if g.chance(10) {
		if wild, ok := g.column(e, func(c named) bool { return c.class == float && c.name == "value" && !c.open && !c.approx }); ok {
			x = wild
		}
	}
	a := attributes{class: max(decimal, x.class), approx: x.approx || x.class == float && !x.tame}
	if x.open || x.class == float && x.literalColumn("g", "f") {
		return g.countOf(e)
	}
	switch g.roll(34, 30, 8, 10, 8, 10) {
	case 1:
		return ex{piece(exprNode, "AVG(#)", x.node), a}
	case 2:
		return ex{piece(exprNode, pick(g, "SUM(DISTINCT #)", "AVG(DISTINCT #)"), x.node), a}
	case 3:
		return ex{piece(exprNode, pick(g, "AVG(#) * 3", "SUM(#) / 3", "SUM(#) / COUNT(*)", "ROUND(AVG(#), 2)"), x.node), a}
	case 4:
		a.class, a.approx = float, true
		return ex{piece(exprNode, pick(g, "STDDEV_POP(#)", "VAR_SAMP(#)", "VARIANCE(#)", "STD(#)", "STDDEV_SAMP(#)"), x.node), a}
	case 5:
		return ex{piece(exprNode, "COALESCE(SUM(#), 0)", x.node), a}
	}
	return ex{piece(exprNode, "SUM(#)", x.node), a}
}

// literalColumn reports whether a column of one of the names, which hold the
// extreme doubles, is in an expression: their sums may be anything.
func (x ex) literalColumn(names ...string) bool {
	found := false
	x.find(func(n *node) bool {
		for _, name := range names {
			found = found || strings.HasSuffix(n.text0(), "."+name)
		}
		return true
	})
	return found
}

func (n *node) text0() string {
	if len(n.text) == 0 {
		return ""
	}
	return n.text[0]
}

// concatenated is a GROUP_CONCAT in an order that leaves nothing open.
func (g *generator) concatenated(e *env) ex {
	a := attributes{class: text, collation: own}
	if keys := e.scope.keys(); keys != nil && g.chance(70) {
		x := g.expression(pick(g, text, integer), e, 1)
		return ex{piece(exprNode, "GROUP_CONCAT(# ORDER BY "+strings.Join(keys, ", ")+pick(g, "", " SEPARATOR '|'")+")", x.node), a}
	}
	if x, ok := g.column(e, of(integer)); ok {
		return ex{piece(exprNode, "GROUP_CONCAT(DISTINCT # ORDER BY #)", x.node, x.clone()), a}
	}
	return g.countOf(e)
}
