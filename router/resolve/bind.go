package resolve

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// binding says what a column's name refers to.
type binding struct {
	source *Source // nil where scope has no such column, or several
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
func (sc *scope) among(name string) (found *Source, ok bool) {
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

// Bind returns the source of the column that a name in the block's clauses
// refers to, nil where there is none or it cannot be told.
func (b *Block) Bind(n *ast.ColumnName) *Source { return b.scope.bind(n).source }

// Finds reports whether the block's FROM, or one around it, has a column of a
// name. Others are those of output columns, or errors of the client's.
func (b *Block) Finds(n *ast.ColumnName) bool { return b.scope.bind(n).scope != nil }

// Walk calls f with the nodes of all clauses that hold the block's own
// expressions: of a subquery it sees the expression, and nothing inside. Where f
// returns false, it does not descend.
func (b *Block) Walk(f func(ast.Node) bool) {
	for clause := range b.clauses {
		tree.Walk(clause, f)
	}
}

// clauses yields the parts of a block that hold its own expressions.
func (b *Block) clauses(yield func(ast.Node) bool) {
	var last [6]ast.Node
	if op, ok := tree.SetOperationOf(b.Node); ok {
		last = [6]ast.Node{tree.OrNil(op.Order), tree.OrNil(op.Limit)}
	} else {
		sel := b.Node.(*ast.SelectStmt)
		for _, document := range b.scope.documents {
			if !yield(document) {
				return
			}
		}
		for _, on := range b.scope.conditions {
			if !yield(on) {
				return
			}
		}
		for i := range sel.WindowSpecs {
			if !yield(&sel.WindowSpecs[i]) {
				return
			}
		}
		last = [6]ast.Node{tree.OrNil(sel.Fields), sel.Where, tree.OrNil(sel.GroupBy), tree.OrNil(sel.Having), tree.OrNil(sel.OrderBy), tree.OrNil(sel.Limit)}
	}
	for _, clause := range last {
		if clause != nil && !yield(clause) {
			return
		}
	}
}

// Names calls f with each column name in the block's own clauses.
func (b *Block) Names(f func(*ast.ColumnName)) {
	b.Walk(func(n ast.Node) bool {
		if name, ok := n.(*ast.ColumnName); ok {
			f(name)
		}
		return true
	})
}

// Each calls f with the block and all inside it.
func (b *Block) Each(f func(*Block)) {
	f(b)
	for _, inner := range b.Inner {
		inner.Each(f)
	}
}

// Closed reports whether the block depends on no CTE of a block around it.
func (b *Block) Closed() bool {
	inside := make(map[*Block]bool)
	b.Each(func(x *Block) { inside[x] = true })
	return !b.Any(func(x *Block) bool {
		for _, c := range x.ctes {
			if !inside[c.Block] {
				return true
			}
		}
		return false
	})
}

// column returns the catalog's column, or the shadow's, that a name in the block
// refers to, or nil.
func (b *Block) column(n *ast.ColumnName) *catalog.Column {
	s := b.Bind(n)
	if s == nil || s.Table == nil {
		return nil
	}
	if shadow, ok := s.Table.ShadowNamed(n.Name.O); ok {
		return &catalog.Column{Name: shadow.Name(), Type: shadow.Type(), Nullable: true}
	}
	c, _ := s.Table.Column(n.Name.O)
	return c
}

// ColumnRef is a column of a source.
type ColumnRef struct {
	Source *Source
	Name   *ast.ColumnName
}

// Ref returns the column that an expression in the block is, nil where it is
// none or cannot be told.
func (b *Block) Ref(e ast.ExprNode) *ColumnRef {
	name := tree.PlainColumn(e)
	if name == nil {
		return nil
	}
	s := b.Bind(name)
	if s == nil {
		return nil
	}
	return &ColumnRef{s, name}
}

// Type returns the catalog's type of the column, "" where it is computed.
func (r *ColumnRef) Type() catalog.Type {
	_, typ := r.Source.count(r.Name.Name.O)
	return typ
}

// OfFamily reports whether the column is a family's.
func (r *ColumnRef) OfFamily() bool {
	return r.Source.Table != nil && r.Source.Table.Kind == catalog.Family
}

// Indexed reports whether an index begins with the column.
func (r *ColumnRef) Indexed() bool {
	return slices.ContainsFunc(r.Source.Table.Indexes, func(ix catalog.Index) bool {
		return strings.EqualFold(ix.Columns[0], r.Name.Name.O)
	})
}
