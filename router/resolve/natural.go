package resolve

import (
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// spellNatural turns NATURAL into USING: a server that shows hidden columns
// would join on those too.
func (r *resolver) spellNatural(op *Operand) error {
	first, second, known, err := r.visibleOperands(op)
	if err != nil {
		return err
	}
	shared, unique := mergedNames(op.Join, first, second)
	if !known || !unique {
		return fault.New(fault.Unsupported, "NATURAL JOIN is not supported where the tables' columns cannot be told or are ambiguous: use USING or ON")
	}
	op.Join.NaturalJoin = false
	if op.Join.Tp == 0 {
		op.Join.Tp = ast.CrossJoin
	}
	for _, c := range first {
		if shared[strings.ToLower(c.name)] {
			op.Join.Using = append(op.Join.Using, &ast.ColumnName{Name: ast.NewCIStr(c.name)})
		}
	}
	if len(op.Join.Using) == 0 && op.Join.Tp != ast.CrossJoin {
		joinAll(op)
	}
	return nil
}

// joinAll makes an outer join one without condition. Of a RIGHT JOIN, NATURAL
// shows the right operand's columns first: so does the LEFT JOIN that it is.
func joinAll(op *Operand) {
	if op.Join.Tp == ast.RightJoin {
		op.Join.Left, op.Join.Right = op.Join.Right, op.Join.Left
		op.Left, op.Right = op.Right, op.Left
		op.Join.Tp = ast.LeftJoin
	}
	op.Join.On = &ast.OnCondition{Expr: ast.NewValueExpr(int64(1), "", "")}
}
