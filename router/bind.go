package router

import (
	"strings"

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

// clauses returns the parts of a block that hold its own expressions.
func (b *block) clauses() []ast.Node {
	switch n := b.node.(type) {
	case *ast.SelectStmt:
		return selectClauses(n, b.scope)
	case *ast.SetOprStmt:
		return present(orNil(n.OrderBy), orNil(n.Limit))
	case *ast.SetOprSelectList:
		return present(orNil(n.OrderBy), orNil(n.Limit))
	}
	return nil
}

func selectClauses(n *ast.SelectStmt, sc *scope) []ast.Node {
	clauses := present(orNil(n.Fields), n.Where, orNil(n.GroupBy), orNil(n.Having), orNil(n.OrderBy), orNil(n.Limit))
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

func present(nodes ...ast.Node) []ast.Node {
	var list []ast.Node
	for _, n := range nodes {
		if n != nil {
			list = append(list, n)
		}
	}
	return list
}

// walk calls f with the node and all below it that belong to the same block:
// of a subquery it sees the expression, and nothing inside. Where f returns
// false, it does not descend.
func walk(node ast.Node, f func(ast.Node) bool) { node.Accept(&walker{f}) }

type walker struct{ f func(ast.Node) bool }

// Enter implements ast.Visitor.
func (w *walker) Enter(n ast.Node) (ast.Node, bool) {
	descend := w.f(n)
	_, sub := n.(*ast.SubqueryExpr)
	return n, sub || !descend
}

// Leave implements ast.Visitor.
func (w *walker) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// names calls f with each column name in the block's own clauses.
func (b *block) names(f func(*ast.ColumnName)) {
	for _, clause := range b.clauses() {
		walk(clause, func(n ast.Node) bool {
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

// plainColumn returns the column name that an expression is, but for
// parentheses, or nil.
func plainColumn(e ast.ExprNode) *ast.ColumnName {
	if c, ok := bare(e).(*ast.ColumnNameExpr); ok {
		return c.Name
	}
	return nil
}

// bare returns an expression without the parentheses around it.
func bare(e ast.ExprNode) ast.ExprNode {
	for {
		p, ok := e.(*ast.ParenthesesExpr)
		if !ok {
			return e
		}
		e = p.Expr
	}
}

// isName reports whether a name, of a column or an alias, is the given one.
func isName(n ast.CIStr, name string) bool { return strings.EqualFold(n.O, name) }
