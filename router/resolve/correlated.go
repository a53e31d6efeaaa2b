package resolve

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Correlated reports whether anything in the block refers to a block around it:
// to a column of its FROM, to one of its output, or to its groups.
func (b *Block) Correlated() bool {
	own := make(map[*scope]bool)
	b.Each(func(x *Block) { own[x.scope] = true })
	return b.Any(func(x *Block) bool {
		outer := slices.ContainsFunc(x.groups, func(s *scope) bool { return !own[s] })
		x.Names(func(n *ast.ColumnName) {
			found := x.scope.bind(n).scope
			if found == nil {
				found = x.scope.output(n)
			}
			outer = outer || found != nil && !own[found]
		})
		return outer
	})
}

// output returns the innermost scope among whose query's columns is one of a
// name that no FROM has, or nil. HAVING may name those of queries around it.
func (sc *scope) output(n *ast.ColumnName) *scope {
	for s := sc; s != nil; s = s.outer {
		if sel, ok := s.block.Node.(*ast.SelectStmt); !ok || slices.ContainsFunc(sel.Fields.Fields, func(f *ast.SelectField) bool {
			return strings.EqualFold(tree.FieldName(f).O, n.Name.O)
		}) {
			return s // the columns of a set operation are taken for any
		}
	}
	return nil
}

// isCondition reports whether a clause of the block is one on single rows, in
// which the block's own aggregates have no meaning.
func (b *Block) isCondition(clause ast.Node) bool {
	switch clause.(type) {
	case *ast.OnCondition, *tree.JSONTable:
		return true
	}
	sel, ok := b.Node.(*ast.SelectStmt)
	return ok && sel.Where != nil && clause == sel.Where
}

// aggregated notes and returns of which block's rows an aggregate is computed. That is the
// innermost one that its argument names a column of; else the one that calls it,
// or of a condition on rows the one around that (MySQL manual, "Aggregate
// Function Descriptions"; ISO 9075-2, 6.9).
func (b *Block) aggregated(n *ast.AggregateFuncExpr, condition bool) *scope {
	of := b.scope
	if condition {
		of = of.outer
	}
	depth := -1
	for _, arg := range n.Args {
		tree.Walk(arg, func(node ast.Node) bool {
			if name, ok := node.(*ast.ColumnName); ok {
				if found := b.scope.bind(name).scope; found != nil && (depth < 0 || found.depth() > depth) {
					of, depth = found, found.depth()
				}
			}
			return true
		})
	}
	if of != nil && of != b.scope {
		of.block.Aggregate = true
		b.groups = append(b.groups, of)
	}
	return of
}

// depth is the number of queries around the scope's.
func (sc *scope) depth() int {
	n := 0
	for s := sc.outer; s != nil; s = s.outer {
		n++
	}
	return n
}
