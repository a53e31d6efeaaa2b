package guard

import (
	"encoding/json"
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// ParseLifted is [Dialect.Parse] of a lifted text, with holes for its values. It
// does not tell why it fails: Parse does.
func (d Dialect) ParseLifted(l *Lifted, lim Limits) (*Statement, error) {
	lim = lim.orDefault()
	text, withs, err := survey(l.client, lim, d)
	if err != nil {
		return nil, err
	}
	args, edits := l.args()
	if err := checkArgs(args, lim.Length-len(l.client)); err != nil {
		return nil, err
	}
	if err := begins(text); err != nil {
		return nil, err
	}
	s := &Statement{withs: withs, exactWiths: d.ExactWiths}
	g := guard{sql: edits.apply(text), client: l.client, edits: edits, lim: lim, dialect: d}
	if err := g.parse(s, args); err != nil {
		return nil, err
	}
	if len(g.placeholders) != len(l.Values) {
		return nil, fault.New(fault.Unsupported, "values of the query are not told apart")
	}
	s.holes = make([]*tree.Hole, len(l.Values))
	h := holes{of: make(map[*tree.Literal]int, len(l.Values))}
	for i, literal := range g.placeholders { // which bind has sorted
		h.of[literal] = i
	}
	h.query(s.node)
	for _, i := range h.found {
		if v := &l.Values[i]; v.Kind != Fixed {
			s.holes[i] = &tree.Hole{Slot: l.same(v) - 1}
			g.placeholders[i].Hole = s.holes[i]
		}
	}
	return s, nil
}

// args returns the values as arguments, and what puts a placeholder in the place of
// those that have none.
func (l *Lifted) args() (args []any, edits edited) {
	for _, v := range l.Values {
		if v.placeholder {
			args = append(args, v.arg)
			continue
		}
		edits = append(edits, edit{at: v.start, old: v.end - v.start, text: "?"})
		if v.Kind == String {
			args = append(args, v.Text)
			continue
		}
		args = append(args, json.Number(v.Text))
	}
	return args, edits
}

// holes looks for the values of which nothing depends but which rows a statement
// reads: those that something is compared with in a WHERE or an ON. The fields of a
// SELECT, whose names are made of their texts, have none.
type holes struct {
	of    map[*tree.Literal]int
	found []int
}

func (h *holes) query(node ast.Node) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		h.with(n.With)
		h.condition(n.Where)
		if n.From != nil {
			h.from(n.From.TableRefs)
		}
	case *ast.SetOprStmt:
		h.with(n.With)
		h.query(n.SelectList)
	case *ast.SetOprSelectList:
		h.with(n.With)
		for _, arm := range n.Selects {
			h.query(arm)
		}
	}
}

func (h *holes) with(w *ast.WithClause) {
	if w == nil {
		return
	}
	for _, cte := range w.CTEs {
		h.query(cte.Query.Query)
	}
}

func (h *holes) from(from ast.ResultSetNode) {
	refs, conditions := tree.Leaves(from)
	for _, ref := range refs {
		h.query(ref.Source)
	}
	for _, on := range conditions {
		h.condition(on)
	}
}

// condition looks at what must be true of a row.
func (h *holes) condition(e ast.ExprNode) {
	if e == nil {
		return
	}
	switch n := tree.Bare(e).(type) {
	case *ast.BinaryOperationExpr:
		switch {
		case n.Op == opcode.LogicAnd, n.Op == opcode.LogicOr, n.Op == opcode.LogicXor:
			h.condition(n.L)
			h.condition(n.R)
		case slices.Contains(comparisons, n.Op):
			h.compared(n.L, n.R)
		}
	case *ast.UnaryOperationExpr:
		if n.Op == opcode.Not || n.Op == opcode.Not2 {
			h.condition(n.V)
		}
	case *ast.BetweenExpr:
		h.compared(n.Expr, n.Left, n.Right)
	case *ast.PatternInExpr:
		h.compared(n.Expr)
		h.compared(n.List...)
		if n.Sel != nil {
			h.compared(n.Sel)
		}
	case *ast.PatternLikeOrIlikeExpr:
		h.compared(n.Expr, n.Pattern)
	case *ast.ExistsSubqueryExpr:
		h.compared(n.Sel)
	}
}

var comparisons = []opcode.Op{opcode.EQ, opcode.NE, opcode.NullEQ, opcode.LT, opcode.LE, opcode.GT, opcode.GE}

// compared looks at the sides of a comparison.
func (h *holes) compared(sides ...ast.ExprNode) {
	for _, side := range sides {
		switch n := tree.Bare(side).(type) {
		case *tree.Literal:
			if i, ok := h.of[n]; ok {
				h.found = append(h.found, i)
			}
		case *ast.SubqueryExpr:
			h.query(n.Query)
		case *ast.RowExpr:
			h.compared(n.Values...)
		}
	}
}
