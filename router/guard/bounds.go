package guard

import (
	"strconv"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// bound is a LIMIT that the parser does not know. To the parser it is one with a
// placeholder for its count; bound says what stands for that: a number, or
// [tree.Placeholder]. Without ties it is of LIMIT … ROWS EXAMINED.
type bound struct {
	rows any // nil: there is no count
	ties bool
	most any // the rows examined
}

func (w *words) isRow(i int) bool { return w.at(i) == "row" || w.at(i) == "rows" }

// number returns the value of a whole number or placeholder. It reports false
// for all else.
func (w *words) number(i int) (any, bool) {
	if w.at(i) == "?" {
		return tree.Placeholder{}, true
	}
	n, err := strconv.ParseUint(w.at(i), 10, 64)
	return n, err == nil && isNumber(w.at(i))
}

// carryBound puts text in the place of n tokens from the ith on, which b bound.
func (w *words) carryBound(i, n int, text string, b bound) {
	w.replace(i, n, text)
	w.bounds.put(w.tokens[i].start, b)
}

// offset makes OFFSET n ROWS, with the FETCH behind it, a LIMIT.
func (w *words) offset(i int) {
	switch {
	case !w.isRow(i+2) || w.at(i+3) == "examined":
	case w.at(i+3) == "fetch":
		w.fetch(i, i+3)
	default:
		w.replace(i, 3, "LIMIT "+w.at(i+1)+", 18446744073709551615")
	}
}

// fetch makes FETCH {FIRST | NEXT} [n] {ROW | ROWS} {ONLY | WITH TIES}, whose
// first word is the ith token, with the OFFSET that begins before it, a LIMIT.
func (w *words) fetch(begin, i int) {
	end := i + 2
	if !w.isRow(end) {
		end++
	}
	if w.at(i+1) != "first" && w.at(i+1) != "next" || !w.isRow(end) {
		return
	}
	text := "LIMIT "
	if begin < i {
		text += w.at(begin+1) + ", "
	}
	one := end == i+2
	switch {
	case w.at(end+1) == "only" && one:
		w.replace(begin, end+2-begin, text+"1")
	case w.at(end+1) == "only":
		w.replace(begin, end+2-begin, text+w.at(i+2))
	case w.are(end+1, "with", "ties") && !w.dialect.NoTies:
		b := bound{rows: uint64(1), ties: true}
		known := true
		if !one {
			b.rows, known = w.number(i + 2)
		}
		if known {
			w.carryBound(begin, end+3-begin, text+"?", b)
		}
	}
}

// limit takes ROWS EXAMINED n out of a LIMIT.
func (w *words) limit(i int) {
	if w.dialect.NoExamined {
		return
	}
	count, end, before, behind := i+1, i+2, "LIMIT ", ""
	switch {
	case w.isRow(i + 1):
		count, end = -1, i+1
	case w.at(i+2) == ",":
		count, end, before = i+3, i+4, "LIMIT "+w.at(i+1)+", "
	case w.at(i+2) == "offset":
		end, behind = i+4, " OFFSET "+w.at(i+3)
	}
	if !w.are(end, "rows", "examined") {
		return
	}
	var b bound
	known := true
	if count > 0 {
		b.rows, known = w.number(count)
	}
	most, ok := w.number(end + 2)
	if !known || !ok {
		return
	}
	b.most = most
	w.carryBound(i, end+3-i, before+"?"+behind, b)
}

// carryLimit makes a LIMIT the one that it carries, if it does.
func (g *guard) carryLimit(limit *ast.Limit, order *ast.OrderByClause) error {
	count, ok := limit.Count.(*tree.Literal)
	if !ok || count.Value != (tree.Placeholder{}) {
		return nil
	}
	b, ok := g.bounds.take(g.edits.back(count.Offset))
	if !ok {
		return nil
	}
	if b.ties && order == nil {
		return fault.At(fault.Unsupported, count.Offset, "FETCH … WITH TIES without ORDER BY is not supported")
	}
	count.Value = b.rows
	if b.ties {
		*limit = ast.Limit{Count: &tree.Ties{Skip: limit.Offset, Rows: count}}
		return nil
	}
	most := tree.NewLiteral(b.most)
	most.Offset = count.Offset + 1 // it stands last: no other placeholder comes between
	if skip, ok := limit.Offset.(*tree.Literal); ok {
		most.Offset = max(most.Offset, skip.Offset+1)
	}
	examined := &tree.Examined{Most: most}
	if b.rows != nil {
		examined.Rows = count
	}
	limit.Count = examined
	return nil
}

// countOf checks what a LIMIT has for a number.
func (g *guard) countOf(e *ast.ExprNode) error {
	switch n := (*e).(type) {
	case *tree.Ties:
		if err := g.whole(&n.Skip); err != nil {
			return err
		}
		return g.whole(&n.Rows)
	case *tree.Examined:
		if err := g.whole(&n.Rows); err != nil {
			return err
		}
		return g.whole(&n.Most)
	}
	return g.whole(e)
}
