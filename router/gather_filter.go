package router

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// The most keys that are sent to a shard to narrow what it ships, and the
// number of rows below which narrowing is not worth a statement.
const (
	maxKeys   = 20_000
	fewRows   = 1_000
	keyMarker = "\x00keys\x00"
)

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
func (g *gatherer) best(u *unit, pairs [][2]*resolve.ColumnRef, before []*unit) *[2]*resolve.ColumnRef {
	var best *[2]*resolve.ColumnRef
	least := min(u.rows/4, 2*maxKeys)
	for i := range pairs {
		rows, ok := g.keyRows(pairs[i][1].Source, before)
		if ok && rows < least && g.alike(pairs[i][0], pairs[i][1]) {
			best, least = &pairs[i], rows
		}
	}
	return best
}

// partners returns pairs of a column of the unit's source and another that
// it must equal to be of use.
func (g *gatherer) partners(u *unit, before []*unit) [][2]*resolve.ColumnRef {
	var pairs [][2]*resolve.ColumnRef
	for _, c := range g.conds[u.block].Of[u.source] {
		if x := memberColumn(c, u.block); x != nil && x.Source == u.source {
			pairs = g.pairWithSet(pairs, x, c, before)
		}
		own, other := c.Sides(u.source)
		if own == nil || !c.Pure {
			continue
		}
		pairs = append(pairs, [2]*resolve.ColumnRef{own, other})
		if g.alike(own, other) {
			pairs = g.pairWithSets(pairs, own, other, before)
		}
	}
	return append(pairs, g.membersOf(u)...)
}

// keyRows estimates the rows that a source can give keys from, and reports
// whether it can: it is at home, or was shipped before.
func (g *gatherer) keyRows(s *resolve.Source, before []*unit) (float64, bool) {
	if u := unitOf(s, before); u != nil {
		return u.rows, true
	}
	if s.Table == nil {
		if g.owner[s] == nil && s.Block != nil { // a set, see pairWithSet
			return g.resultRows(s.Block), true
		}
		return 0, false
	}
	shard, ok := soleShard([]*catalog.Table{s.Table})
	if !ok || shard != g.home {
		return 0, false
	}
	return g.sourceRows(g.owner[s], s), true
}

func unitOf(s *resolve.Source, units []*unit) *unit {
	for _, u := range units {
		if u.source == s {
			return u
		}
	}
	return nil
}

// filterBy makes the filter of a unit by the keys of another source.
func (g *gatherer) filterBy(u *unit, own, from *resolve.ColumnRef, before []*unit) (*Filter, error) {
	keys, after := g.keySelect(from, before)
	keys.Distinct = true
	keys.Limit = &ast.Limit{Count: tree.NewLiteral(uint64(maxKeys + 1))}
	f := &Filter{Max: maxKeys, After: after}
	var err error
	if f.Keys, err = tree.Restore(keys); err != nil {
		return nil, err
	}
	narrowed := u.statement()
	in := &ast.PatternInExpr{Expr: tree.Column(u.source.Name, own.Name.Name.O), List: []ast.ExprNode{tree.NewLiteral(tree.Bits(keyMarker))}}
	narrowed.Where = tree.Conjunction(append(u.where[:len(u.where):len(u.where)], in))
	text, err := tree.Restore(narrowed)
	if err != nil {
		return nil, err
	}
	f.Before, f.Behind, _ = strings.Cut(text, keyMarker)
	return f, nil
}

// keySelect returns the SELECT of a column's values, and the temporary tables
// that it reads.
func (g *gatherer) keySelect(from *resolve.ColumnRef, before []*unit) (*ast.SelectStmt, []string) {
	s := from.Source
	fields := []*ast.SelectField{tree.Field(s.Name, from.Name.Name.O)}
	present := &ast.IsNullExpr{Expr: tree.Column(s.Name, from.Name.Name.O), Not: true}
	if u := unitOf(s, before); u != nil {
		name := &ast.TableName{Name: ast.NewCIStr(u.table)}
		return tree.Select(fields, name, s.Name, []ast.ExprNode{present}), []string{u.table}
	}
	where := []ast.ExprNode{present}
	if g.owner[s] == nil {
		return selectFrom(fields, s, where), resultTables(s.Block, before)
	}
	for _, c := range g.conds[g.owner[s]].Of[s] {
		if c.On(s) {
			where = append(where, c.Expr)
		}
	}
	return selectFrom(fields, s, where), nil
}

// resultTables returns the temporary table that holds a block's result, if
// one does.
func resultTables(b *resolve.Block, before []*unit) []string {
	for _, u := range before {
		if u.source == nil && u.block == b {
			return []string{u.table}
		}
	}
	return nil
}
