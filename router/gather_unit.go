package router

import (
	"cmp"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// unit is what becomes one temporary table: the result of a block, or the
// rows of a source that the statement has a use for.
type unit struct {
	block   *resolve.Block  // whose result it is, or whose FROM has the source
	source  *resolve.Source // nil for a block's result
	shards  []string
	columns []Column       // of a source
	where   []ast.ExprNode // of a source
	top     *top           // of a source, where the first rows of each placement are enough
	partial *partial       // of a block that is computed in parts
	group   *group         // of several sources

	table       string // once it is shipped
	rows, bytes float64
}

func (g *gatherer) resultUnit(b *resolve.Block, shard string) *unit {
	rows := g.resultRows(b)
	return &unit{block: b, shards: []string{shard}, rows: rows, bytes: rows * 32 * float64(len(b.Columns))}
}

func (g *gatherer) sourceUnit(b *resolve.Block, s *resolve.Source) *unit {
	u := &unit{block: b, source: s, columns: g.needs.of(s)}
	if s.Table == nil {
		u.shards = []string{g.answers(s.Block)}
	} else {
		for _, p := range s.Table.Placements {
			u.shards = append(u.shards, p.Shard)
		}
	}
	for _, c := range g.conds[b].Of[s] {
		if c.On(s) {
			u.where = append(u.where, c.Expr)
		}
	}
	u.where = append(u.where, g.implied(b, s)...)
	u.top = g.topOf(b, s)
	u.rows = g.sourceRows(b, s)
	if u.top != nil {
		u.rows = min(u.rows, float64(u.top.limit)*float64(len(u.shards)))
	}
	u.bytes = u.rows * (8 + u.rowBytes())
	return u
}

// rowBytes estimates the bytes of a row of a source that are shipped.
func (u *unit) rowBytes() float64 {
	if u.source.Table == nil {
		return 32 * float64(len(u.columns))
	}
	rows, bytes := tableSize(u.source.Table)
	return bytes / rows * float64(1+len(u.columns)) / float64(1+len(u.source.Table.Columns))
}

// compareUnits puts small units first: they may narrow what comes after them.
func compareUnits(a, b *unit) int { return cmp.Compare(a.rows, b.rows) }

// statement returns the SELECT of a source's rows. Where no column is needed,
// the rows are yet to be counted.
func (u *unit) statement() *ast.SelectStmt {
	fields := make([]*ast.SelectField, len(u.columns))
	for i, c := range u.columns {
		fields[i] = tree.Field(u.source.Name, c.Name)
	}
	if len(fields) == 0 {
		fields = []*ast.SelectField{{Expr: tree.NewLiteral(int64(1)), AsName: ast.NewCIStr(catalog.ReservedPrefix)}}
	}
	sel := selectFrom(fields, u.source, u.where)
	if u.top != nil {
		sel.OrderBy, sel.Limit = u.top.order, &ast.Limit{Count: tree.NewLiteral(u.top.limit)}
	}
	return sel
}

// selectFrom returns a SELECT of fields from a source that is not shipped yet,
// under the name that it has in the statement.
func selectFrom(fields []*ast.SelectField, s *resolve.Source, where []ast.ExprNode) *ast.SelectStmt {
	if s.Table == nil {
		return tree.Select(fields, s.Ref.Source, s.Name, where)
	}
	name := &ast.TableName{Schema: ast.NewCIStr(s.Table.Database), Name: ast.NewCIStr(s.Table.Name)}
	return tree.Select(fields, name, s.Name, where)
}

// replaceSource makes the source refer to a temporary table, of which it has the
// given columns. A derived table stays one: servers resolve names in it
// otherwise than in a table.
func replaceSource(s *resolve.Source, table string, columns []Column) {
	if s.Ref.AsName.O == "" {
		s.Ref.AsName = ast.NewCIStr(s.Name)
	}
	if s.Table == nil && len(columns) > 0 {
		s.Ref.Source = selectColumns(table, columns)
		return
	}
	s.Ref.Source = &ast.TableName{Name: ast.NewCIStr(table)}
}

// selectColumns returns a SELECT of columns from a temporary table.
func selectColumns(table string, columns []Column) *ast.SelectStmt {
	fields := make([]*ast.SelectField, len(columns))
	for i, c := range columns {
		fields[i] = tree.Field(table, c.Name)
		fields[i].AsName = ast.NewCIStr(c.Name)
	}
	return tree.Select(fields, &ast.TableName{Name: ast.NewCIStr(table)}, table, nil)
}

// replaceBlock makes the block one that selects its result from a temporary table.
func replaceBlock(b *resolve.Block, table string) {
	sel := selectColumns(table, b.Columns)
	switch n := b.Node.(type) {
	case *ast.SelectStmt:
		sel.AfterSetOperator = n.AfterSetOperator
		*n = *sel
	case *ast.SetOprStmt:
		*n = ast.SetOprStmt{SelectList: &ast.SetOprSelectList{Selects: []ast.Node{sel}}}
	case *ast.SetOprSelectList:
		*n = ast.SetOprSelectList{AfterSetOperator: n.AfterSetOperator, Selects: []ast.Node{sel}}
	}
}
