package guard

import (
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// collection is a call of GROUP_CONCAT or JSON_ARRAYAGG with what the parser does
// not know in it. To the parser it is a GROUP_CONCAT without LIMIT.
type collection struct {
	array bool   // it is a JSON_ARRAYAGG
	limit string // " LIMIT n, m", or nothing
}

// collects takes the LIMIT out of the parentheses of GROUP_CONCAT(…) and
// JSON_ARRAYAGG(…), and makes the latter, if it has more than the parser knows,
// one of the former. A LIMIT of anything but numbers stays.
func (w *words) collects(i int) {
	p, ok := w.pairs[i+1]
	if !ok {
		return
	}
	c := collection{array: w.at(i) == "json_arrayagg"}
	more := w.at(i+2) == "distinct"
	for j := i + 2; j < p.end; j++ {
		if w.inside[j] != i+1 {
			continue
		}
		switch w.at(j) {
		case "separator":
			if c.array {
				return
			}
		case "order":
			more = true
		case "limit":
			if c.limit = w.lastLimit(j, p.end); c.limit == "" {
				return
			}
			w.replace(j, p.end-j, "")
			j = p.end
		}
	}
	if c.limit == "" && !(c.array && more) {
		return
	}
	if c.array {
		w.replace(i, 1, "GROUP_CONCAT")
	}
	w.collections.put(w.tokens[i].start, c)
}

// lastLimit prints the LIMIT n, LIMIT n, m or LIMIT n OFFSET m that begins at the ith
// token and ends before another; it returns nothing for any other.
func (w *words) lastLimit(i, end int) string {
	first, between, second := w.at(i+1), w.at(i+2), w.at(i+3)
	switch {
	case !isNumber(first):
	case end == i+2:
		return " LIMIT " + first
	case end != i+4 || !isNumber(second):
	case between == ",":
		return " LIMIT " + first + ", " + second
	case between == "offset":
		return " LIMIT " + second + ", " + first
	}
	return ""
}

// collect makes a GROUP_CONCAT, whose parts are checked, the call that it
// carries, if it does.
func (g *guard) collect(n *ast.AggregateFuncExpr) error {
	c, ok := g.collections.take(g.edits.back(n.OriginTextPosition()))
	if !ok {
		return nil
	}
	last := len(n.Args) - 1 // the separator
	tail := &tree.Tail{Expr: n.Args[last], Limit: c.limit}
	if c.array {
		if last != 1 {
			return fault.At(fault.Syntax, n.OriginTextPosition(), "JSON_ARRAYAGG has one argument")
		}
		n.F, tail.Expr, tail.Order = tree.Aggregates["json_arrayagg"].Name.O, n.Args[0], n.Order
		n.Args, n.Order, last = n.Args[:1], nil, 0
	}
	n.Args[last] = tail
	return nil
}
