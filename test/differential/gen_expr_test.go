package differential

// expression makes one of a class, as deep as depth says. It may come out in
// another class where nothing of that one is at hand.
func (g *generator) expression(c class, e *env, depth int) ex {
	if e.grouped && g.chance(70) {
		return g.aggregate(c, e)
	}
	if !e.flat && depth > 0 && g.tables > 0 && e.rows <= 300 && g.chance(5) {
		return g.scalar(c, e)
	}
	switch c {
	case integer, decimal, float:
		return g.numeric(c, e, depth)
	case text:
		return g.textual(e, depth)
	case date, stamp, clock, year:
		return g.temporal(c, e, depth)
	case document:
		return g.json(e, depth)
	case boolean:
		return ex{piece(exprNode, "(#)", g.predicate(e, min(depth, 1))), attributes{class: integer, tame: true}}
	}
	return g.plain(c, e)
}

// plain is a column of the class, or a literal.
func (g *generator) plain(c class, e *env) ex {
	if x, ok := g.column(e, of(c)); ok && g.chance(92) {
		return x
	}
	if c == integer && !e.grouped {
		if x, ok := g.column(e, of(boolean, decimal)); ok && g.chance(50) {
			return x
		}
	}
	return g.constant(c)
}

// constant is a literal of a class.
func (g *generator) constant(c class) ex {
	a := attributes{class: c}
	switch c {
	case integer, boolean, year, bits:
		a.tame, a.class = true, integer
		return ex{value(pick(g, "0", "1", "2", "3", "3", "5", "7", "10", "42", "-1")), a}
	case decimal:
		a.tame = true
		return ex{value(pick(g, "1.5", "0.5", "0.01", "3.00", "99.99", "0.333")), a}
	case float:
		a.tame = true
		return ex{value(pick(g, "0.25e0", "1e1", "5e-1", "-1.5e0")), a}
	case text:
		a.collation = own
		return ex{value(g.text()), a}
	case date:
		return ex{literal(pick(g, "DATE '2024-02-29'", "DATE '1999-12-31'", "CAST('2024-01-01' AS DATE)")), a}
	case stamp:
		return ex{literal(pick(g, "TIMESTAMP '2024-02-29 12:34:56'", "CAST('2024-01-01' AS DATETIME(6))")), a}
	case clock:
		return ex{literal(pick(g, "TIME '12:34:56'", "CAST('-01:00:00.5' AS TIME(3))")), a}
	case document:
		return ex{literal(pick(g, "JSON_ARRAY(1, 'de')", "JSON_OBJECT('a', 1)", "JSON_ARRAY()")), a}
	}
	return ex{literal(pick(g, "x'6465'", "x'00ff41'", "CAST('de' AS BINARY)")), a}
}

// text is a text that columns hold, as a literal.
func (g *generator) text() string {
	for {
		if t := pick(g, traps, names, countries, asciiTraps)(g.source, 0); t != "NULL" {
			return t
		}
	}
}

// choice makes one of two expressions of a class, by a condition or by NULLs.
func (g *generator) choice(c class, e *env, depth int) ex {
	a, b := g.expression(c, e, depth-1), g.expression(c, e, depth-1)
	if a.open || b.open || a.approx || b.approx {
		return a
	}
	x := ex{attributes: attributes{class: c, tame: a.tame && b.tame, collation: a.collation}}
	if a.class != c && b.class != c {
		x.class = a.class
	}
	switch g.roll(25, 20, 20, 15, 10, 10) {
	case 0:
		x.node = piece(exprNode, "COALESCE(#, #)", a.node, b.node)
	case 1:
		x.node = piece(exprNode, "IF(#, #, #)", g.predicate(e, depth-1), a.node, b.node)
	case 2:
		x.node = piece(exprNode, "CASE WHEN # THEN # ELSE # END", g.predicate(e, depth-1), a.node, b.node)
	case 3:
		x.node = piece(exprNode, "IFNULL(#, #)", a.node, b.node)
	case 4:
		x.node = piece(exprNode, "NULLIF(#, #)", a.node, b.node)
	case 5:
		x.node = piece(exprNode, "CASE # WHEN # THEN # END", a.node, b.node, g.expression(c, e, 0).node)
	}
	return x
}

