package differential

import "strings"

// window makes a window function. What depends on the order of rows has one
// in which none tie.
func (g *generator) window(e *env, windows *node) ex {
	rows := &env{scope: e.scope, flat: true}
	keys := e.scope.keys()
	partition := several("PARTITION BY ", ", ", 0)
	if g.chance(60) {
		partition.kids = append(partition.kids, g.operand(pick(g, integer, text, date), rows, 0).node)
	}
	if keys == nil || g.chance(30) {
		return g.peers(rows, partition)
	}
	order := several(orderBy, ", ", 0)
	if g.chance(50) {
		if x := g.operand(pick(g, integer, text, date, decimal), rows, 0); !x.isNumber() {
			order.kids = append(order.kids, piece(keyNode, pick(g, "#", "# DESC"), x.node))
		}
	}
	order.kids = append(order.kids, leaf(strings.Join(keys, ", ")))
	order.least = len(order.kids)
	over := piece(other, "##", partition, order)
	if g.chance(25) {
		name := g.name("win")
		windows.kids = append(windows.kids, piece(other, name+" AS (#)", over))
		over = leaf(name)
	} else {
		over = piece(other, "(##)", over, g.frame())
	}
	return g.ranked(rows, over)
}

// ranked is a function over rows of which each has its place.
func (g *generator) ranked(e *env, over *node) ex {
	switch g.roll(25, 25, 25, 15, 10) {
	case 0:
		return ex{piece(exprNode, pick(g, "ROW_NUMBER()", "NTILE(3)", "RANK()")+" OVER #", over.frameless()), attributes{class: integer, tame: true}}
	case 1:
		x := g.plain(pick(g, integer, text, date, decimal), e)
		return ex{piece(exprNode, pick(g, "LAG(#)", "LEAD(#)", "LAG(#, 2)")+" OVER #", x.node, over.frameless()), x.attributes}
	case 2:
		x := g.tame(e)
		return ex{piece(exprNode, pick(g, "SUM(#)", "AVG(#)", "MAX(#)", "COUNT(#)")+" OVER #", x.node, over),
			attributes{class: max(decimal, x.class), approx: x.class == float}}
	case 3:
		x := g.plain(pick(g, integer, text, date), e)
		return ex{piece(exprNode, pick(g, "FIRST_VALUE(#)", "LAST_VALUE(#)", "NTH_VALUE(#, 2)")+" OVER #", x.node, over), x.attributes}
	}
	return ex{piece(exprNode, pick(g, "PERCENT_RANK()", "CUME_DIST()")+" OVER #", over.frameless()), attributes{class: float}}
}

// frameless is a window without a frame, which some functions do not take.
func (n *node) frameless() *node {
	n = n.clone()
	if len(n.kids) == 2 {
		n.kids[1].kids = nil
	}
	return n
}

func (g *generator) frame() *node {
	if g.chance(60) {
		return several("", "", 0)
	}
	return maybe(true, pick(g, " ROWS BETWEEN 1 PRECEDING AND CURRENT ROW", " ROWS BETWEEN UNBOUNDED PRECEDING AND 1 FOLLOWING",
		" ROWS 2 PRECEDING", " ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING", " RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"))
}

// peers is a function that gives rows that tie the same.
func (g *generator) peers(e *env, partition *node) ex {
	order := several(orderBy, ", ", 0)
	if x := g.operand(pick(g, integer, text, date), e, 0); !x.isNumber() {
		order.kids = append(order.kids, x.node)
	}
	if len(order.kids) > 0 && g.chance(50) {
		return ex{piece(exprNode, pick(g, "RANK()", "DENSE_RANK()")+" OVER (##)", partition, order), attributes{class: integer, tame: true}}
	}
	x := g.tame(e)
	return ex{piece(exprNode, pick(g, "SUM(#)", "COUNT(#)", "MIN(#)")+" OVER (##)", x.node, partition, order),
		attributes{class: max(decimal, x.class), approx: x.class == float}}
}
