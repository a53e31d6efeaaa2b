package router

import (
	"fmt"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
)

// rows are those of one source that the statement has a use for.
type rows struct {
	estimate
	block   *resolve.Block // whose FROM has the source
	source  *resolve.Source
	shards  []string
	columns []Column
	where   []ast.ExprNode
	all     estimate // as if nothing narrowed them
	top     *top     // where the first rows of each placement are enough
}

func (g *gatherer) newRows(s *resolve.Source) *rows {
	r := &rows{block: g.owner[s], source: s, columns: g.needs.of(s), top: g.topOf(s)}
	if s.Table == nil {
		r.shards = []string{g.answer(s.Block)}
		r.measured = isMeasured(r.block)
	} else {
		for _, p := range s.Table.Placements {
			r.shards = append(r.shards, p.Shard)
		}
		r.measured = areMeasured(s.Table)
	}
	r.where = append(g.ownConditions(s), g.implied(s)...)
	r.rows = g.sourceRows(s)
	if r.top != nil {
		r.rows = min(r.rows, float64(r.top.limit)*float64(len(r.shards)))
	}
	r.bytes = r.rows * (8 + r.rowBytes())
	r.all = r.estimate
	return r
}

// rowBytes estimates the bytes of a row that are shipped.
func (r *rows) rowBytes() float64 {
	if r.source.Table == nil {
		return 32 * float64(len(r.columns))
	}
	rows, bytes := tableSize(r.source.Table)
	return bytes / rows * float64(1+len(r.columns)) / float64(1+len(r.source.Table.Columns))
}

func (r *rows) ship(g *gatherer, table string) error {
	filter, err := g.filter(r)
	if err != nil {
		return err
	}
	return r.send(g, table, "", filter)
}

// send adds the steps that ship the rows to the session on the shard at, or to
// home.
func (r *rows) send(g *gatherer, table, at string, filter *Filter) error {
	steps := make([]Step, len(r.shards))
	for i, shard := range r.shards {
		ship := r.shipment(table, len(r.shards))
		ship.At, ship.Filter = at, filter
		ship.Types = typesOf(r.columns)
		ship.JSON, ship.Keys = r.json(), distinct(g.joins.lists(r.source))
		ship.Why = r.why(i)
		steps[i] = Step{Shard: shard, Ship: &ship}
	}
	return g.send(r.statement(), steps...)
}

// statement returns the SELECT of the rows that fulfil one more condition, if
// any. Where no column is needed, the rows are yet to be counted.
func (r *rows) statement(more ...ast.ExprNode) *ast.SelectStmt {
	fields := make([]*ast.SelectField, len(r.columns))
	for i, c := range r.columns {
		fields[i] = tree.Field(r.source.Name, c.Name)
	}
	if len(fields) == 0 {
		fields = []*ast.SelectField{{Expr: tree.NewLiteral(int64(1)), AsName: ast.NewCIStr(catalog.ReservedPrefix)}}
	}
	where := append(r.where[:len(r.where):len(r.where)], more...)
	sel := tree.Select(fields, origin(r.source), r.source.Name, where)
	if r.top != nil {
		sel.OrderBy, sel.Limit = r.top.order, &ast.Limit{Count: tree.NewLiteral(r.top.limit)}
	}
	return sel
}

func (r *rows) why(part int) string {
	if r.source.Table == nil {
		return "the result of the derived table `" + r.source.Name + "`"
	}
	s := "rows of `" + r.source.Table.Name + "`"
	if r.top != nil {
		s = "first " + s
	}
	if n := len(r.shards); n > 1 {
		s += fmt.Sprintf(", placement %d", r.source.Table.Placements[part].Number)
	}
	return s
}

// typesOf returns what the catalog knows of the columns' types.
func typesOf(columns []Column) []catalog.Type {
	types := make([]catalog.Type, len(columns))
	for i, c := range columns {
		types[i] = c.Type
	}
	return types
}

// json returns the columns that hold JSON.
func (r *rows) json() []string {
	var names []string
	for _, c := range r.columns {
		if r.source.IsJSON(c.Type) {
			names = append(names, c.Name)
		}
	}
	return names
}

// settle makes the source refer to the table. A derived table stays one:
// servers resolve names in it otherwise than in a table.
func (r *rows) settle(table string) {
	*r.source.Ref = *relocated(r.source, table)
	if r.source.Table == nil && len(r.columns) > 0 {
		r.source.Ref.Source = selectColumns(table, r.columns)
	}
}

// relocated returns the reference to a temporary table in the place of a
// source.
func relocated(s *resolve.Source, table string) *ast.TableSource {
	ref := *s.Ref
	ref.Source = temporaryName(table)
	if ref.AsName.O == "" {
		ref.AsName = ast.NewCIStr(s.Name)
	}
	return &ref
}

// filter returns how rows can be narrowed before they are shipped, nil where
// they can't be or where it is not worth it.
func (g *gatherer) filter(r *rows) (*Filter, error) {
	return g.narrowing(r).filter(r.statement)
}

func (g *gatherer) narrowing(r *rows) *narrowing {
	if r.all.rows < fewRows || r.top != nil {
		return nil
	}
	return best(r.all.rows, g.narrowings(r))
}

// narrow makes the estimate one of the rows that what was shipped before leaves.
func (r *rows) narrow(g *gatherer) {
	n := g.narrowing(r)
	r.estimate = r.all
	if n == nil {
		return
	}
	r.rows = n.left(r.all.rows)
	r.bytes = r.bytes*r.rows/r.all.rows + askingBytes + keyBytes*n.keys.rows
}
