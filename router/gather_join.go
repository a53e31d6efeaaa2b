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

// join is a part of a FROM that one shard can join alone: sources that only
// inner joins connect. Their join is shipped in place of each of them.
type join struct {
	estimate
	block   *resolve.Block
	shard   string
	sources []*resolve.Source
	names   map[joinColumn]string // of the columns in the temporary table
}

type joinColumn struct {
	source *resolve.Source
	name   string // in lower case
}

// joined returns the units of a block's sources: joins in the place of those
// rows whose join is less to ship than they are.
func (g *gatherer) joined(b *resolve.Block, all []*rows) []unit {
	joinable := len(all) > 1 && isJoinable(b)
	var units []unit
	for len(all) > 0 {
		connected := all[:1:1]
		if joinable {
			connected = g.connected(all)
		}
		if j := newJoin(b, connected); j != nil {
			units = append(units, j)
		} else {
			for _, r := range connected {
				units = append(units, r)
			}
		}
		all = slices.DeleteFunc(slices.Clone(all), func(r *rows) bool { return slices.Contains(connected, r) })
	}
	return units
}

// isJoinable reports whether sources of a block's FROM may be joined in any
// order, and the columns of a join be renamed wherever they are used.
func isJoinable(b *resolve.Block) bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || b.Merges || slices.ContainsFunc(sel.Fields.Fields, tree.IsStar) || !onlyInner(b.Joins) {
		return false
	}
	clauses := tree.Present(tree.OrNil(sel.GroupBy), tree.OrNil(sel.Having), tree.OrNil(sel.OrderBy))
	return !slices.ContainsFunc(clauses, func(clause ast.Node) bool { return !fieldNames{b, sel}.unaliased(clause) })
}

func onlyInner(op *resolve.Operand) bool {
	if op.Source != nil {
		return true
	}
	j := op.Join
	return j.Tp != ast.LeftJoin && j.Tp != ast.RightJoin && !j.StraightJoin && onlyInner(op.Left) && onlyInner(op.Right)
}

// connected returns the first rows, and those on their shard that equations
// connect with them.
func (g *gatherer) connected(all []*rows) []*rows {
	joined := all[:1:1]
	if !canJoin(all[0]) {
		return joined
	}
	for i := 0; i < len(joined); i++ {
		for _, r := range all {
			if canJoin(r) && r.shards[0] == joined[0].shards[0] && !slices.Contains(joined, r) && g.equates(joined[i].source, r.source) {
				joined = append(joined, r)
			}
		}
	}
	return joined
}

// canJoin reports whether one shard has all of the rows, and all are shipped.
func canJoin(r *rows) bool { return r.top == nil && len(r.shards) == 1 }

// equates reports whether a condition equates columns of two sources.
func (g *gatherer) equates(s, other *resolve.Source) bool {
	return slices.ContainsFunc(g.conditions[s], func(c *resolve.Condition) bool {
		own, partner := c.Sides(s)
		return own != nil && c.Pure && partner.Source == other
	})
}

// newJoin returns the join of rows, or nil where shipping them one by one moves
// less. A join is taken to have as many rows as its largest source, but for
// what the conditions on the others leave out.
func newJoin(b *resolve.Block, all []*rows) *join {
	if len(all) < 2 {
		return nil
	}
	j := &join{block: b, shard: all[0].shards[0]}
	share, width, apart := 1.0, 8.0, 0.0
	for _, r := range all {
		j.sources = append(j.sources, r.source)
		whole := r.rows
		if r.source.Table != nil {
			whole, _ = tableSize(r.source.Table)
		}
		j.rows = max(j.rows, whole)
		share *= r.rows / whole
		width += r.rowBytes()
		apart += r.bytes
	}
	j.rows = max(1, j.rows*share)
	if j.bytes = j.rows * width; j.bytes >= apart {
		return nil
	}
	j.measured = isMeasured(b)
	return j
}

func (j *join) ship(g *gatherer, table string) error {
	ship := j.shipment(table, 1)
	statement := j.statement(g, j.fields(g, &ship))
	ship.Keys = j.keys(g)
	names := make([]string, len(j.sources))
	for i, s := range j.sources {
		names[i] = "`" + s.Name + "`"
	}
	ship.Why = "the join of " + strings.Join(names, ", ")
	return g.send(statement, Step{Shard: j.shard, Ship: &ship})
}

