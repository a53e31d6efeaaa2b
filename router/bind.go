package router

import (
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// binding says what a column's name refers to.
type binding struct {
	source *source // nil where scope has no such column, or several
	scope  *scope  // where the name was found; nil where it was not
}

// bind tells what a name in an expression of the scope refers to. A name that
// is found nowhere is that of an output column, or an error of the client's.
func (sc *scope) bind(n *ast.ColumnName) binding {
	if n.Table.O != "" {
		return sc.bindQualified(n)
	}
	for s := sc; s != nil; s = s.outer {
		if found, ok := s.among(n.Name.O); ok {
			return binding{found, s}
		}
	}
	return binding{}
}

func (sc *scope) bindQualified(n *ast.ColumnName) binding {
	found := sc.source(n.Table.O)
	if found == nil {
		return binding{}
	}
	for s := sc; s != nil; s = s.outer {
		if s.local(n.Table.O, false) != found && s.local(n.Table.O, true) != found {
			continue
		}
		if matches, _ := found.count(n.Name.O); matches != 1 {
			return binding{scope: s}
		}
		return binding{found, s}
	}
	return binding{}
}

// among looks an unqualified name up in one scope. It reports true with no
// source where several might have it.
func (sc *scope) among(name string) (found *source, ok bool) {
	matches := 0
	for _, s := range sc.sources {
		if !s.known() {
			return nil, true
		}
		if n, _ := s.count(name); n > 0 {
			matches += n
			found = s
		}
	}
	if matches > 1 {
		found = nil
	}
	return found, matches > 0
}

// bind returns the source of the column that a name in the block's clauses
// refers to, nil where there is none or it cannot be told.
func (b *block) bind(n *ast.ColumnName) *source { return b.scope.bind(n).source }

// finds reports whether the block's FROM, or one around it, has a column of a
// name. Others are those of output columns, or errors of the client's.
func (b *block) finds(n *ast.ColumnName) bool { return b.scope.bind(n).scope != nil }

// local reports whether an expression depends on a row of the block's sources
// alone.
func (b *block) local(e ast.ExprNode) bool {
	ok := true
	tree.Walk(e, func(n ast.Node) bool {
		if name, is := n.(*ast.ColumnName); is {
			found := b.scope.bind(name)
			ok = ok && found.source != nil && found.scope == b.scope
		}
		ok = ok && isPure(n)
		return true
	})
	return ok
}

// clauses returns the parts of a block that hold its own expressions.
func (b *block) clauses() []ast.Node {
	switch n := b.node.(type) {
	case *ast.SelectStmt:
		return selectClauses(n, b.scope)
	case *ast.SetOprStmt:
		return tree.Present(tree.OrNil(n.OrderBy), tree.OrNil(n.Limit))
	case *ast.SetOprSelectList:
		return tree.Present(tree.OrNil(n.OrderBy), tree.OrNil(n.Limit))
	}
	return nil
}

func selectClauses(n *ast.SelectStmt, sc *scope) []ast.Node {
	clauses := tree.Present(tree.OrNil(n.Fields), n.Where, tree.OrNil(n.GroupBy), tree.OrNil(n.Having), tree.OrNil(n.OrderBy), tree.OrNil(n.Limit))
	for _, on := range sc.conditions {
		clauses = append(clauses, on)
	}
	for i := range n.WindowSpecs {
		clauses = append(clauses, &n.WindowSpecs[i])
	}
	for _, row := range n.Lists {
		clauses = append(clauses, row)
	}
	return clauses
}

// names calls f with each column name in the block's own clauses.
func (b *block) names(f func(*ast.ColumnName)) {
	for _, clause := range b.clauses() {
		tree.Walk(clause, func(n ast.Node) bool {
			if name, ok := n.(*ast.ColumnName); ok {
				f(name)
			}
			return true
		})
	}
}

// each calls f with the block and all inside it.
func (b *block) each(f func(*block)) {
	f(b)
	for _, inner := range b.inner {
		inner.each(f)
	}
}

// correlated reports whether anything in the block refers to a column of a
// block around it.
func (b *block) correlated() bool {
	own := make(map[*scope]bool)
	b.each(func(x *block) { own[x.scope] = true })
	return b.any(func(x *block) bool {
		outer := false
		x.names(func(n *ast.ColumnName) {
			found := x.scope.bind(n)
			outer = outer || found.scope != nil && !own[found.scope]
		})
		return outer
	})
}

// closed reports whether the block depends on no CTE of a block around it.
func (b *block) closed() bool {
	inside := make(map[*block]bool)
	b.each(func(x *block) { inside[x] = true })
	return !b.any(func(x *block) bool {
		for _, c := range x.ctes {
			if !inside[c.block] {
				return true
			}
		}
		return false
	})
}
