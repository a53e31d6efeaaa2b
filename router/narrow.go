package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

const andOp = opcode.LogicAnd

// The most keys that are sent to a shard to narrow what it ships, and the
// number of rows below which narrowing is not worth a statement.
const (
	maxKeys   = 20_000
	fewRows   = 1_000
	keyMarker = "\x00keys\x00"
)

// implied returns conditions on a source that follow from equations: with
// a.x = b.y AND a.x = 5, b.y = 5 holds too. They are made only where the two
// columns compare alike, to each other and to the literals.
func (g *gatherer) implied(b *block, s *source) []ast.ExprNode {
	var more []ast.ExprNode
	for _, eq := range g.conds[b].of[s] {
		own, other := eq.sides(s)
		if own == nil || !eq.pure || !g.alike(own, other) {
			continue
		}
		for _, c := range g.conds[g.owner[other.source]].of[other.source] {
			if c.on(other.source) && g.literalOnly(c, other) {
				more = append(more, substitute(c.expr, own))
			}
		}
	}
	return more
}

// alike reports whether two columns compare as their values do: a = b and
// b = c mean a = c. Text does where both have the collation of families.
func (g *gatherer) alike(a, b *columnRef) bool {
	x, y := a.column(), b.column()
	if x == nil || y == nil || x.Type != y.Type {
		return false
	}
	switch x.Type {
	case catalog.Int:
		return true
	case catalog.Text, catalog.Timestamp:
		return a.source.table.Kind == catalog.Family && b.source.table.Kind == catalog.Family
	case catalog.Date:
		return true
	}
	return false
}

// column returns the catalog's column, or nil.
func (r *columnRef) column() *catalog.Column {
	if r.source.table == nil {
		return nil
	}
	c, _ := r.source.table.Column(r.name.Name.O)
	return c
}

// literalOnly reports whether a condition compares the column itself with
// literals of the column's own kind.
func (g *gatherer) literalOnly(c *condition, column *columnRef) bool {
	kind := column.column()
	is := func(e ast.ExprNode) bool { return isNamed(e, column) }
	fits := func(list ...ast.ExprNode) bool {
		return !slices.ContainsFunc(list, func(e ast.ExprNode) bool { return !ofKind(e, kind.Type) })
	}
	switch e := bare(c.expr).(type) {
	case *ast.BinaryOperationExpr:
		order := e.Op == opcode.LT || e.Op == opcode.LE || e.Op == opcode.GT || e.Op == opcode.GE
		return (e.Op == opcode.EQ || order && kind.Type == catalog.Int) && (is(e.L) && fits(e.R) || is(e.R) && fits(e.L))
	case *ast.PatternInExpr:
		return !e.Not && e.Sel == nil && is(e.Expr) && fits(e.List...)
	case *ast.BetweenExpr:
		return !e.Not && kind.Type == catalog.Int && is(e.Expr) && fits(e.Left, e.Right)
	}
	return false
}

func isNamed(e ast.ExprNode, c *columnRef) bool {
	n := plainColumn(e)
	return n != nil && n.Name.L == c.name.Name.L
}

// ofKind reports whether an expression is a literal that compares with a
// column of the type as a value of that type.
func ofKind(e ast.ExprNode, typ catalog.Type) bool {
	if minus, ok := bare(e).(*ast.UnaryOperationExpr); ok && minus.Op == opcode.Minus {
		e = minus.V
	}
	l, ok := bare(e).(*literal)
	if !ok {
		return false
	}
	switch l.value.(type) {
	case int64, uint64:
		return typ == catalog.Int
	case string:
		return typ == catalog.Text && l.charset() == ""
	}
	return false
}

// substitute returns a condition with a column in place of the only one that
// it names.
func substitute(e ast.ExprNode, column *columnRef) ast.ExprNode {
	name := &ast.ColumnNameExpr{Name: &ast.ColumnName{Table: ast.NewCIStr(column.source.name), Name: column.name.Name}}
	put := func(e ast.ExprNode) ast.ExprNode {
		if plainColumn(e) != nil {
			return name
		}
		return e
	}
	switch e := bare(e).(type) {
	case *ast.BinaryOperationExpr:
		return &ast.BinaryOperationExpr{Op: e.Op, L: put(e.L), R: put(e.R)}
	case *ast.PatternInExpr:
		return &ast.PatternInExpr{Expr: name, List: e.List}
	case *ast.BetweenExpr:
		return &ast.BetweenExpr{Expr: name, Left: e.Left, Right: e.Right}
	}
	return e
}

// filter returns the keys by which a source's rows can be narrowed before
// they are shipped: those of a source at home, or shipped before, that has
// few rows.
func (g *gatherer) filter(u *unit, before []*unit) (*Filter, error) {
	if u.rows < fewRows || u.source == nil || u.top != nil {
		return nil, nil
	}
	var (
		own, best *columnRef
		least     = min(u.rows/4, 2*maxKeys)
	)
	for _, pair := range g.partners(u) {
		rows, ok := g.keyRows(pair[1].source, before)
		if ok && rows < least && g.alike(pair[0], pair[1]) {
			own, best, least = pair[0], pair[1], rows
		}
	}
	if best == nil {
		return nil, nil
	}
	return g.filterBy(u, own, best, before)
}

