package router

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// unit is what becomes one temporary table: the result of a block, or the
// rows of a source that the statement has a use for.
type unit struct {
	block   *block  // whose result it is, or whose FROM has the source
	source  *source // nil for a block's result
	shards  []string
	columns []Column       // of a source
	where   []ast.ExprNode // of a source
	top     *top           // of a source, where the first rows of each placement are enough
	partial *partial       // of a block that is computed in parts
	group   *group         // of several sources

	table       string // once it is shipped
	rows, bytes float64
}

func (g *gatherer) resultUnit(b *block, shard string) *unit {
	rows := g.resultRows(b)
	return &unit{block: b, shards: []string{shard}, rows: rows, bytes: rows * 32 * float64(len(b.columns))}
}

func (g *gatherer) sourceUnit(b *block, s *source) *unit {
	u := &unit{block: b, source: s, columns: g.needs.of(s)}
	if s.table == nil {
		u.shards = []string{g.answers(s.block)}
	} else {
		for _, p := range s.table.Placements {
			u.shards = append(u.shards, p.Shard)
		}
	}
	for _, c := range g.conds[b].of[s] {
		if c.on(s) {
			u.where = append(u.where, c.expr)
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
	if u.source.table == nil {
		return 32 * float64(len(u.columns))
	}
	rows, bytes := tableSize(u.source.table)
	return bytes / rows * float64(1+len(u.columns)) / float64(1+len(u.source.table.Columns))
}

// compareUnits puts small units first: they may narrow what comes after them.
func compareUnits(a, b *unit) int { return cmp.Compare(a.rows, b.rows) }

// statement returns the SELECT of a source's rows. Where no column is needed,
// the rows are yet to be counted.
func (u *unit) statement() *ast.SelectStmt {
	fields := make([]*ast.SelectField, len(u.columns))
	for i, c := range u.columns {
		fields[i] = tree.Field(u.source.name, c.Name)
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
func selectFrom(fields []*ast.SelectField, s *source, where []ast.ExprNode) *ast.SelectStmt {
	if s.table == nil {
		return tree.Select(fields, s.ref.Source, s.name, where)
	}
	name := &ast.TableName{Schema: ast.NewCIStr(s.table.Database), Name: ast.NewCIStr(s.table.Name)}
	return tree.Select(fields, name, s.name, where)
}

// label names the columns of a block's result that have no names, as they need
// none in a subquery and in a later arm.
func (b *block) label() {
	b.columns = slices.Clone(b.columns)
	for i := range b.columns {
		if b.columns[i].Name == "" && b.first(i) != nil {
			b.columns[i].Name = catalog.ReservedPrefix + "_" + strconv.Itoa(i+1)
		}
	}
}

// alias writes the names that label gave into the block.
func (b *block) alias() {
	for i, c := range b.columns {
		if f := b.first(i); f != nil && f.AsName.O == "" && strings.HasPrefix(c.Name, catalog.ReservedPrefix) {
			f.AsName = ast.NewCIStr(c.Name)
		}
	}
}

// first returns the select field that names a column, nil for one of a *.
func (b *block) first(i int) *ast.SelectField {
	for len(b.arms) > 0 {
		b = b.arms[0]
	}
	sel, ok := b.node.(*ast.SelectStmt)
	if !ok || sel.Fields == nil || len(sel.Fields.Fields) != len(b.columns) || sel.Fields.Fields[i].WildCard != nil {
		return nil
	}
	return sel.Fields.Fields[i]
}

// replaceSource makes the source refer to a temporary table, of which it has the
// given columns. A derived table stays one: servers resolve names in it
// otherwise than in a table.
func replaceSource(s *source, table string, columns []Column) {
	if s.ref.AsName.O == "" {
		s.ref.AsName = ast.NewCIStr(s.name)
	}
	if s.table == nil && len(columns) > 0 {
		s.ref.Source = selectColumns(table, columns)
		return
	}
	s.ref.Source = &ast.TableName{Name: ast.NewCIStr(table)}
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
func replaceBlock(b *block, table string) {
	sel := selectColumns(table, b.columns)
	switch n := b.node.(type) {
	case *ast.SelectStmt:
		sel.AfterSetOperator = n.AfterSetOperator
		*n = *sel
	case *ast.SetOprStmt:
		*n = ast.SetOprStmt{SelectList: &ast.SetOprSelectList{Selects: []ast.Node{sel}}}
	case *ast.SetOprSelectList:
		*n = ast.SetOprSelectList{AfterSetOperator: n.AfterSetOperator, Selects: []ast.Node{sel}}
	}
}
