package router

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// parts are the groups of a block that are computed placement by placement. The
// tables that the split one is joined with are broadcast to the placements'
// shards.
type parts struct {
	estimate
	*partial
	shards []string // by placement
}

func (g *gatherer) newParts(p *partial) *parts {
	u := &parts{partial: p}
	for _, place := range p.split.Table.Placements {
		u.shards = append(u.shards, place.Shard)
	}
	u.rows = float64(len(u.shards))
	if len(p.group) > 0 {
		u.rows = max(g.sourceRows(p.split)/20, u.rows)
	}
	u.bytes = u.rows * 32 * float64(len(p.fields))
	u.measured = isMeasured(p.block)
	for _, s := range p.block.Sources {
		if s != p.split {
			u.bytes += g.newRows(s).bytes * float64(len(u.lacking(s)))
		}
	}
	return u
}

// lacking returns the shards, each once, to which a whole table must be
// broadcast to be on all shards of the parts.
func (u *parts) lacking(s *resolve.Source) []string {
	var to []string
	for _, shard := range u.shards {
		if !s.Table.On(shard) && !slices.Contains(to, shard) {
			to = append(to, shard)
		}
	}
	return to
}

// ship adds the steps that broadcast what the parts need, and those that
// compute the parts.
func (u *parts) ship(g *gatherer, table string) error {
	broadcast := make(map[*resolve.Source]string)
	for _, s := range u.block.Sources {
		to := u.lacking(s)
		if s == u.split || len(to) == 0 {
			continue
		}
		broadcast[s] = g.temporary()
		r := g.newRows(s)
		for _, shard := range to {
			if err := r.send(g, broadcast[s], shard, nil); err != nil {
				return err
			}
		}
	}
	for i := range u.shards {
		if err := u.shipPart(g, table, i, broadcast); err != nil {
			return err
		}
	}
	return nil
}

// shipPart adds the step of one placement. On its shard, the other sources
// are tables of the shard itself or broadcast ones.
func (u *parts) shipPart(g *gatherer, table string, part int, broadcast map[*resolve.Source]string) error {
	step := Step{Shard: u.shards[part]}
	moved := make(map[*ast.TableSource]*ast.TableSource)
	for _, s := range u.block.Sources {
		if name := broadcast[s]; name != "" && !s.Table.On(step.Shard) {
			moved[s.Ref] = relocated(s, name)
			step.After = append(step.After, name)
		}
	}
	ship := u.shipment(table, len(u.shards))
	ship.JSON = u.json()
	ship.Why = fmt.Sprintf("groups of `%s`, placement %d", u.split.Table.Name, u.split.Table.Placements[part].Number)
	step.Ship = &ship
	from := tree.Rejoined(u.sel.From.TableRefs, func(ref *ast.TableSource) *ast.TableSource {
		if to := moved[ref]; to != nil {
			return to
		}
		return ref
	})
	return g.send(u.statement(from.(*ast.Join)), step)
}

// settle makes the block compute the whole from the parts.
func (u *parts) settle(table string) {
	w := whole{u.partial, table}
	for _, f := range w.sel.Fields.Fields {
		f.AsName = tree.FieldName(f) // before another column stands in its place
	}
	for _, clause := range w.after() {
		clause.Accept(w)
	}
	if w.sel.GroupBy != nil {
		for _, item := range w.sel.GroupBy.Items {
			if key := w.keys[w.text(item.Expr)]; key != "" && w.grouped(item.Expr) == item.Expr {
				item.Expr = w.column(key)
			}
		}
	}
	from := &ast.TableSource{Source: temporaryName(table)}
	w.sel.From = &ast.TableRefsClause{TableRefs: &ast.Join{Left: from}}
	w.sel.Where = nil
}

// whole is a visitor that puts the columns of the parts, in a table, in the
// place of what they hold.
type whole struct {
	*partial
	table string
}

func (w whole) column(name string) ast.ExprNode { return tree.Column(w.table, name) }

// Enter implements ast.Visitor.
func (w whole) Enter(n ast.Node) (ast.Node, bool) {
	e, ok := n.(ast.ExprNode)
	if !ok {
		return n, false
	}
	if key := w.keys[w.text(e)]; key != "" {
		return w.column(key), true
	}
	if a, ok := e.(*ast.AggregateFuncExpr); ok {
		return w.aggregate(a), true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (w whole) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// count makes a count of a sum of counts, which is a DECIMAL. Where rows are
// grouped for the sake of a DISTINCT alone, of no rows there is no part.
func (w whole) count(sum ast.ExprNode) ast.ExprNode {
	var count ast.ExprNode = &ast.FuncCastExpr{Expr: sum, Tp: types.NewFieldType(mysql.TypeLonglong), FunctionType: ast.CastFunction}
	if w.sel.GroupBy == nil && len(w.group) > 0 {
		zero := tree.NewLiteral(int64(0))
		count = &ast.FuncCallExpr{FnName: tree.Functions["coalesce"].Name, Args: []ast.ExprNode{count, zero}, Tp: ast.FuncCallExprTypeKeyword}
	}
	return count
}

// aggregate returns the aggregate of parts that is equal to an aggregate of rows.
func (w whole) aggregate(a *ast.AggregateFuncExpr) ast.ExprNode {
	name := strings.ToLower(a.F)
	if a.Distinct && name != "min" && name != "max" {
		args := make([]ast.ExprNode, len(a.Args))
		for i, e := range a.Args {
			args[i] = w.column(w.keys[w.text(e)])
		}
		return &ast.AggregateFuncExpr{F: a.F, Args: args, Distinct: true}
	}
	over := func(f string, of *ast.AggregateFuncExpr) ast.ExprNode {
		return &ast.AggregateFuncExpr{F: f, Args: []ast.ExprNode{w.column(w.values[w.text(of)])}}
	}
	switch name {
	case "count":
		return w.count(over("SUM", a))
	case "avg":
		sum, count := averageOf(a)
		return &ast.ParenthesesExpr{Expr: &ast.BinaryOperationExpr{Op: opcode.Div, L: over("SUM", sum), R: over("SUM", count)}}
	}
	return over(a.F, a)
}
