package differential

import (
	"slices"
	"strings"
)

// items makes a SELECT list, and the WINDOW clause that it needs.
func (g *generator) items(b block, e *env, distinct bool) (list, windows *node) {
	list, windows = several("", ", ", 1), several(" WINDOW ", ", ", 0)
	want := b.want
	if want == nil {
		for range 1 + g.roll(15, 30, 30, 15, 10) {
			want = append(want, g.classOf(e))
		}
	}
	for _, c := range want {
		x := g.item(c, e, windows, b)
		item := piece(itemNode, "#", x.node)
		item.alias = g.name("c")
		// Of a column twice, once with an alias, MariaDB may mix up the names.
		if !b.top || !g.chance(12) || g.placeholders || slices.ContainsFunc(list.kids, func(k *node) bool { return k.kids[0].String() == x.String() }) {
			item.text[1] = " AS " + item.alias
		} else {
			item.alias = ""
		}
		item.is = x.attributes
		list.kids = append(list.kids, item)
	}
	return list, windows
}

func (g *generator) item(c class, e *env, windows *node, b block) ex {
	switch {
	case e.grouped && g.chance(35):
		if k, ok := g.groupKey(e, func(k named) bool { return b.want == nil || k.class == c && !k.open }); ok {
			return k
		}
	case !e.grouped && b.want == nil && e.rows <= 600 && g.chance(8):
		return g.window(e, windows)
	case !e.grouped && b.want == nil && g.chance(60):
		if x, ok := g.column(&env{scope: e.scope}, func(c named) bool { return b.top || c.class != bits }); ok {
			return x
		}
	}
	return g.expression(c, e, 2)
}

// classOf is the class of a column at hand, mostly.
func (g *generator) classOf(e *env) class {
	if x, ok := g.column(&env{scope: e.scope}, of(integer, integer, decimal, float, text, date, stamp, document)); ok && g.chance(70) {
		return x.class
	}
	return g.anyClass()
}

func (g *generator) anyClass() class {
	return []class{integer, decimal, float, text, date, stamp, clock, document, bytesOf, boolean}[g.roll(34, 10, 6, 24, 6, 6, 3, 5, 3, 3)]
}

// tail makes ORDER BY and LIMIT. There is a LIMIT only where no rows can tie.
func (g *generator) tail(b block, e *env, q *made, distinct bool) (order, limit *node) {
	order, limit = several(orderBy, ", ", 0), several("", "", 0)
	if !g.chance(map[bool]int{true: 45, false: 12}[b.top]) {
		return order, limit
	}
	if g.chance(35) {
		g.sortSome(order, q)
		return order, limit
	}
	if !g.sortAll(order, e, q, distinct) {
		order.kids = nil
		return order, limit
	}
	order.total = len(order.kids)
	if !b.whole && g.chance(50) {
		limit = maybe(true, pick(g, " LIMIT 5", " LIMIT 1", " LIMIT 20", " LIMIT 3, 7", " LIMIT 4 OFFSET 2", " LIMIT 0", " LIMIT 1000"))
	}
	return order, limit
}

// sortSome sorts by some columns, so that rows may tie.
func (g *generator) sortSome(order *node, q *made) {
	for i, item := range q.items {
		if item.is.approx || item.alias == "" || !g.chance(50) || len(order.kids) > 2 {
			continue
		}
		k := piece(keyNode, pick(g, "#", "# DESC"), leaf(item.alias))
		k.alias = item.alias
		if g.chance(15) {
			k.kids[0], k.alias = leaf(number(i+1)), number(i+1)
		}
		order.kids = append(order.kids, k)
	}
}

// sortAll sorts so that no rows tie but those that are alike, and reports
// whether that can be done.
func (g *generator) sortAll(order *node, e *env, q *made, distinct bool) bool {
	key := func(text string) {
		order.kids = append(order.kids, piece(keyNode, pick(g, "#", "#", "# DESC"), leaf(text)))
	}
	keys := e.keysOfRows()
	if !e.grouped && !distinct && keys != nil {
		if g.chance(60) {
			order.kids = append(order.kids, piece(keyNode, pick(g, "#", "# DESC"), g.expression(pick(g, integer, text, date), &env{scope: e.scope, flat: g.chance(80)}, 1).node))
			if x := order.kids[0].kids[0]; x.isNumber() { // that would be a position
				order.kids = nil
			}
		}
		for _, k := range keys {
			key(k)
		}
		return true
	}
	if slices.ContainsFunc(q.items, func(i *node) bool { return i.is.approx || i.alias == "" }) {
		return false
	}
	for _, item := range q.items {
		key(item.alias)
	}
	for _, item := range q.items {
		if foldable(item.is.class) && !item.is.open {
			key("HEX(CAST(" + item.alias + " AS CHAR))")
		}
	}
	return true
}

func (e *env) keysOfRows() []string {
	if e.grouped {
		return nil
	}
	return e.scope.keys()
}

// isNumber reports whether a node is a literal number, or NULL.
func (n *node) isNumber() bool {
	text := strings.TrimLeft(n.String(), "-( ")
	return text == "" || text[0] >= '0' && text[0] <= '9' || text == "NULL"
}
