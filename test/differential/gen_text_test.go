package differential

// textual is an expression that is a text.
func (g *generator) textual(e *env, depth int) ex {
	if depth <= 0 {
		return g.plain(text, e)
	}
	part := func() *node { return g.settledText(e, depth-1).node }
	a := attributes{class: text}
	switch g.roll(34, 12, 10, 10, 6, 6, 5, 6, 6, 5) {
	case 0:
		return g.plain(text, e)
	case 1:
		x := g.settledText(e, depth-1)
		a.collation = x.collation
		return ex{piece(exprNode, pick(g, "UPPER(#)", "LOWER(#)", "TRIM(#)", "RTRIM(#)", "REVERSE(#)", "LEFT(#, 2)", "SUBSTRING(#, 2)", "RIGHT(#, 1)", "LPAD(#, 4, 'x')", "REPLACE(#, 'e', 'E')", "REPEAT(#, 2)"), x.node), a}
	case 2:
		return ex{piece(exprNode, pick(g, "CONCAT(#, #)", "CONCAT(#, '-', #)", "CONCAT_WS(',', #, #)"), part(), part()), a}
	case 3:
		return g.choice(text, e, depth)
	case 4:
		return ex{piece(exprNode, pick(g, "CAST(# AS CHAR)", "CONCAT(#, '')", "FORMAT(#, 2)", "LPAD(#, 5, '0')"), g.plain(pick(g, integer, decimal, float), e).node), a}
	case 5:
		return ex{piece(exprNode, pick(g, "DATE_FORMAT(#, '%Y-%m')", "CAST(# AS CHAR)", "MONTHNAME(#)"), g.temporal(pick(g, date, stamp), e, depth-1).node), a}
	case 6:
		a.collation = own
		return ex{piece(exprNode, pick(g, "JSON_UNQUOTE(JSON_EXTRACT(#, '$.t'))", "JSON_TYPE(#)", "JSON_UNQUOTE(JSON_EXTRACT(#, '$[1]'))", "JSON_VALUE(#, '$.a')"), g.json(e, depth-1).node), a}
	case 7:
		x := g.plain(pick(g, bytesOf, bytesOf, bits, text), e)
		return ex{piece(exprNode, "HEX(#)", x.node), a}
	case 8:
		x := g.settledText(e, depth-1)
		a.collation = binAt
		return ex{piece(exprNode, pick(g, "CONVERT(# USING utf8mb4) COLLATE utf8mb4_bin", "CONVERT(# USING utf8mb4) COLLATE utf8mb4_general_ci"), x.node), a}
	}
	return ex{piece(exprNode, pick(g, "SHA2(#, 256)", "SHA2(#, 224)", "SOUNDEX(#)", "TO_BASE64(#)", "QUOTE(#)"), part()), a}
}

// settledText is a text of which nothing is open, for functions.
func (g *generator) settledText(e *env, depth int) ex {
	if x := g.textual(e, depth); !x.open {
		return x
	}
	return g.constant(text)
}

// temporal is a date, a time or both.
func (g *generator) temporal(c class, e *env, depth int) ex {
	if depth <= 0 || g.chance(50) || c == clock || c == year {
		return g.plain(c, e)
	}
	x := g.temporal(c, e, depth-1)
	a := attributes{class: date}
	switch g.roll(30, 20, 15, 20, 15) {
	case 0:
		return ex{piece(exprNode, pick(g, "DATE(#)", "LAST_DAY(#)", "CAST(# AS DATE)"), x.node), a}
	case 1:
		a.class = stamp
		return ex{piece(exprNode, pick(g, "DATE_ADD(#, INTERVAL 1 DAY)", "DATE_SUB(#, INTERVAL 1 MONTH)", "# + INTERVAL 90 MINUTE", "TIMESTAMP(#)"), x.node), a}
	case 2:
		a.class = clock
		return ex{piece(exprNode, pick(g, "TIME(#)", "CAST(# AS TIME)"), x.node), a}
	case 3:
		return g.choice(c, e, depth)
	}
	a.class = stamp
	return ex{piece(exprNode, pick(g, "CAST(# AS DATETIME)", "CAST(# AS DATETIME(3))"), x.node), a}
}

// json is a JSON document.
func (g *generator) json(e *env, depth int) ex {
	if depth <= 0 || g.chance(45) {
		return g.plain(document, e)
	}
	a := attributes{class: document}
	switch g.roll(30, 30, 20, 20) {
	case 0:
		return ex{piece(exprNode, pick(g, "JSON_EXTRACT(#, '$.a')", "JSON_EXTRACT(#, '$.b.c')", "JSON_EXTRACT(#, '$[1]')", "JSON_KEYS(#)"), g.json(e, depth-1).node), a}
	case 1:
		c := pick(g, integer, text, document, document, decimal, boolean)
		return ex{piece(exprNode, pick(g, "JSON_OBJECT('k', #)", "JSON_ARRAY(#, 1)", "JSON_ARRAY(#)"), g.plain(c, e).node), a}
	case 2:
		return ex{piece(exprNode, pick(g, "JSON_SET(#, '$.z', 1)", "JSON_REMOVE(#, '$.a')", "JSON_MERGE_PATCH(#, '{\"q\":1}')"), g.json(e, depth-1).node), a}
	}
	return g.choice(document, e, depth)
}
