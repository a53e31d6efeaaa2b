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
	from  ast.ResultSetNode
	where []ast.ExprNode
	after []string // the temporary tables that are read
}

// narrowing is a column of what is shipped, and the keys one of which it must
// equal to be of use.
type narrowing struct {
	own  column
	keys keys
}

// best returns the one of the narrowings that gives the fewest keys, or nil
// where none narrows a number of rows enough.
func best(rows float64, all []narrowing) *narrowing {
	var best *narrowing
	least := min(rows/4, 2*maxKeys)
	for i := range all {
		if n := &all[i]; n.keys.rows < least {
			best, least = n, n.keys.rows
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

// keysOf returns the values of a column whose source is at home, or was shipped
// before; else nil.
func (g *gatherer) keysOf(c *resolve.ColumnRef) *keys {
	s := c.Source
	for _, done := range g.shipped {
		if r, ok := done.unit.(*rows); ok && r.source == s {
			return &keys{column: columnOf(c), rows: r.rows, from: temporaryName(done.table), after: []string{done.table}}
		}
	}
	if s.Table == nil || !isOn(g.home, s.Table) {
		return nil
	}
	return &keys{column: columnOf(c), rows: g.sourceRows(s), from: tableName(s.Table), where: g.ownConditions(s)}
}

// filter makes the filter for a statement: narrowed returns it with more
// conditions.
func (n *narrowing) filter(narrowed func(more ...ast.ExprNode) *ast.SelectStmt) (*Filter, error) {
	if n == nil {
		return nil, nil
	}
	k := &n.keys
	present := &ast.IsNullExpr{Expr: tree.Column(k.table, k.name), Not: true}
	values := tree.Select([]*ast.SelectField{tree.Field(k.table, k.name)}, k.from, k.table, append([]ast.ExprNode{present}, k.where...))
	values.Distinct = true
	values.Limit = &ast.Limit{Count: tree.NewLiteral(uint64(maxKeys + 1))}
	f := &Filter{Max: maxKeys, After: k.after}
	var err error
	if f.Keys, err = tree.Restore(values); err != nil {
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
