package tree

import "github.com/pingcap/tidb/pkg/parser/ast"

// Column returns the column of a table, as an expression.
func Column(table, column string) *ast.ColumnNameExpr {
	return &ast.ColumnNameExpr{Name: &ast.ColumnName{Table: ast.NewCIStr(table), Name: ast.NewCIStr(column)}}
}

// Field returns the select field of a table's column.
func Field(table, column string) *ast.SelectField { return new(SpelledField).Of(table, column) }

// SpelledField has the nodes of a select field that names one column, in one
// piece of memory: a wide table needs a thousand of them.
type SpelledField struct {
	field ast.SelectField
	expr  ast.ColumnNameExpr
	name  ast.ColumnName
}

// Of makes the field name a table's column, and returns it.
func (f *SpelledField) Of(table, column string) *ast.SelectField {
	f.name.Table, f.name.Name = ast.NewCIStr(table), ast.NewCIStr(column)
	f.expr.Name = &f.name
	f.field.Expr = &f.expr
	return &f.field
}