// fields returns a field for each column that is needed, and gives each a name.
func (j *join) fields(g *gatherer, ship *Shipment) []*ast.SelectField {
	var fields []*ast.SelectField
	j.names = make(map[joinColumn]string)
	for _, s := range j.sources {
		for _, c := range g.needs.of(s) {
			name := catalog.ReservedPrefix + "_" + strconv.Itoa(len(fields)+1)
			j.names[joinColumn{s, strings.ToLower(c.Name)}] = name
			field := tree.Field(s.Name, c.Name)
			field.AsName = ast.NewCIStr(name)
			fields = append(fields, field)
			ship.Types = append(ship.Types, c.Type)
			if s.IsJSON(c.Type) {
				ship.JSON = append(ship.JSON, name)
			}
		}
	}
	return fields
}

// statement returns the SELECT of the join.
func (j *join) statement(g *gatherer, fields []*ast.SelectField) *ast.SelectStmt {
	var where []ast.ExprNode
	var seen []*resolve.Condition
	for _, s := range j.sources {
		for _, c := range g.conditions[s] {
			if j.checks(c) && !slices.Contains(seen, c) {
				seen = append(seen, c)
				where = append(where, c.Expr)
			}
		}
		where = append(where, g.implied(s)...)
	}
	sel := tree.Select(fields, origin(j.sources[0]), j.sources[0].Name, where)
	for _, s := range j.sources[1:] {
		right := tree.Select(nil, origin(s), s.Name, nil).From.TableRefs.Left
		sel.From.TableRefs = &ast.Join{Left: sel.From.TableRefs, Right: right, Tp: ast.CrossJoin}
	}
	sel.From.TableRefs.Left = tree.Unwrap(sel.From.TableRefs.Left)
	return sel
}

// checks reports whether the join's shard can check a condition.
func (j *join) checks(c *resolve.Condition) bool {
	return c.Pure && !slices.ContainsFunc(c.Refs, func(s *resolve.Source) bool { return !slices.Contains(j.sources, s) })
}

// keys returns the columns by which the join is joined with others.
func (j *join) keys(g *gatherer) [][]string {
	var keys [][]string
	for _, s := range j.sources {
		for _, list := range g.joins[s] {
			if len(list.columns) == 0 || slices.Contains(j.sources, list.other) {
				continue
			}
			renamed := make([]string, len(list.columns))
			for i, c := range list.columns {
				renamed[i] = j.names[joinColumn{s, c}]
			}
			keys = append(keys, renamed)
		}
	}
	return distinct(keys)
}

// settle makes the block join the table in place of the sources: its FROM
// becomes a list, and all conditions go to WHERE.
func (j *join) settle(table string) {
	j.rename(table)
	sel := j.block.Node.(*ast.SelectStmt)
	refs, conditions := tree.Leaves(sel.From.TableRefs)
	var from *ast.Join
	placed := false
	for _, ref := range refs {
		if j.has(ref) {
			if placed {
				continue
			}
			placed = true
			ref = &ast.TableSource{Source: temporaryName(table)}
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

func (j *join) has(ref *ast.TableSource) bool {
	return slices.ContainsFunc(j.sources, func(s *resolve.Source) bool { return s.Ref == ref })
}

// rename makes all names of the sources' columns those of the table. None is
// changed before all are bound.
func (j *join) rename(table string) {
	renamed := make(map[*ast.ColumnName]string)
	j.block.Each(func(b *resolve.Block) {
		b.Names(func(n *ast.ColumnName) {
			if name, ok := j.names[joinColumn{b.Bind(n), n.Name.L}]; ok {
				renamed[n] = name
			}
		})
	})
	j.block.Each(func(b *resolve.Block) {
		if sel, ok := b.Node.(*ast.SelectStmt); ok {
			keepNames(sel, renamed)
		}
	})
	for n, name := range renamed {
		n.Table, n.Name = ast.NewCIStr(table), ast.NewCIStr(name)
	}
}

// keepNames gives the fields of a SELECT that are to be renamed columns their
// old names as aliases.
func keepNames(sel *ast.SelectStmt, renamed map[*ast.ColumnName]string) {
	for _, f := range sel.Fields.Fields {
		if f.Expr == nil {
			continue
		}
		if _, is := renamed[tree.PlainColumn(f.Expr)]; is {
			f.AsName = tree.FieldName(f)
		}
	}
}
