package tree

import (
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// Conjuncts returns the parts of an expression that AND connects.
func Conjuncts(e ast.ExprNode) []ast.ExprNode { return operands(opcode.LogicAnd, e, nil) }

// Disjuncts returns the parts of an expression that OR connects.
func Disjuncts(e ast.ExprNode) []ast.ExprNode { return operands(opcode.LogicOr, e, nil) }

func operands(op opcode.Op, e ast.ExprNode, parts []ast.ExprNode) []ast.ExprNode {
	if n, ok := Bare(e).(*ast.BinaryOperationExpr); ok && n.Op == op {
		return operands(op, n.R, operands(op, n.L, parts))
	}
	return append(parts, e)
}

// Conjunction connects conditions with AND; nil without any.
func Conjunction(parts []ast.ExprNode) ast.ExprNode {
	var all ast.ExprNode
	for _, part := range parts {
		part = &ast.ParenthesesExpr{Expr: Bare(part)}
		if all == nil {
			all = part
			continue
		}
		all = &ast.BinaryOperationExpr{Op: opcode.LogicAnd, L: all, R: part}
	}
	return all
}

// Select returns a SELECT of fields from a table or a query under an alias.
func Select(fields []*ast.SelectField, from ast.ResultSetNode, alias string, where []ast.ExprNode) *ast.SelectStmt {
	ts := &ast.TableSource{Source: from}
	if name, ok := from.(*ast.TableName); !ok || alias != name.Name.O {
		ts.AsName = ast.NewCIStr(alias)
	}
	return &ast.SelectStmt{
		SelectStmtOpts: &ast.SelectStmtOpts{SQLCache: true},
		Fields:         &ast.FieldList{Fields: fields},
		From:           &ast.TableRefsClause{TableRefs: &ast.Join{Left: ts}},
		Where:          Conjunction(where),
	}
}

// Unwrap removes parentheses around a single table: they mean nothing, and
// restored they would turn a following JOIN into a comma.
func Unwrap(node ast.ResultSetNode) ast.ResultSetNode {
	for {
		j, ok := node.(*ast.Join)
		if !ok || j.Right != nil {
			return node
		}
		node = j.Left
	}
}

// Leaves returns the tables of a FROM and the conditions of its joins.
func Leaves(from ast.ResultSetNode) (refs []*ast.TableSource, conditions []ast.ExprNode) {
	var add func(ast.ResultSetNode)
	add = func(node ast.ResultSetNode) {
		switch n := node.(type) {
		case *ast.TableSource:
			refs = append(refs, n)
		case *ast.Join:
			add(n.Left)
			if n.Right != nil {
				add(n.Right)
			}
			if n.On != nil {
				conditions = append(conditions, n.On.Expr)
			}
		}
	}
	add(from)
	return refs, conditions
}

// RowsOf returns the number of rows that a LIMIT looks at, with those that it
// skips. It reports false where it has no number.
func RowsOf(l *ast.Limit) (uint64, bool) {
	count, ok := WholeNumber(l.Count)
	if !ok || l.Offset == nil {
		return count, ok
	}
	offset, ok := WholeNumber(l.Offset)
	return count + offset, ok && count+offset >= count
}

// Lower returns a LIMIT of at most rows rows, with the offset of l, which may
// be nil.
func Lower(l *ast.Limit, rows uint64) *ast.Limit {
	limit := &ast.Limit{Count: NewLiteral(rows)}
	if l == nil {
		return limit
	}
	limit.Offset = l.Offset
	if n, ok := WholeNumber(l.Count); ok && n > rows {
		return limit
	}
	return l
}

// Limited returns a copy of a statement with another LIMIT.
func Limited(node ast.Node, limit func(*ast.Limit) *ast.Limit) ast.Node {
	switch n := node.(type) {
	case *ast.SelectStmt:
		sel := *n
		sel.Limit = limit(n.Limit)
		return &sel
	case *ast.SetOprStmt:
		op := *n
		op.Limit = limit(n.Limit)
		return &op
	}
	return node
}

// WithOf returns the WITH in front of a query, inside parentheses around the
// whole of it too.
func WithOf(node ast.Node) *ast.WithClause {
	switch n := node.(type) {
	case *ast.SelectStmt:
		return n.With
	case *ast.SetOprStmt:
		return n.With
	case *ast.SetOprSelectList:
		if len(n.Selects) == 1 && n.With == nil {
			return WithOf(n.Selects[0])
		}
		return n.With
	}
	return nil
}

// SetWith puts a WITH in front of a statement.
func SetWith(statement ast.Node, with *ast.WithClause) {
	switch n := statement.(type) {
	case *ast.SelectStmt:
		n.With = with
	case *ast.SetOprStmt:
		n.With = with
	}
}

// Rejoined returns a copy of a FROM with what put returns in the place of each
// of its tables.
func Rejoined(from ast.ResultSetNode, put func(*ast.TableSource) *ast.TableSource) ast.ResultSetNode {
	switch n := from.(type) {
	case *ast.TableSource:
		return put(n)
	case *ast.Join:
		j := *n
		j.Left = Rejoined(n.Left, put)
		if n.Right != nil {
			j.Right = Rejoined(n.Right, put)
		}
		return &j
	}
	return from
}

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
