package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// needs tells which columns of a table a statement has a use for: those that
// its names are bound to, and, of names that several might have, those of all.
type needs struct {
	bound map[needed]bool
	named map[string][]string      // the qualifiers, in lower case, of each name in lower case
	whole map[*resolve.Source]bool // sources of which NATURAL JOIN may name all columns
	shown map[*resolve.Source]bool // sources of which * shows all columns
}

type needed struct {
	source *resolve.Source
	name   string // in lower case
}

func needsOf(blocks []*resolve.Block) *needs {
	n := &needs{
		bound: make(map[needed]bool), named: make(map[string][]string),
		whole: make(map[*resolve.Source]bool), shown: make(map[*resolve.Source]bool),
	}
	for _, b := range blocks {
		n.clauses(b)
		n.joins(b, b.Joins)
		n.stars(b)
	}
	return n
}

// clauses notes the names in a block's clauses. Those in HAVING may stand for
// columns of a block around it, although the block's own tables have them.
func (n *needs) clauses(b *resolve.Block) {
	b.Names(func(c *ast.ColumnName) {
		if found := b.Bind(c); found != nil {
			n.bound[needed{found, c.Name.L}] = true
		} else {
			n.name(c)
		}
	})
	if sel, ok := b.Node.(*ast.SelectStmt); ok && sel.Having != nil {
		tree.Walk(sel.Having, func(node ast.Node) bool {
			if c, ok := node.(*ast.ColumnName); ok {
				n.name(c)
			}
			return true
		})
	}
}

func (n *needs) name(c *ast.ColumnName) {
	if qualifiers := n.named[c.Name.L]; !slices.Contains(qualifiers, c.Table.L) {
		n.named[c.Name.L] = append(qualifiers, c.Table.L)
	}
}

// joins notes the columns that USING and NATURAL name.
func (n *needs) joins(b *resolve.Block, op *resolve.Operand) {
	if op == nil || op.Join == nil {
		return
	}
	for _, c := range op.Join.Using {
		n.name(c)
	}
	if op.Join.NaturalJoin {
		for _, s := range b.Sources {
			n.whole[s] = true
		}
	}
	n.joins(b, op.Left)
	n.joins(b, op.Right)
}

func (n *needs) stars(b *resolve.Block) {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok {
		return
	}
	for _, f := range sel.Fields.Fields {
		if f.WildCard == nil {
			continue
		}
		for _, s := range b.Sources {
			if f.WildCard.Table.O == "" || tree.IsName(f.WildCard.Table, s.Name) {
				n.shown[s] = true
			}
		}
	}
}

// of returns the columns of a source that the statement may need.
func (n *needs) of(s *resolve.Source) []Column {
	var columns []Column
	for i := range s.Width() {
		if c := s.Column(i); n.shown[s] || n.names(s, c.Name) {
			columns = append(columns, c)
		}
	}
	for _, c := range s.Shadows() {
		if n.bound[needed{s, c.Name}] {
			columns = append(columns, c)
		}
	}
	return columns
}

// names reports whether the statement may name a column of a source.
func (n *needs) names(s *resolve.Source, column string) bool {
	return n.whole[s] || n.bound[needed{s, strings.ToLower(column)}] || n.has(column, s.Name)
}

func (n *needs) has(column, qualifier string) bool {
	return slices.ContainsFunc(n.named[strings.ToLower(column)], func(q string) bool {
		return q == "" || q == strings.ToLower(qualifier)
	})
}
