package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// merged is a column that an operand of a join offers: where it comes from
// and what * calls it. Of the columns that USING and NATURAL merge, it is the
// one that the merged column takes its value from.
type merged struct {
	source *Source
	name   string
	typ    catalog.Type
	weight int
}

// visible returns the columns that * shows of an operand, in their order. It
// reports false where they cannot be told.
func (r *resolver) visible(op *Operand) ([]merged, bool, error) {
	if op.computed {
		return op.columns, op.known, nil
	}
	var err error
	if op.Source != nil {
		op.columns, op.known, err = r.visibleSource(op.Source)
	} else {
		op.columns, op.known, err = r.visibleJoin(op)
	}
	op.computed = true
	return op.columns, op.known, err
}

func (r *resolver) visibleSource(s *Source) ([]merged, bool, error) {
	if !s.known() {
		return nil, false, nil
	}
	if err := r.spend(s.Width()); err != nil {
		return nil, false, err
	}
	columns := make([]merged, s.Width())
	for i := range columns {
		c := s.Column(i)
		columns[i] = merged{source: s, name: c.Name, typ: c.Type, weight: c.weight}
	}
	return columns, true, nil
}

// visibleJoin follows the manual's "JOIN Clause": first the merged columns, in
// the order of the first operand, then the rest of the first, then the rest of
// the second. The first operand is the left, or the right of a RIGHT JOIN;
// the merged columns take their values from it.
func (r *resolver) visibleJoin(op *Operand) ([]merged, bool, error) {
	first, second, known, err := r.visibleOperands(op)
	if err != nil || !known {
		return nil, false, err
	}
	if err := r.spend(len(first) + len(second)); err != nil {
		return nil, false, err
	}
	columns := make([]merged, 0, len(first)+len(second))
	if !op.Join.NaturalJoin && len(op.Join.Using) == 0 {
		return append(append(columns, first...), second...), true, nil
	}
	merges, unique := mergedNames(op.Join, first, second)
	for _, wanted := range []bool{true, false} {
		for _, c := range first {
			if merges[strings.ToLower(c.name)] == wanted {
				columns = append(columns, c)
			}
		}
	}
	for _, c := range second {
		if !merges[strings.ToLower(c.name)] {
			columns = append(columns, c)
		}
	}
	return columns, unique, nil
}

// visibleOperands returns the columns of a join's two operands, in the order
// in which * shows them.
func (r *resolver) visibleOperands(op *Operand) (first, second []merged, known bool, err error) {
	first, known, err = r.visible(op.Left)
	if err != nil || !known {
		return nil, nil, false, err
	}
	second, known, err = r.visible(op.Right)
	if op.Join.Tp == ast.RightJoin && (op.Join.NaturalJoin || len(op.Join.Using) > 0) {
		first, second = second, first
	}
	return first, second, known, err
}

// mergedNames returns the names, in lower case, of the columns that a join
// merges, and whether each stands for one column on either side.
func mergedNames(j *ast.Join, first, second []merged) (merges map[string]bool, unique bool) {
	merges, unique = make(map[string]bool), true
	left, right := countNames(first), countNames(second)
	for _, c := range j.Using {
		merges[c.Name.L] = true
		unique = unique && left[c.Name.L] == 1 && right[c.Name.L] == 1
	}
	if j.NaturalJoin {
		for name, n := range left {
			if m := right[name]; m > 0 {
				merges[name] = true
				unique = unique && n == 1 && m == 1
			}
		}
	}
	return merges, unique
}

func countNames(columns []merged) map[string]int {
	n := make(map[string]int, len(columns))
	for _, c := range columns {
		n[strings.ToLower(c.name)]++
	}
	return n
}

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
