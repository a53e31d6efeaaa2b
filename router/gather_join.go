package router

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// group is a part of a FROM that one shard can join alone: sources that only
// inner joins connect. Their join is shipped in place of each of them.
type group struct {
	sources []*resolve.Source
	names   map[groupColumn]string // of the columns in the temporary table
	fields  []*ast.SelectField
	json    []string
}

type groupColumn struct {
	source *resolve.Source
	name   string // in lower case
}

// grouped puts groups in the place of those units of a block whose join is
// less to ship than they are.
func (g *gatherer) grouped(b *resolve.Block, units []*unit) []*unit {
	if len(units) < 2 || !groupable(b) {
		return units
	}
	var result []*unit
	for len(units) > 0 {
		joined := g.connected(b, units)
		if u := g.groupUnit(b, joined); u != nil {
			result = append(result, u)
		} else {
			result = append(result, joined...)
		}
		units = slices.DeleteFunc(slices.Clone(units), func(u *unit) bool { return slices.Contains(joined, u) })
	}
	return result
}

// groupable reports whether sources of a block's FROM may be joined in any
// order, and the columns of a join be renamed wherever they are used.
func groupable(b *resolve.Block) bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || b.Merges || slices.ContainsFunc(sel.Fields.Fields, tree.IsStar) || !onlyInner(b.Joins) {
		return false
	}
	p := partial{block: b, sel: sel}
	for _, clause := range tree.Present(tree.OrNil(sel.GroupBy), tree.OrNil(sel.Having), tree.OrNil(sel.OrderBy)) {
		ok := true
		tree.Walk(clause, func(n ast.Node) bool {
			if c, is := n.(*ast.ColumnNameExpr); is {
				ok = ok && p.unambiguous(c)
			}
			return ok
		})
		if !ok {
			return false
		}
	}
	return true
}

func onlyInner(op *resolve.Operand) bool {
	if op.Source != nil {
		return true
	}
	j := op.Join
	return j.Tp != ast.LeftJoin && j.Tp != ast.RightJoin && !j.StraightJoin && onlyInner(op.Left) && onlyInner(op.Right)
}

// connected returns the first unit, and those on its shard that equations
// connect with it.
func (g *gatherer) connected(b *resolve.Block, units []*unit) []*unit {
	joined := units[:1:1]
	if !alonePlaced(units[0]) {
		return joined
	}
	for i := 0; i < len(joined); i++ {
		for _, u := range units {
			if alonePlaced(u) && u.shards[0] == joined[0].shards[0] && !slices.Contains(joined, u) && g.equates(b, joined[i].source, u.source) {
				joined = append(joined, u)
			}
		}
	}
	return joined
}

func alonePlaced(u *unit) bool { return u.source != nil && u.top == nil && len(u.shards) == 1 }

// equates reports whether a condition equates columns of two sources.
func (g *gatherer) equates(b *resolve.Block, s, other *resolve.Source) bool {
	return slices.ContainsFunc(g.conds[b].Of[s], func(c *resolve.Condition) bool {
		own, partner := c.Sides(s)
		return own != nil && c.Pure && partner.Source == other
	})
}

// groupUnit returns the unit of a join, or nil where shipping its sources one
// by one moves less. A join is taken to have as many rows as its largest
// source, but for what the conditions on the others leave out.
func (g *gatherer) groupUnit(b *resolve.Block, joined []*unit) *unit {
	if len(joined) < 2 {
		return nil
	}
	u := &unit{block: b, shards: joined[0].shards, group: &group{}}
	share, width, apart := 1.0, 8.0, 0.0
	for _, part := range joined {
		u.group.sources = append(u.group.sources, part.source)
		all := part.rows
		if part.source.Table != nil {
			all, _ = tableSize(part.source.Table)
		}
		u.rows = max(u.rows, all)
		share *= part.rows / all
		width += part.rowBytes()
		apart += part.bytes
	}
	u.rows = max(1, u.rows*share)
	if u.bytes = u.rows * width; u.bytes >= apart {
		return nil
	}
	return u
}

// shipGroup adds the step that ships a join, and puts the temporary table in
// its place.
func (g *gatherer) shipGroup(u *unit) error {
	gr := u.group
	g.nameColumns(gr)
	sel := g.groupStatement(u)
	sql, shape, err := tree.Printed(sel)
	if err != nil {
		return err
	}
	ship := g.shipment(u, shape, g.groupKeys(gr))
	ship.JSON = gr.json
	names := make([]string, len(gr.sources))
	for i, s := range gr.sources {
		names[i] = "`" + s.Name + "`"
	}
	ship.Why = "the join of " + strings.Join(names, ", ")
	gr.replace(u.block, u.table)
	return g.add(Step{Shard: u.shards[0], SQL: sql, Ship: ship})
}