// partners returns pairs of a column of the unit's source and another that
// it must equal to be of use.
func (g *gatherer) partners(u *unit) [][2]*columnRef {
	var pairs [][2]*columnRef
	for _, c := range g.conds[u.block].of[u.source] {
		if own, other := c.sides(u.source); own != nil && c.pure {
			pairs = append(pairs, [2]*columnRef{own, other})
		}
	}
	return append(pairs, g.members(u)...)
}

// members returns the pair of x IN (SELECT y FROM the unit's source …) where
// rows that are in no such set are of no use.
func (g *gatherer) members(u *unit) [][2]*columnRef {
	sel, ok := u.block.node.(*ast.SelectStmt)
	if !ok || u.block.role != roleSubquery || len(u.block.from) != 1 || u.block.stored() || len(sel.Fields.Fields) != 1 {
		return nil
	}
	own := newColumnRef(u.block.scope, sel.Fields.Fields[0].Expr)
	if own == nil || own.source != u.source {
		return nil
	}
	var pairs [][2]*columnRef
	for _, b := range g.blocks {
		for _, s := range b.from {
			for _, c := range g.conds[b].of[s] {
				if x := memberOf(c, b.scope, sel); x != nil && x.source == s {
					pairs = append(pairs, [2]*columnRef{own, x})
				}
			}
		}
	}
	return pairs
}

// memberOf returns x where the condition is x IN (the SELECT).
func memberOf(c *condition, sc *scope, sel *ast.SelectStmt) *columnRef {
	in, ok := bare(c.expr).(*ast.PatternInExpr)
	if !ok || in.Not || in.Sel == nil || sc.merges {
		return nil
	}
	if sub, ok := in.Sel.(*ast.SubqueryExpr); !ok || sub.Query != ast.ResultSetNode(sel) {
		return nil
	}
	return newColumnRef(sc, in.Expr)
}

// keyRows estimates the rows that a source can give keys from, and reports
// whether it can: it is at home, or was shipped before.
func (g *gatherer) keyRows(s *source, before []*unit) (float64, bool) {
	if s.table == nil {
		return 0, false
	}
	if u := unitOf(s, before); u != nil {
		return u.rows, true
	}
	shard, ok := soleShard([]*catalog.Table{s.table})
	if !ok || shard != g.home {
		return 0, false
	}
	return g.sourceRows(g.owner[s], s), true
}

func unitOf(s *source, units []*unit) *unit {
	for _, u := range units {
		if u.source == s {
			return u
		}
	}
	return nil
}

// filterBy makes the filter of a unit by the keys of another source.
func (g *gatherer) filterBy(u *unit, own, from *columnRef, before []*unit) (*Filter, error) {
	keys, after := g.keySelect(from, before)
	keys.Distinct = true
	keys.Limit = &ast.Limit{Count: newLiteral(uint64(maxKeys + 1))}
	f := &Filter{Max: maxKeys, After: after}
	var err error
	if f.Keys, err = restore(keys); err != nil {
		return nil, err
	}
	narrowed := u.statement()
	column := &ast.ColumnNameExpr{Name: &ast.ColumnName{Table: ast.NewCIStr(u.source.name), Name: own.name.Name}}
	in := &ast.PatternInExpr{Expr: column, List: []ast.ExprNode{newLiteral(bits(keyMarker))}}
	narrowed.Where = conjunction(append(u.where[:len(u.where):len(u.where)], in))
	text, err := restore(narrowed)
	if err != nil {
		return nil, err
	}
	f.Before, f.Behind, _ = strings.Cut(text, keyMarker)
	return f, nil
}

// keySelect returns the SELECT of a column's values, and the temporary tables
// that it reads.
func (g *gatherer) keySelect(from *columnRef, before []*unit) (*ast.SelectStmt, []string) {
	s := from.source
	column := func() ast.ExprNode {
		return &ast.ColumnNameExpr{Name: &ast.ColumnName{Table: ast.NewCIStr(s.name), Name: from.name.Name}}
	}
	fields := []*ast.SelectField{{Expr: column()}}
	present := &ast.IsNullExpr{Expr: column(), Not: true}
	if u := unitOf(s, before); u != nil {
		name := &ast.TableName{Name: ast.NewCIStr(u.table)}
		return selectNamed(fields, name, s.name, []ast.ExprNode{present}), []string{u.table}
	}
	where := []ast.ExprNode{present}
	for _, c := range g.conds[g.owner[s]].of[s] {
		if c.on(s) {
			where = append(where, c.expr)
		}
	}
	return selectFrom(fields, s, where), nil
}
