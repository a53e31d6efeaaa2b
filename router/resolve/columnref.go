package resolve

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

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