// nameColumns gives each column of the group that is needed a name.
func (g *gatherer) nameColumns(gr *group) {
	gr.names = make(map[groupColumn]string)
	for _, s := range gr.sources {
		for _, c := range g.needs.of(s) {
			name := catalog.ReservedPrefix + "_" + strconv.Itoa(len(gr.fields)+1)
			gr.names[groupColumn{s, strings.ToLower(c.Name)}] = name
			field := tree.Field(s.Name, c.Name)
			field.AsName = ast.NewCIStr(name)
			gr.fields = append(gr.fields, field)
			if s.IsJSON(c.Type) {
				gr.json = append(gr.json, name)
			}
		}
	}
}

// groupStatement returns the SELECT of the join.
func (g *gatherer) groupStatement(u *unit) *ast.SelectStmt {
	gr := u.group
	var where []ast.ExprNode
	var seen []*resolve.Condition
	for _, s := range gr.sources {
		for _, c := range g.conds[u.block].Of[s] {
			if gr.holds(c) && !slices.Contains(seen, c) {
				seen = append(seen, c)
				where = append(where, c.Expr)
			}
		}
		where = append(where, g.implied(u.block, s)...)
	}
	sel := selectFrom(gr.fields, gr.sources[0], where)
	for _, s := range gr.sources[1:] {
		right := selectFrom(nil, s, nil).From.TableRefs.Left
		sel.From.TableRefs = &ast.Join{Left: sel.From.TableRefs, Right: right, Tp: ast.CrossJoin}
	}
	sel.From.TableRefs.Left = tree.Unwrap(sel.From.TableRefs.Left)
	return sel
}

// holds reports whether the group's shard can check a condition.
func (gr *group) holds(c *resolve.Condition) bool {
	return c.Pure && !slices.ContainsFunc(c.Refs, func(s *resolve.Source) bool { return !slices.Contains(gr.sources, s) })
}

// groupKeys returns the columns by which the group is joined with others.
func (g *gatherer) groupKeys(gr *group) [][]string {
	var keys [][]string
	for _, s := range gr.sources {
		for i, columns := range g.keys.of[s] {
			if len(columns) == 0 || slices.Contains(gr.sources, g.keys.order[s][i]) {
				continue
			}
			renamed := make([]string, len(columns))
			for j, c := range columns {
				renamed[j] = gr.names[groupColumn{s, c}]
			}
			keys = append(keys, renamed)
		}
	}
	return distinct(keys)
}

// replace makes the block join a temporary table in place of the group: its
// FROM becomes a list, and all conditions go to WHERE.
func (gr *group) replace(b *resolve.Block, table string) {
	gr.rename(b, table)
	sel := b.Node.(*ast.SelectStmt)
	refs, conditions := tree.Leaves(sel.From.TableRefs)
	var from *ast.Join
	placed := false
	for _, ref := range refs {
		if gr.has(ref) {
			if placed {
				continue
			}
			placed = true
			ref = &ast.TableSource{Source: &ast.TableName{Name: ast.NewCIStr(table)}}
		}
		if from == nil {
			from = &ast.Join{Left: ref}
		} else {
			from = &ast.Join{Left: from, Right: ref, Tp: ast.CrossJoin}
		}
	}
	from.Left = tree.Unwrap(from.Left)
	sel.From = &ast.TableRefsClause{TableRefs: from}
	if sel.Where != nil {
		conditions = append(conditions, sel.Where)
	}
	sel.Where = tree.Conjunction(conditions)
}

func (gr *group) has(ref *ast.TableSource) bool {
	return slices.ContainsFunc(gr.sources, func(s *resolve.Source) bool { return s.Ref == ref })
}

// rename makes all names of the group's columns those of the temporary table.
func (gr *group) rename(b *resolve.Block, table string) {
	type renaming struct {
		node *ast.ColumnName
		name string
	}
	var all []renaming
	b.Each(func(x *resolve.Block) {
		x.Names(func(n *ast.ColumnName) {
			if name, ok := gr.names[groupColumn{x.Bind(n), n.Name.L}]; ok {
				all = append(all, renaming{n, name})
			}
		})
	})
	for _, r := range all {
		r.node.Table, r.node.Name = ast.NewCIStr(table), ast.NewCIStr(r.name)
	}
}
