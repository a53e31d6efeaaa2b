package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// A block's result may take the block's place only if it is the same there,
// to the last hidden digit: a server computes 1/3*3 with more digits than the
// 1/3 that it stores, and it merges a plain derived table into the query
// around it, so that nothing is stored. What it stores anyway, and columns as
// they are, are the same.

// Exact reports whether the block's result may be stored before it is used.
func (b *Block) Exact() bool {
	if !storable(b.Result()) || b.Any(rollsUp) || b.MixesAggregates() {
		return false
	}
	stored := (b.Role == Derived || b.Role == With) && b.Stored()
	for i := range b.Columns {
		if !b.exactColumn(i) && !(stored && b.storableColumn(i)) {
			return false
		}
	}
	return true
}

// rollsUp reports whether a block has rows in which columns are NULL that, for
// all the server says, never are.
func rollsUp(b *Block) bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	return ok && sel.GroupBy != nil && sel.GroupBy.Rollup
}

// MixesAggregates reports whether the block is an arm of a set operation in
// which the value of an aggregate of its own meets what is no number, as far as
// that can be told. MariaDB makes that column bytes, where it makes a text of one
// in which a number that is stored does so.
func (b *Block) MixesAggregates() bool {
	for i := range b.Columns {
		e, _ := b.field(i)
		_, aggregate := tree.Bare(e).(*ast.AggregateFuncExpr)
		for whole := b.whole; aggregate && whole != nil; whole = whole.whole {
			if k := whole.outputKind(i); k != tree.IntKind && k != tree.FloatKind {
				return true
			}
		}
	}
	return false
}

// outputKind returns the kind of a column, in a set operation that of all arms.
func (b *Block) outputKind(i int) tree.Kind {
	if len(b.Arms) == 0 {
		if e, _ := b.field(i); e != nil {
			return b.Kind(e)
		}
		return tree.UnknownKind
	}
	kinds := make([]tree.Kind, len(b.Arms))
	for n, arm := range b.Arms {
		kinds[n] = arm.outputKind(i)
	}
	return tree.CommonKind(kinds)
}

// storable reports whether a table can have columns of these names, and no
// column is JSON: that a server knows from its own tables alone.
func storable(columns []Column) bool {
	seen := make(map[string]bool, len(columns))
	for _, c := range columns {
		name := strings.ToLower(c.Name)
		if !storableName(name) || seen[name] || c.Type == catalog.JSON {
			return false
		}
		seen[name] = true
	}
	return len(columns) > 0
}

func storableName(name string) bool {
	if name == "" || len(name) > 64 || strings.HasSuffix(name, " ") {
		return false
	}
	for _, c := range []byte(name) {
		if c < ' ' || c > '~' {
			return false
		}
	}
	return true
}

// Stored reports whether servers compute the rows of the block, standing as a
// derived table or CTE, into a temporary table, rather than merge the block
// into the query around it (MySQL manual, "Optimizing Derived Tables").
func (b *Block) Stored() bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	return !ok || sel.Distinct || sel.GroupBy != nil || sel.Having != nil || sel.Limit != nil || b.Aggregate
}

// field returns the expression of a column, or nil for one that a * shows. It
// reports false where it cannot tell which field a column is of.
func (b *Block) field(i int) (ast.ExprNode, bool) {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok {
		return nil, false
	}
	for _, f := range sel.Fields.Fields {
		width := 1
		if tree.IsStar(f) {
			width, ok = b.starWidth(f, len(sel.Fields.Fields))
		}
		if !ok || i < width {
			return f.Expr, ok
		}
		i -= width
	}
	return nil, false
}

// starWidth returns the number of columns that a * shows, if that can be told.
func (b *Block) starWidth(star *ast.SelectField, fields int) (int, bool) {
	if fields == 1 {
		return len(b.Columns), true
	}
	width, found := 0, false
	for _, s := range b.Sources {
		if name := star.WildCard.Table.O; name != "" && !strings.EqualFold(s.Name, name) {
			continue
		}
		if !s.known() {
			return 0, false
		}
		width, found = width+s.Width(), true
	}
	return width, found && !b.Merges
}

// exactColumn reports whether a column's values are those of a table's column,
// or integers and sums of such.
func (b *Block) exactColumn(i int) bool {
	if len(b.Arms) > 0 {
		return len(b.Arms) == 1 && b.Arms[0].exactColumn(i)
	}
	e, known := b.field(i)
	if e == nil {
		return known && b.exactStar()
	}
	switch e := tree.Bare(e).(type) {
	case *ast.ColumnNameExpr:
		return b.exactName(e.Name)
	case *ast.AggregateFuncExpr:
		return b.exactAggregate(e)
	}
	return false
}

// exactStar reports whether all sources are tables, or as good as tables.
func (b *Block) exactStar() bool {
	for _, s := range b.Sources {
		if !exactSource(s) {
			return false
		}
	}
	return len(b.Sources) > 0
}

func exactSource(s *Source) bool {
	if s.Table != nil {
		return true
	}
	if s.Block == nil {
		return false
	}
	for i := range s.Block.Columns {
		if !s.Block.exactColumn(i) && !(s.Block.Stored() && s.Block.storableColumn(i)) {
			return false
		}
	}
	return len(s.Block.Columns) > 0
}

func (b *Block) exactName(n *ast.ColumnName) bool {
	found := b.scope.bind(n)
	return found.source != nil && found.scope == b.scope && exactSource(found.source)
}

// exactAggregate reports whether an aggregate has a value without hidden
// digits. Sums of integers and decimals are exact, and floats hide none.
func (b *Block) exactAggregate(a *ast.AggregateFuncExpr) bool {
	name := strings.ToLower(a.F)
	if name == ast.AggFuncCount {
		return true
	}
	if len(a.Args) != 1 {
		return false
	}
	column := tree.PlainColumn(a.Args[0])
	if column == nil || !b.exactName(column) {
		return false
	}
	c := b.column(column)
	if c == nil {
		return false
	}
	extreme := name == ast.AggFuncMin || name == ast.AggFuncMax
	switch c.Type {
	case catalog.Int, catalog.Decimal:
		return extreme || name == ast.AggFuncSum
	case catalog.Timestamp, catalog.Date:
		return extreme
	case catalog.Float:
		return c.DataType == "" && (extreme || name == ast.AggFuncSum || name == ast.AggFuncAvg)
	case catalog.Text:
		return extreme && c.DataType != "enum" && c.DataType != "set"
	}
	return false
}
