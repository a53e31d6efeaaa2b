package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Label names the columns of a block's result that have no names, as they need
// none in a subquery and in a later arm.
func (b *Block) Label() {
	b.Columns = slices.Clone(b.Columns)
	for i := range b.Columns {
		if b.Columns[i].Name == "" && b.first(i) != nil {
			b.Columns[i].Name = catalog.ReservedPrefix + "_" + strconv.Itoa(i+1)
		}
	}
}

// Alias writes the names that label gave into the block.
func (b *Block) Alias() {
	for i, c := range b.Columns {
		if f := b.first(i); f != nil && f.AsName.O == "" && strings.HasPrefix(c.Name, catalog.ReservedPrefix) {
			f.AsName = ast.NewCIStr(c.Name)
		}
	}
}

// first returns the select field that names a column, nil for one of a *.
func (b *Block) first(i int) *ast.SelectField {
	for len(b.Arms) > 0 {
		b = b.Arms[0]
	}
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || sel.Fields == nil || len(sel.Fields.Fields) != len(b.Columns) || sel.Fields.Fields[i].WildCard != nil {
		return nil
	}
	return sel.Fields.Fields[i]
}