func (g *generator) numeric(c class, e *env, depth int) ex {
	if depth <= 0 {
		return g.plain(c, e)
	}
	switch g.roll(30, 16, 8, 8, 10, 8, 6, 5, 5, 4) {
	case 0:
		return g.plain(c, e)
	case 1:
		a, b := g.tame(e), g.tame(e)
		tame := a.class != float && b.class != float
		return ex{piece(exprNode, pick(g, "# + #", "# - #", "(# + #)", "# * #"), a.node, b.node),
			attributes{class: wider(a.class, b.class), tame: tame && g.chance(50)}}
	case 2:
		return g.division(e)
	case 3:
		a := g.tame(e)
		return ex{piece(exprNode, pick(g, "ABS(#)", "ROUND(#, 1)", "ROUND(#)", "FLOOR(#)", "CEILING(#)", "SIGN(#)", "-#", "TRUNCATE(#, 1)"), a.node),
			attributes{class: a.class, tame: a.class == integer}}
	case 4:
		return g.choice(c, e, depth)
	case 5:
		a := g.settledText(e, depth-1)
		return ex{piece(exprNode, pick(g, "LENGTH(#)", "CHAR_LENGTH(#)", "ASCII(#)", "LOCATE('e', #)", "STRCMP(#, 'de')", "CRC32(#)", "FIELD(#, 'de', 'fr')"), a.node),
			attributes{class: integer, tame: true}}
	case 6:
		a := g.temporal(pick(g, date, stamp), e, depth-1)
		return ex{piece(exprNode, pick(g, "YEAR(#)", "MONTH(#)", "DAYOFWEEK(#)", "DATEDIFF(#, '2024-01-01')", "TO_DAYS(#)", "TIMESTAMPDIFF(DAY, #, '2024-06-01')", "EXTRACT(YEAR_MONTH FROM #)"), a.node),
			attributes{class: integer, tame: true}}
	case 7:
		a := g.json(e, depth-1)
		return ex{piece(exprNode, pick(g, "JSON_LENGTH(#)", "JSON_VALID(#)", "JSON_DEPTH(#)", "JSON_CONTAINS(#, '1', '$.a')", "CAST(JSON_EXTRACT(#, '$.a') AS SIGNED)"), a.node),
			attributes{class: integer, tame: true}}
	case 8:
		return g.cast(e, depth)
	}
	if x, ok := g.column(e, of(bits, boolean, year)); ok {
		return ex{piece(exprNode, "# + 0", x.node), attributes{class: integer}}
	}
	return g.plain(c, e)
}

// tame is a number that can be calculated with.
func (g *generator) tame(e *env) ex {
	if x, ok := g.column(e, tameNumber); ok && g.chance(75) {
		return x
	}
	return g.constant(pick(g, integer, integer, decimal))
}

func wider(a, b class) class { return max(a, b) }

// division has more digits than are shown: a server that keeps its result in
// a table loses them, and what is computed from it tells.
func (g *generator) division(e *env) ex {
	a, b := g.tame(e), g.tame(e)
	format := pick(g, "# / #", "(# / #)", "(# / #) * 3", "# DIV #", "MOD(#, #)", "# % #")
	return ex{piece(exprNode, format, a.node, b.node), attributes{class: max(decimal, wider(a.class, b.class))}}
}

func (g *generator) cast(e *env, depth int) ex {
	if g.chance(50) {
		a := g.settledText(e, depth-1)
		return ex{piece(exprNode, pick(g, "CAST(# AS SIGNED)", "CAST(# AS DECIMAL(10,2))", "CAST(# AS UNSIGNED)"), a.node), attributes{class: decimal}}
	}
	a := g.plain(pick(g, integer, decimal, float), e)
	return ex{piece(exprNode, pick(g, "CAST(# AS DECIMAL(20,4))", "CAST(# AS SIGNED)", "CAST(# AS DOUBLE)"), a.node), attributes{class: float}}
}
