package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// muchToCompare is from how many pairs of rows on it pays to ask a server how it
// is going to join them.
const muchToCompare = 1_000_000

// hashes reports whether the statement joins much by columns of which no index
// is known, and would be answered alike if its joins were by hash.
//
// A server looks a hash up by the value that the other side has in the column's
// own type: a text is cut to the column's length, so that 'strasse' is not found
// where 'straße' is, though both are equal. So all that is compared for equality
// has to be of types of which equal values are the same bytes.
func (p *planner) hashes() bool {
	if !p.dialect.LoopsJoins {
		return false
	}
	much, alike := false, true
	p.root.Each(func(b *resolve.Block) {
		much = much || comparesMuch(b)
		alike = alike && hashesAlike(b)
	})
	return much && alike
}

// comparesMuch reports whether a block joins two sources of many rows by columns
// without an index.
func comparesMuch(b *resolve.Block) bool {
	inner := b.Joins == nil || onlyInner(b.Joins)
	for _, eq := range resolve.ConditionsOf(b).Equations {
		l, r := eq.Left, eq.Right
		served := isServed(l) && isServed(r) || inner && (isServed(l) || isServed(r))
		if l.Source != r.Source && !served && mostRows(l.Source)*mostRows(r.Source) >= muchToCompare {
			return true
		}
	}
	return false
}

// isServed reports whether an index on a column is known.
func isServed(c *resolve.ColumnRef) bool {
	t := c.Source.Table
	return t != nil && (c.Indexed() || t.Kind == catalog.Family && tree.IsName(c.Name.Name, catalog.KeyColumn))
}

// mostRows estimates how many rows a source may have.
func mostRows(s *resolve.Source) float64 {
	most := 1.0
	var tables []*catalog.Table
	if s.Table != nil {
		tables = []*catalog.Table{s.Table}
	} else if s.Block != nil {
		tables, _ = s.Block.Reach()
	}
	for _, t := range tables {
		rows, _ := tableSize(t)
		most = max(most, rows)
	}
	return most
}

// hashesAlike reports whether all that a block compares for equality is equal
// where its bytes are.
func hashesAlike(b *resolve.Block) bool {
	ok := !b.Merges
	b.Walk(func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryOperationExpr:
			ok = ok && (n.Op != opcode.EQ && n.Op != opcode.NullEQ || pairHashes(b, n.L, n.R))
		case *ast.PatternInExpr:
			ok = ok && memberHashes(b, n)
		case *ast.CompareSubqueryExpr, *ast.RowExpr:
			ok = false
		}
		return ok
	})
	return ok
}

// pairHashes reports whether two sides are compared by their bytes, or not with
// those of another row.
func pairHashes(b *resolve.Block, l, r ast.ExprNode) bool {
	if isFixed(l) || isFixed(r) {
		return true
	}
	one, other := b.Ref(l), b.Ref(r)
	if one == nil || other == nil || one.Type() != other.Type() {
		return false
	}
	switch one.Type() {
	case catalog.Int, catalog.Bool, catalog.Date:
		return true
	case catalog.Timestamp:
		return one.OfFamily() && other.OfFamily()
	}
	return false
}

func memberHashes(b *resolve.Block, in *ast.PatternInExpr) bool {
	if in.Sel != nil {
		return false
	}
	for _, e := range in.List {
		if !isFixed(e) && !isFixed(in.Expr) {
			return false
		}
	}
	return true
}

// isFixed reports whether an expression is the same for all rows.
func isFixed(e ast.ExprNode) bool {
	fixed := true
	tree.Walk(e, func(n ast.Node) bool {
		switch n.(type) {
		case *ast.ColumnName, *ast.SubqueryExpr:
			fixed = false
		}
		return fixed
	})
	return fixed
}
