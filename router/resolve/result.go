package resolve

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Result returns the columns of a table of the block's result. They are the
// block's own; those that have no names, as they need none in a subquery and in
// a later arm, get one of ours where there is a select field to bear it.
func (b *Block) Result() []Column {
	columns := b.Columns
	for i := range columns {
		if columns[i].Name != "" || b.first(i) == nil {
			continue
		}
		if &columns[0] == &b.Columns[0] {
			columns = slices.Clone(columns)
		}
		columns[i].Name = catalog.ReservedPrefix + "_" + strconv.Itoa(i+1)
	}
	return columns
}

// Query returns the block as a statement of its own, whose columns have the
// names of Result. The block stays as it is.
func (b *Block) Query() ast.Node {
	node := tree.Alone(b.Node)
	var aliases []string
	for i, c := range b.Result() {
		if f := b.first(i); f != nil && f.AsName.O == "" && strings.HasPrefix(c.Name, catalog.ReservedPrefix) {
			if aliases == nil {
				aliases = make([]string, len(b.Columns))
			}
			aliases[i] = c.Name
		}
	}
	if aliases == nil {
		return node
	}
	return tree.Aliased(node, aliases)
}

// first returns the select field that names a column, nil for one of a *.
func (b *Block) first(i int) *ast.SelectField {
	first := b
	for len(first.Arms) > 0 {
		first = first.Arms[0]
	}
	sel, ok := first.Node.(*ast.SelectStmt)
	if !ok || len(sel.Fields.Fields) != len(b.Columns) || tree.IsStar(sel.Fields.Fields[i]) {
		return nil
	}
	return sel.Fields.Fields[i]
}
