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
	maxKeys   = 50_000
	fewRows   = 1_000
	keyMarker = "\x00keys\x00"
)

// column is one that is compared with another.
type column struct {
	table, name string
	typ         catalog.Type // "" where it is computed
	family      bool         // it is a family's
}

// columnOf returns the column of a reference; nil stands for what is none.
func columnOf(c *resolve.ColumnRef) column {
	if c == nil {
		return column{}
	}
	return column{c.Source.Name, c.Name.Name.O, c.Type(), c.OfFamily()}
}

// columnNamed returns the column that a source has of a name.
func columnNamed(s *resolve.Source, name string) column {
	c := column{table: s.Name, name: name, family: s.Table != nil && s.Table.Kind == catalog.Family}
	for i := range s.Width() {
		if known := s.Column(i); strings.EqualFold(known.Name, name) {
			c.typ = known.Type
			break
		}
	}
	return c
}

// alike reports whether two columns compare as their values do: a = b and
// b = c mean a = c. Text does where both have the collation of families.
func alike(a, b column) bool {
	if a.typ != b.typ {
		return false
	}
	switch a.typ {
	case catalog.Int, catalog.Date:
		return true
	case catalog.Text, catalog.Timestamp:
		return a.family && b.family
	}
	return false
}

// keys are the values of a column that home can tell by the time that they are
// asked for.
type keys struct {
	column
	rows  float64 // an estimate of how many
	whole float64 // the same of all values that there are; 0: not known
	from  []held
	where []ast.ExprNode
}

// held is a source whose rows home has by the time that keys are asked for.
type held struct {
	alias string
	from  ast.ResultSetNode
	where []ast.ExprNode // that its rows have to fulfil yet
	after []string       // the temporary tables that it reads
	rows  float64        // an estimate
	whole float64        // the same of its table's; 0: not known
}

// narrowing is a column of what is shipped, and the keys one of which it must
// equal to be of use.
type narrowing struct {
	own  column
	keys keys
}

// What it takes to ask for keys, and to send each, in bytes that might be shipped
// instead.
const (
	askingBytes = 2_000
	keyBytes    = 16
)

// shipping is how many times as much it takes to move a row as to send a key.
const shipping = 4

// left estimates how many of a number of rows are left: the share of the values
// that are among the keys. Where that is all, there may yet be rows of others.
func (n *narrowing) left(rows float64) float64 {
	if n.keys.whole == 0 {
		return rows / 4
	}
	return max(1, rows*min(0.7, n.keys.rows/n.keys.whole))
}

// best returns the one of the narrowings that leaves least to do, or nil where
// none is worth it.
func best(rows float64, all []narrowing) *narrowing {
	var best *narrowing
	least := shipping * rows * 3 / 4
	for i := range all {
		n := &all[i]
		if cost := n.keys.rows + shipping*n.left(rows); n.keys.rows < 2*maxKeys && cost < least {
			best, least = n, cost
		}
	}
	return best
}

type narrowings []narrowing

// add adds a narrowing by keys, if there are any, that compare as the column
// does.
func (n *narrowings) add(own column, k *keys) {
	if k != nil && alike(own, k.column) {
		*n = append(*n, narrowing{own, *k})
	}
}

// held returns a source that is at home, or was shipped before; else nil.
func (g *gatherer) held(s *resolve.Source) *held {
	for _, done := range g.shipped {
		if r, ok := done.unit.(*rows); ok && r.source == s {
			return &held{alias: s.Name, from: temporaryName(done.table), after: []string{done.table}, rows: r.rows, whole: wholeRows(s)}
		}
	}
	if s.Table == nil || !isOn(g.home, s.Table) {
		return nil
	}
	return &held{alias: s.Name, from: tableName(s.Table), where: g.ownConditions(s), rows: g.sourceRows(s), whole: wholeRows(s)}
}

// wholeRows estimates the rows of a source's table; 0: it has none.
func wholeRows(s *resolve.Source) float64 {
	if s.Table == nil {
		return 0
	}
	rows, _ := tableSize(s.Table)
	return rows
}

// keysOf returns the values of a column whose source home has by then, as far as
// the sources that it is joined with have a use for them; else nil.
func (g *gatherer) keysOf(c *resolve.ColumnRef) *keys {
	h := g.held(c.Source)
	if h == nil {
		return nil
	}
	k := &keys{column: columnOf(c), rows: h.rows, whole: h.whole, from: []held{*h}}
	g.reduce(k, c.Source)
	return k
}

// muchReduced is the share of its rows that a source may have left for keys to be
// reduced by it.
const muchReduced = 0.5

// reduce joins the source of keys, if it is at home, with one that was shipped
// there and misses most of its rows: that has an index, and was not narrowed by
// the source. Of several the one with the fewest rows is taken.
func (g *gatherer) reduce(k *keys, s *resolve.Source) {
	if len(k.from[0].after) > 0 {
		return
	}
	var by *held
	var source *resolve.Source
	for _, eq := range g.conditions[s] {
		own, other := eq.Sides(s)
		if own == nil || !eq.Pure || g.owner[other.Source] != g.owner[s] || other.Source == source {
			continue
		}
		h := g.held(other.Source)
		if h != nil && len(h.after) > 0 && h.whole > 0 && h.rows < h.whole*muchReduced && (by == nil || h.rows < by.rows) {
			by, source = h, other.Source
		}
	}
	if by == nil {
		return
	}
	k.from, k.rows = append(k.from, *by), max(1, k.rows*by.rows/by.whole)
	for _, eq := range g.conditions[s] {
		if own, other := eq.Sides(s); own != nil && eq.Pure && other.Source == source {
			k.where = append(k.where, eq.Expr)
		}
	}
}

// statement returns the SELECT of the keys.
func (k *keys) statement() *ast.SelectStmt {
	where := []ast.ExprNode{&ast.IsNullExpr{Expr: tree.Column(k.table, k.name), Not: true}}
	for _, h := range k.from {
		where = append(where, h.where...)
	}
	fields := []*ast.SelectField{tree.Field(k.table, k.name)}
	sel := tree.Select(fields, k.from[0].from, k.from[0].alias, append(where, k.where...))
	for _, h := range k.from[1:] {
		right := tree.Select(nil, h.from, h.alias, nil).From.TableRefs.Left
		sel.From.TableRefs = &ast.Join{Left: sel.From.TableRefs, Right: right, Tp: ast.CrossJoin}
	}
	sel.From.TableRefs.Left = tree.Unwrap(sel.From.TableRefs.Left)
	sel.Distinct = true
	sel.Limit = &ast.Limit{Count: tree.NewLiteral(uint64(maxKeys + 1))}
	return sel
}

// after returns the temporary tables that the keys are read from.
func (k *keys) after() (tables []string) {
	for _, h := range k.from {
		tables = append(tables, h.after...)
	}
	return tables
}

// filter makes the filter for a statement: narrowed returns it with more
// conditions.
func (n *narrowing) filter(narrowed func(more ...ast.ExprNode) *ast.SelectStmt) (*Filter, error) {
	if n == nil {
		return nil, nil
	}
	f := &Filter{Max: maxKeys, After: n.keys.after()}
	var err error
	if f.Keys, err = tree.Restore(n.keys.statement()); err != nil {
		return nil, err
	}
	in := &ast.PatternInExpr{Expr: tree.Column(n.own.table, n.own.name), List: []ast.ExprNode{tree.NewLiteral(tree.Bits(keyMarker))}}
	text, err := tree.Restore(narrowed(in))
	if err != nil {
		return nil, err
	}
	f.Before, f.Behind, _ = strings.Cut(text, keyMarker)
	return f, nil
}
