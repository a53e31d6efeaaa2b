package differential

// subject is the class of something to make a predicate about: of a column at
// hand, mostly.
func (g *generator) subject(e *env) class {
	if !e.grouped && g.chance(80) {
		if x, ok := g.column(e, func(c named) bool { return !c.approx && (c.class == integer || c.class == text || g.chance(60)) }); ok {
			return x.class
		}
	}
	return []class{integer, text, decimal, date, stamp}[g.roll(45, 30, 9, 9, 7)]
}

// operand is a column that can be compared, or an expression.
func (g *generator) operand(c class, e *env, depth int) ex {
	if x, ok := g.column(e, comparableAs(c)); ok && (depth <= 0 || g.chance(70)) {
		return x
	}
	for range 3 {
		if x := g.expression(c, e, depth-1); !x.approx {
			return x
		}
	}
	return g.constant(c)
}

// predicate makes a condition.
func (g *generator) predicate(e *env, depth int) *node {
	if depth <= 0 {
		return g.comparison(e, 0)
	}
	nested := !e.flat && g.tables > 0 && e.rows <= 400
	switch g.roll(44, 9, 6, 8, 6, 13, 2) {
	case 1:
		x := g.operand(g.subject(e), e, depth)
		return piece(exprNode, pick(g, "# IS NULL", "# IS NOT NULL", "# IS NOT NULL"), x.node)
	case 2:
		c := g.subject(e)
		x := g.operand(c, e, depth)
		return piece(exprNode, pick(g, "# BETWEEN # AND #", "# NOT BETWEEN # AND #"), x.node, g.partner(x, e), g.partner(x, e))
	case 3:
		x := g.operand(g.subject(e), e, depth)
		in := several("", ", ", 1)
		for range 1 + g.IntN(4) {
			in.kids = append(in.kids, g.constant(x.class).node)
		}
		if g.chance(15) {
			in.kids = append(in.kids, literal("NULL"))
		}
		return piece(exprNode, pick(g, "# IN (#)", "# IN (#)", "# NOT IN (#)"), x.node, in)
	case 4:
		return g.like(e, depth)
	case 5:
		return g.logic(e, depth)
	case 6:
		return literal(pick(g, "TRUE", "FALSE", "NULL", "1 = 0"))
	case 0:
		if nested && g.chance(45) {
			return g.subqueryPredicate(e, depth)
		}
	}
	return g.comparison(e, depth)
}

func (g *generator) comparison(e *env, depth int) *node {
	x := g.operand(g.subject(e), e, depth)
	if x.constant() && !e.grouped {
		if c, ok := g.column(e, of(integer, text, date)); ok {
			x = c
		}
	}
	return piece(exprNode, "# "+pick(g, "=", "=", "=", "<>", "<>", "<", "<=", ">", ">=", "<=>")+" #", x.node, g.partner(x, e))
}

// partner is what x can be compared with.
func (g *generator) partner(x ex, e *env) *node {
	if !e.grouped && g.chance(45) && !x.open {
		y, ok := g.column(e, func(c named) bool {
			return comparableAs(x.class)(c) && !c.open && (c.collation == x.collation || g.chance(5))
		})
		if ok && y.String() != x.String() {
			return y.node
		}
	}
	if g.chance(4) && !x.open {
		return g.constant(pick(g, integer, text)).node // of another class
	}
	return g.constant(x.class).node
}

func (g *generator) like(e *env, depth int) *node {
	x := g.settledText(e, depth-1)
	if g.chance(20) {
		return piece(exprNode, pick(g, "# REGEXP '^d'", "# NOT REGEXP 'e$'", "# REGEXP '[a-f]+'"), x.node)
	}
	pattern := pick(g, "'d%'", "'%e%'", "'de'", "'_e'", "'%'", "'DE%'", "'é%'", "'10'")
	return piece(exprNode, pick(g, "# LIKE ", "# NOT LIKE ")+pattern, x.node)
}

func (g *generator) logic(e *env, depth int) *node {
	a := g.predicate(e, depth-1)
	if g.chance(25) {
		return piece(exprNode, pick(g, "NOT (#)", "(#) IS TRUE", "(#) IS NOT FALSE", "(#) IS UNKNOWN"), a)
	}
	b := g.predicate(e, depth-1)
	return piece(exprNode, pick(g, "(# OR #)", "(# OR #)", "(# AND #)", "(# XOR #)", "((#) = (#))"), a, b)
}
