package differential

import "slices"

// setOperation puts two queries together.
func (g *generator) setOperation(b block) made {
	want := b.want
	if want == nil {
		for range 1 + g.roll(35, 40, 25) {
			want = append(want, []class{integer, text, decimal, date, stamp, boolean}[g.roll(45, 25, 10, 8, 6, 6)])
		}
	}
	arm := block{depth: b.depth - 1, outer: b.outer, want: want, most: b.most, whole: b.whole}
	l, r := g.arm(arm), g.arm(arm)
	operator := []string{"UNION ALL", "UNION", "INTERSECT", "EXCEPT", "INTERSECT ALL", "EXCEPT ALL", "UNION DISTINCT"}[g.roll(30, 30, 12, 14, 4, 4, 3)]
	n := piece(queryNode, "# "+operator+" ###", l.enclosed(), r.enclosed(), several(orderBy, ", ", 0), several("", "", 0))
	n.distinct = operator != "UNION ALL"
	q := made{node: n, items: l.items, rows: l.rows + r.rows}
	for i, c := range l.columns {
		other := r.columns[i]
		c.approx = c.approx || other.approx
		c.open = c.open || other.open || n.distinct && foldable(c.class)
		c.tame = c.tame && other.tame
		q.columns = append(q.columns, c)
	}
	if b.top && g.chance(40) {
		g.sortSet(&q)
	}
	return q
}

// arm makes one side of a set operation.
func (g *generator) arm(b block) made {
	if b.depth > 1 && g.tables > 2 && g.chance(12) {
		return g.setOperation(b)
	}
	return g.selectFrom(b)
}

// enclosed puts an arm in parentheses where it needs them. They stay when it
// is made smaller.
func (q *made) enclosed() *node {
	plain := q.text[0] == "" && len(q.kids) == 10 && len(q.kids[8].kids) == 0 && len(q.kids[9].kids) == 0
	if plain {
		return q.node
	}
	enclosed := *q.node
	enclosed.text = slices.Clone(q.text)
	enclosed.text[0] = "(" + enclosed.text[0]
	enclosed.text[len(enclosed.text)-1] += ")"
	return &enclosed
}

// sortSet sorts a set operation by all its columns, and limits it where rows
// that tie are alike.
func (g *generator) sortSet(q *made) {
	order, limit := q.kids[2], q.kids[3]
	alike := true
	for i, c := range q.columns {
		if c.approx {
			order.kids = nil
			return
		}
		alike = alike && (!foldable(c.class) || c.open)
		k := piece(keyNode, pick(g, "#", "# DESC"), leaf(pick(g, c.name, number(i+1))))
		k.alias = k.kids[0].text[0]
		order.kids = append(order.kids, k)
	}
	if alike && g.chance(50) {
		*limit = *maybe(true, pick(g, " LIMIT 3", " LIMIT 10", " LIMIT 2, 5"))
		order.total = len(order.kids)
	}
}
