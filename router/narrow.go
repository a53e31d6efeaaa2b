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
	typ := a.typ()
	if typ != b.typ() {
		return false
	}
	switch typ {
	case catalog.Int, catalog.Date:
		return true
	case catalog.Text, catalog.Timestamp:
		return a.ofFamily() && b.ofFamily()
	}
	return false
}

// typ returns the catalog's type of the column, "" where it is computed.
func (r *columnRef) typ() catalog.Type {
	_, typ := r.source.count(r.name.Name.O)
	return typ
}

func (r *columnRef) ofFamily() bool {
	return r.source.table != nil && r.source.table.Kind == catalog.Family
}

// literalOnly reports whether a condition compares the column itself with
// literals of the column's own kind.
func (g *gatherer) literalOnly(c *condition, column *columnRef) bool {
	kind := column.typ()
	is := func(e ast.ExprNode) bool { return isNamed(e, column) }
	fits := func(list ...ast.ExprNode) bool {
		return !slices.ContainsFunc(list, func(e ast.ExprNode) bool { return !ofKind(e, kind) })
	}
	switch e := bare(c.expr).(type) {
	case *ast.BinaryOperationExpr:
		order := e.Op == opcode.LT || e.Op == opcode.LE || e.Op == opcode.GT || e.Op == opcode.GE
		return (e.Op == opcode.EQ || order && kind == catalog.Int) && (is(e.L) && fits(e.R) || is(e.R) && fits(e.L))
	case *ast.PatternInExpr:
		return !e.Not && e.Sel == nil && is(e.Expr) && fits(e.List...)
	case *ast.BetweenExpr:
		return !e.Not && kind == catalog.Int && is(e.Expr) && fits(e.Left, e.Right)
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
	if u.rows < fewRows || u.top != nil {
		return nil, nil
	}
	pair := g.best(u, g.partners(u, before), before)
	if pair == nil {
		return nil, nil
	}
	return g.filterBy(u, pair[0], pair[1], before)
}

// best returns the pair whose other column gives the fewest keys, or nil where
// none narrows the unit enough.
func (g *gatherer) best(u *unit, pairs [][2]*columnRef, before []*unit) *[2]*columnRef {
	var best *[2]*columnRef
	least := min(u.rows/4, 2*maxKeys)
	for i := range pairs {
		rows, ok := g.keyRows(pairs[i][1].source, before)
		if ok && rows < least && g.alike(pairs[i][0], pairs[i][1]) {
			best, least = &pairs[i], rows
		}
	}
	return best
}

// partners returns pairs of a column of the unit's source and another that
// it must equal to be of use.
func (g *gatherer) partners(u *unit, before []*unit) [][2]*columnRef {
	var pairs [][2]*columnRef
	for _, c := range g.conds[u.block].of[u.source] {
		if x := memberColumn(c, u.block.scope); x != nil && x.source == u.source {
			pairs = g.pairWithSet(pairs, x, c, before)
		}
		own, other := c.sides(u.source)
		if own == nil || !c.pure {
			continue
		}
		pairs = append(pairs, [2]*columnRef{own, other})
		if g.alike(own, other) {
			pairs = g.pairWithSets(pairs, own, other, before)
		}
	}
	return append(pairs, g.membersOf(u)...)
}

// pairWithSets appends the pairs of own and the sets in which other, which is
// equal to it, has to be.
func (g *gatherer) pairWithSets(pairs [][2]*columnRef, own, other *columnRef, before []*unit) [][2]*columnRef {
	b := g.owner[other.source]
	for _, c := range g.conds[b].of[other.source] {
		if x := memberColumn(c, b.scope); x != nil && x.source == other.source && x.name.Name.L == other.name.Name.L {
			pairs = g.pairWithSet(pairs, own, c, before)
		}
	}
	return pairs
}

// pairWithSet appends the pair of own and the set of a condition x IN (SELECT
// …), if home has the set.
func (g *gatherer) pairWithSet(pairs [][2]*columnRef, own *columnRef, c *condition, before []*unit) [][2]*columnRef {
	in := bare(c.expr).(*ast.PatternInExpr)
	set := g.blockOf(in.Sel.(*ast.SubqueryExpr).Query)
	if set == nil || len(set.columns) != 1 || !g.hasSet(set, before) {
		return pairs
	}
	set.label()
	set.alias()
	s := &source{name: catalog.ReservedPrefix, columns: set.columns, block: set, ref: &ast.TableSource{Source: in.Sel.(*ast.SubqueryExpr).Query}}
	return append(pairs, [2]*columnRef{own, {s, &ast.ColumnName{Name: ast.NewCIStr(set.columns[0].Name)}}})
}

// hasSet reports whether home has all that a subquery reads, which must be
// nothing of the blocks around it.
func (g *gatherer) hasSet(set *block, before []*unit) bool {
	if slices.ContainsFunc(before, func(u *unit) bool { return u.source == nil && u.block == set }) {
		return true
	}
	tables, _ := set.reach()
	shard, ok := soleShard(tables)
	return ok && shard == g.home && set.closed() && !set.correlated() && !set.any(moody)
}

// moody reports whether a block may have other rows when it is run again on
// the same tables.
func moody(b *block) bool {
	sel, ok := b.node.(*ast.SelectStmt)
	if !ok {
		_, _, limit := setParts(b.node)
		return b.volatile || limit != nil
	}
	if b.volatile || sel.Limit != nil {
		return true
	}
	if sel.GroupBy == nil && !b.aggregate {
		return false
	}
	return slices.ContainsFunc(sel.Fields.Fields, func(f *ast.SelectField) bool { return !grouped(b, sel, f) })
}

// grouped reports whether a select field is a group key or an aggregate: of
// other columns a server may return any row's.
func grouped(b *block, sel *ast.SelectStmt, f *ast.SelectField) bool {
	if _, ok := bare(f.Expr).(*ast.AggregateFuncExpr); ok {
		return true
	}
	n := plainColumn(f.Expr)
	if n == nil || sel.GroupBy == nil {
		return false
	}
	return slices.ContainsFunc(sel.GroupBy.Items, func(item *ast.ByItem) bool {
		key := plainColumn(item.Expr)
		return key != nil && key.Name.L == n.Name.L && b.scope.bind(key).source == b.scope.bind(n).source
	})
}

// memberColumn returns x where the condition is x IN (SELECT …).
func memberColumn(c *condition, sc *scope) *columnRef {
	in, ok := bare(c.expr).(*ast.PatternInExpr)
	if !ok || in.Not || in.Sel == nil || sc.merges {
		return nil
	}
	if _, ok := in.Sel.(*ast.SubqueryExpr); !ok {
		return nil
	}
	return newColumnRef(sc, in.Expr)
}

// memberFilter returns the keys by which the set of x IN (SELECT …) can be
// narrowed, where rows that are in no such set are of no use. node is the
// statement of the set.
func (g *gatherer) memberFilter(u *unit, node ast.Node, before []*unit) (*Filter, error) {
	if u.block.role != roleSubquery || len(u.block.columns) != 1 || u.rows < fewRows {
		return nil, nil
	}
	set := &source{name: catalog.ReservedPrefix, columns: u.block.columns, ref: &ast.TableSource{}}
	set.ref.Source, _ = node.(ast.ResultSetNode)
	own := &columnRef{set, &ast.ColumnName{Name: ast.NewCIStr(u.block.columns[0].Name)}}
	from := g.best(u, g.members(u.block, own), before)
	if from == nil || set.ref.Source == nil {
		return nil, nil
	}
	wrapped := &unit{source: set, columns: u.block.columns}
	return g.filterBy(wrapped, own, from[1], before)
}

// members returns the pairs of own, the column of a block, and each x where
// x IN (the block) has to be true.
func (g *gatherer) members(set *block, own *columnRef) [][2]*columnRef {
	var pairs [][2]*columnRef
	for _, b := range g.blocks {
		for _, s := range b.from {
			for _, c := range g.conds[b].of[s] {
				if x := memberOf(c, b.scope, set.node); x != nil && x.source == s {
					pairs = append(pairs, [2]*columnRef{own, x})
				}
			}
		}
	}
	return pairs
}

// membersOf returns the pairs for the source of a subquery without groups.
func (g *gatherer) membersOf(u *unit) [][2]*columnRef {
	sel, ok := u.block.node.(*ast.SelectStmt)
	if !ok || u.block.role != roleSubquery || len(u.block.from) != 1 || u.block.stored() || len(sel.Fields.Fields) != 1 {
		return nil
	}
	own := newColumnRef(u.block.scope, sel.Fields.Fields[0].Expr)
	if own == nil || own.source != u.source {
		return nil
	}
	return g.members(u.block, own)
}

// memberOf returns x where the condition is x IN (the set).
func memberOf(c *condition, sc *scope, set ast.Node) *columnRef {
	x := memberColumn(c, sc)
	if x == nil || ast.Node(bare(c.expr).(*ast.PatternInExpr).Sel.(*ast.SubqueryExpr).Query) != set {
		return nil
	}
	return x
}

// keyRows estimates the rows that a source can give keys from, and reports
// whether it can: it is at home, or was shipped before.
func (g *gatherer) keyRows(s *source, before []*unit) (float64, bool) {
	if u := unitOf(s, before); u != nil {
		return u.rows, true
	}
	if s.table == nil {
		if g.owner[s] == nil && s.block != nil { // a set, see pairWithSet
			return g.resultRows(s.block), true
		}
		return 0, false
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
	if g.owner[s] == nil {
		return selectFrom(fields, s, where), resultTables(s.block, before)
	}
	for _, c := range g.conds[g.owner[s]].of[s] {
		if c.on(s) {
			where = append(where, c.expr)
		}
	}
	return selectFrom(fields, s, where), nil
}

// resultTables returns the temporary table that holds a block's result, if
// one does.
func resultTables(b *block, before []*unit) []string {
	for _, u := range before {
		if u.source == nil && u.block == b {
			return []string{u.table}
		}
	}
	return nil
}
