package router

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// result is what a block returns that one shard can answer alone.
type result struct {
	estimate
	block *resolve.Block
	shard string
}

func (g *gatherer) newResult(b *resolve.Block, shard string) *result {
	rows := g.resultRows(b)
	return &result{
		estimate: estimate{rows, rows * 32 * float64(len(b.Columns)), isMeasured(b)},
		block:    b, shard: shard,
	}
}

func (r *result) ship(g *gatherer, table string) error {
	statement := g.limitArm(r.block, r.block.Query())
	ship := r.shipment(table, 1)
	ship.Types, ship.Keys = typesOf(r.block.Result()), g.resultKeys(r.block)
	ship.Why = "the result of " + described[r.block.Role]
	var err error
	if ship.Filter, err = g.memberFilter(r, statement); err != nil {
		return err
	}
	return g.send(statement, Step{Shard: r.shard, Ship: &ship})
}

// described says what a block is by its role.
var described = map[resolve.Role]string{
	resolve.Arm:      "an arm of a set operation",
	resolve.Derived:  "a derived table",
	resolve.Subquery: "a subquery",
	resolve.With:     "a WITH",
}

// settle makes the block one that selects its result from the table.
func (r *result) settle(table string) {
	sel := selectColumns(table, r.block.Result())
	switch n := r.block.Node.(type) {
	case *ast.SelectStmt:
		sel.AfterSetOperator = n.AfterSetOperator
		*n = *sel
	case *ast.SetOprStmt:
		*n = ast.SetOprStmt{SelectList: &ast.SetOprSelectList{Selects: []ast.Node{sel}}}
	case *ast.SetOprSelectList:
		*n = ast.SetOprSelectList{AfterSetOperator: n.AfterSetOperator, Selects: []ast.Node{sel}}
	}
}

// resultKeys returns the columns by which a block's result is joined: where
// it is a derived table or CTE, those of all references to it; of a subquery,
// its column.
func (g *gatherer) resultKeys(b *resolve.Block) [][]string {
	var lists [][]string
	for _, other := range g.blocks {
		for _, s := range other.Sources {
			if s.Block == b {
				lists = append(lists, g.joins.lists(s)...)
			}
		}
	}
	columns := b.Result()
	if b.Role == resolve.Subquery && len(columns) == 1 && !g.unkeyed[b] {
		lists = append(lists, []string{strings.ToLower(columns[0].Name)})
	}
	return slices.DeleteFunc(distinct(lists), func(list []string) bool {
		return slices.ContainsFunc(list, func(name string) bool { return !has(columns, name) })
	})
}

// has reports whether there is a column of that name.
func has(columns []Column, name string) bool {
	return slices.ContainsFunc(columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

// limitArm returns a copy of an arm's statement that returns no more rows than
// there is a use for.
func (g *gatherer) limitArm(b *resolve.Block, statement ast.Node) ast.Node {
	rows, ok := g.limits[b]
	if !ok {
		return statement
	}
	return tree.Limited(statement, func(l *ast.Limit) *ast.Limit { return tree.Lower(l, rows) })
}
