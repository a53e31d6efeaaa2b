package resolve

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// scale weighs expressions while a visitor walks them. A node weighs 1, and a
// name of a derived table's column what that column's expression weighs: servers
// put the one in the place of the other, be it as a condition that they push
// down, and so does the evaluation of a row. Of twenty-five queries, each of
// which has x + x of the one before, every server makes 2^25 nodes, in memory,
// and then reacts to no KILL.
type scale struct{ open []weighed }

// weighed is a node that is being walked. plain is what it weighs where each name
// weighs 1: more is not made of what must be computed first, such as an
// aggregate.
type weighed struct {
	full, plain int
	first       int // what the first node below it weighs
	keeps       bool
}

func (s *scale) enter() { s.open = append(s.open, weighed{}) }

// name adds what a name stands for to the node at hand.
func (s *scale) name(weight int) {
	top := &s.open[len(s.open)-1]
	top.full = min(top.full+weight-1, saturated)
}

// keep notes that the node at hand has to be computed first.
func (s *scale) keep() { s.open[len(s.open)-1].keeps = true }

// leave returns what the node weighs to those who name it.
func (s *scale) leave(node ast.Node) int {
	last := len(s.open) - 1
	w, above := s.open[last], &s.open[last-1]
	s.open = s.open[:last]
	once, all := repeats(node)
	w.full = min((w.full+once*w.first)*all+1, saturated)
	w.plain = min((w.plain+once*min(w.first, w.plain))*all+1, saturated)
	if above.first == 0 {
		above.first = w.full
	}
	above.full = min(above.full+w.full, saturated)
	above.plain = min(above.plain+w.plain, saturated)
	above.keeps = above.keeps || w.keeps
	if w.keeps {
		return w.plain
	}
	return w.full
}

// all returns what all weighs that has been walked.
func (s *scale) all() int { return s.open[0].full }

// repeats returns how often more than it stands there servers have the first
// operand of a node, and how often they have all of it. NULLIF computes its first
// one twice, MariaDB what DECODE_HISTOGRAM shows for each byte of it; TiDB makes two comparisons of a BETWEEN and of one of rows, and one
// for each value of a CASE or of a list of rows.
func repeats(node ast.Node) (first, all int) {
	switch n := node.(type) {
	case *ast.BetweenExpr:
		return 1, 1
	case *ast.CaseExpr:
		if n.Value != nil {
			return len(n.WhenClauses) - 1, 1
		}
	case *ast.FuncCallExpr:
		switch n.FnName.L {
		case "nullif":
			return 1, 1
		case "decode_histogram":
			return 0, 256
		}
	case *ast.PatternInExpr:
		if _, row := tree.Bare(n.Expr).(*ast.RowExpr); row && len(n.List) > 0 {
			return len(n.List) - 1, 1
		}
	case *ast.BinaryOperationExpr:
		if _, row := tree.Bare(n.L).(*ast.RowExpr); row {
			return 0, 2
		}
	}
	return 0, 1
}

// weight returns what a column's name weighs.
func (v *binder) weight(n *ast.ColumnName) int {
	weight := 1
	if v.after && n.Table.O == "" {
		weight = max(weight, v.alias(n.Name.L))
	}
	for s := v.scope; s != nil && s.derives(); s = s.outer {
		found := false
		for _, src := range s.sources {
			if n.Table.O != "" && !strings.EqualFold(src.Name, n.Table.O) {
				continue
			}
			w := v.r.weightIn(src, n.Name)
			weight, found = max(weight, w), found || w > 0
		}
		if found {
			break
		}
	}
	return weight
}

// derives reports whether names in the scope may be those of derived tables or
// CTEs.
func (sc *scope) derives() bool {
	return slices.ContainsFunc(sc.sources, func(s *Source) bool { return s.Block != nil }) || sc.outer != nil && sc.outer.derives()
}

// alias returns the weight of the select field that has a name as its alias, 0
// where there is none. Those of a set operation are its columns.
func (v *binder) alias(name string) int {
	sel, ok := v.block.Node.(*ast.SelectStmt)
	if !ok {
		return v.r.weightAmong(v.block.Columns, name)
	}
	weight := 0
	for i, w := range v.block.weights {
		if w > 1 && sel.Fields.Fields[i].AsName.L == name {
			weight = max(weight, w)
		}
	}
	return weight
}

// weightIn returns the weight of a source's column, 0 where it has none of the
// name. A column of a source of which they are not known may be all of it.
func (r *resolver) weightIn(s *Source, name ast.CIStr) int {
	switch {
	case s.Table != nil:
		if _, ok := s.Table.Column(name.O); ok {
			return 1
		}
		return 0
	case s.Columns != nil:
		return r.weightAmong(s.Columns, name.L)
	case s.Block != nil:
		return s.Block.size.parts
	}
	return 1
}

func (r *resolver) weightAmong(columns []Column, name string) int {
	if len(columns) == 0 {
		return 0
	}
	weights, known := r.weights[&columns[0]]
	if !known {
		weights = make(map[string]int, len(columns))
		for i := range columns {
			low := strings.ToLower(columns[i].Name)
			weights[low] = max(weights[low], columns[i].weight, 1)
		}
		if r.weights == nil {
			r.weights = make(map[*Column]map[string]int)
		}
		r.weights[&columns[0]] = weights
	}
	return weights[name]
}

// commonWeight returns the weight of a column of a set operation: a condition on
// it is pushed into each arm.
func commonWeight(arms []*Block, column int) int {
	sum := 0
	for _, a := range arms {
		if column < len(a.Columns) {
			sum = min(sum+max(a.Columns[column].weight, 1), saturated)
		}
	}
	return sum
}

// weightless returns the columns of a result that is computed first, as one with
// a LIMIT is: names of them are only names.
func weightless(columns []Column) []Column {
	columns = slices.Clone(columns)
	for i := range columns {
		columns[i].weight = 0
	}
	return columns
}
