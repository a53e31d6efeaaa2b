package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

const (
	// briefRows is how many rows a brief query looks at, at most: servers do that
	// in a fraction of a second.
	briefRows = 100_000
	// briefSources is how many tables and parts a brief query has at most, those
	// that are named several times counted as often: looking at them must end.
	briefSources = 32
	// indexedShare is the share of a table's rows that one value of an index is
	// presumed to have, and indexedRows the least number of them.
	indexedShare = 1.0 / 1000
	indexedRows  = 100
)

// brief reports whether a statement is presumed to end soon: whether, had it to
// look at each combination of the rows of its tables, these would be few. Of a
// table of which only some rows can matter those count that an index finds.
func (p *planner) brief() bool {
	e := examined{sources: briefSources}
	rows := e.block(p.root)
	if sel, ok := p.root.Node.(*ast.SelectStmt); ok && p.maxRows > 0 && unsorted(p.root, sel) {
		rows = min(rows, float64(p.maxRows)+1)
	}
	return e.sources >= 0 && rows <= briefRows
}

// examined counts the rows that blocks look at. It gives up, with a negative
// number of sources, where that is not worth the time.
type examined struct{ sources int }

func (e *examined) block(b *resolve.Block) float64 {
	if b.Role == resolve.Recursive {
		e.sources = -1
	}
	rows := 1.0
	for _, arm := range b.Arms {
		rows += e.block(arm)
	}
	for _, s := range b.Sources {
		rows *= e.source(b, s)
	}
	for _, inner := range b.Inner {
		if inner.Role == resolve.Subquery {
			rows *= e.block(inner)
		}
	}
	if sel, ok := b.Node.(*ast.SelectStmt); ok && sel.Limit != nil && unsorted(b, sel) {
		rows = min(rows, limited(sel.Limit))
	}
	return rows
}

func (e *examined) source(b *resolve.Block, s *resolve.Source) float64 {
	e.sources--
	switch {
	case e.sources < 0:
		return 1
	case s.Table != nil:
		return found(b, s)
	case s.Block != nil:
		return e.block(s.Block)
	}
	return indexedRows // of a JSON_TABLE
}

// unsorted reports whether a block's rows come as they are found, so that its
// LIMIT bounds what is looked at.
func unsorted(b *resolve.Block, sel *ast.SelectStmt) bool {
	return len(b.Sources) == 1 && b.Sources[0].Table != nil && !b.Aggregate && !sel.Distinct &&
		sel.Where == nil && sel.GroupBy == nil && sel.Having == nil && sel.OrderBy == nil && len(sel.WindowSpecs) == 0
}

// limited returns how many rows a LIMIT has found, as far as that can be told.
func limited(limit *ast.Limit) float64 {
	rows := 0.0
	for _, e := range []ast.ExprNode{limit.Count, limit.Offset} {
		if e == nil {
			continue
		}
		n, ok := tree.WholeNumber(e)
		if !ok {
			return 2 * briefRows
		}
		rows += float64(n)
	}
	return rows
}

// found returns the rows of a table that the block's WHERE lets an index find.
func found(b *resolve.Block, s *resolve.Source) float64 {
	all, _ := tableSize(s.Table)
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || sel.Where == nil || all == 1 {
		return all
	}
	rows := all
	for _, c := range tree.Conjuncts(sel.Where) {
		if column, values := pinned(c); column != nil && b.Bind(column) == s {
			rows = min(rows, float64(values)*ofValue(s.Table, column, all))
		}
	}
	return max(rows, 1)
}

// pinned returns the column that a condition allows only some values, and how
// many; nil where it is no such condition.
func pinned(e ast.ExprNode) (*ast.ColumnName, int) {
	switch e := tree.Bare(e).(type) {
	case *ast.BinaryOperationExpr:
		if e.Op != opcode.EQ && e.Op != opcode.NullEQ {
			break
		}
		if tree.IsConstant(e.R) {
			return tree.PlainColumn(e.L), 1
		}
		if tree.IsConstant(e.L) {
			return tree.PlainColumn(e.R), 1
		}
	case *ast.PatternInExpr:
		if !e.Not && e.Sel == nil {
			return tree.PlainColumn(e.Expr), len(e.List)
		}
	}
	return nil, 0
}

// ofValue returns how many of a table's rows an index finds for one value of a
// column: all, where none begins with it.
func ofValue(t *catalog.Table, column *ast.ColumnName, all float64) float64 {
	if t.Kind != catalog.Registered && tree.IsName(column.Name, catalog.KeyColumn) {
		return 1
	}
	for _, ix := range t.Indexes {
		if tree.IsName(column.Name, ix.Columns[0]) {
			return max(all*indexedShare, indexedRows)
		}
	}
	return all
}
