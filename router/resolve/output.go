package resolve

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Column is one output column. Type is set when the column is a plain
// reference to a column of the catalog, in whatever depth of derived tables,
// CTEs and set operations; for anything computed it is empty, and the server's
// own type holds.
type Column struct {
	Name string
	Type catalog.Type

	weight int // see scale; 0 stands for 1
}

// output returns the columns of a SELECT, nil where their number cannot be
// told, and with an empty name where that cannot. It spells out each * that
// would show hidden columns.
func (r *resolver) output(sel *ast.SelectStmt, sc *scope) ([]Column, error) {
	o := output{r: r, scope: sc, wide: sc.wide(), known: true}
	if shared, ok := o.share(sel.Fields.Fields); ok {
		return shared, nil
	}
	for i, f := range sel.Fields.Fields {
		if err := o.field(f, sc.block.weights[i]); err != nil {
			return nil, err
		}
	}
	if o.wide {
		sel.Fields.Fields = o.fields
	}
	if !o.known {
		return nil, nil
	}
	return o.columns, r.spend(len(o.columns))
}

// output gathers what one SELECT returns.
type output struct {
	r       *resolver
	scope   *scope
	wide    bool // * must be spelled out
	fields  []*ast.SelectField
	columns []Column
	known   bool // columns holds all columns so far
}

// share returns the columns of SELECT * FROM one derived table or CTE, which
// are that one's own.
func (o *output) share(fields []*ast.SelectField) ([]Column, bool) {
	if len(fields) != 1 || fields[0].WildCard == nil || len(o.scope.sources) != 1 {
		return nil, false
	}
	s := o.scope.sources[0]
	if s.Table != nil || fields[0].WildCard.Table.O != "" {
		return nil, false
	}
	return s.Columns, true
}

func (o *output) field(f *ast.SelectField, weight int) error {
	switch {
	case f.WildCard == nil:
		o.keep(f)
		return o.expression(f, weight)
	case f.WildCard.Table.O != "":
		return o.qualifiedStar(f)
	default:
		return o.star(f)
	}
}

func (o *output) keep(f *ast.SelectField) {
	if o.wide {
		o.fields = append(o.fields, f)
	}
}

func (o *output) expression(f *ast.SelectField, weight int) error {
	c, expr := Column{Name: f.AsName.O, weight: weight}, f.Expr
	for {
		inner, ok := expr.(*ast.ParenthesesExpr)
		if !ok {
			break
		}
		expr = inner.Expr
	}
	var err error
	switch e := expr.(type) {
	case *ast.ColumnNameExpr:
		c.Name = cmp.Or(c.Name, e.Name.Name.O)
		c.Type, err = o.r.typeOf(o.scope, e.Name)
	case *tree.Literal:
		c.Name = cmp.Or(c.Name, stringName(e))
		if e.Value == nil {
			c.Type = alwaysNull
		}
	}
	o.columns = append(o.columns, c)
	return err
}

// stringName returns the name of a column that is a string: the string. It is
// empty where servers might change the name.
func stringName(l *tree.Literal) string {
	s := l.GetString()
	if len(s) > 64 || l.Joined >= 0 || l.Charset() != "" || strings.TrimSpace(s) != s {
		return ""
	}
	for _, c := range s {
		if c < ' ' || c > '~' {
			return ""
		}
	}
	return s
}

// qualifiedStar adds the columns of t.*.
func (o *output) qualifiedStar(f *ast.SelectField) error {
	w := f.WildCard
	s := o.scope.local(w.Table.O, false)
	if s == nil {
		s = o.scope.local(w.Table.O, true)
	}
	if s == nil || !o.r.ours(w.Schema.O, s) {
		return fault.New(fault.UnknownTable, "unknown table `%s` in the select list", w.Table.O)
	}
	w.Schema, w.Table = ast.CIStr{}, ast.NewCIStr(s.Name)
	return o.source(f, s)
}

// source adds the columns of a source, as s.* shows them.
func (o *output) source(f *ast.SelectField, s *Source) error {
	if !s.wide {
		o.keep(f)
	}
	if !s.known() {
		o.known = false
		return nil
	}
	width := s.Width()
	if err := o.r.spend(width); err != nil {
		return err
	}
	o.columns = slices.Grow(o.columns, width)
	for i := range width {
		o.columns = append(o.columns, s.Column(i))
	}
	if s.wide {
		o.spell(s)
	}
	return nil
}

// spell adds a field for each column of a source with hidden ones.
func (o *output) spell(s *Source) {
	spelled := make([]tree.SpelledField, s.Width())
	o.fields = slices.Grow(o.fields, len(spelled))
	for i := range spelled {
		o.fields = append(o.fields, spelled[i].Of(s.Name, s.Column(i).Name))
	}
}

// star adds the columns of a bare *.
func (o *output) star(f *ast.SelectField) error {
	switch {
	case o.scope.from == nil:
		return fault.New(fault.Syntax, "SELECT * needs a FROM")
	case o.scope.merges:
		return o.mergedStar(f)
	}
	for _, s := range o.scope.sources {
		if err := o.source(o.all(s), s); err != nil {
			return err
		}
	}
	return nil
}

// all returns the field s.*, which takes part in spelling out *.
func (o *output) all(s *Source) *ast.SelectField {
	if !o.wide {
		return nil // the * stays
	}
	return &ast.SelectField{WildCard: &ast.WildCardField{Table: ast.NewCIStr(s.Name)}}
}

func (o *output) mergedStar(f *ast.SelectField) error {
	columns, known, err := o.r.visible(o.scope.from)
	if err != nil {
		return err
	}
	if !known && o.wide {
		return fault.New(fault.Unsupported, "* over USING or NATURAL is not supported where the tables' columns cannot be told or are ambiguous: name the columns")
	}
	o.known = o.known && known
	for _, c := range columns {
		o.columns = append(o.columns, Column{Name: c.name, Type: c.typ, weight: c.weight})
	}
	if !o.wide {
		return nil
	}
	spelled := make([]tree.SpelledField, len(columns))
	for i, c := range columns {
		o.fields = append(o.fields, spelled[i].Of(c.source.Name, c.name))
	}
	return nil
}

// typesKept are the types that a set operation of columns of one type keeps.
// Others may change: BIGINT with BIGINT UNSIGNED makes a decimal.
var typesKept = map[catalog.Type]bool{
	catalog.Bool: true, catalog.JSON: true, catalog.Text: true, catalog.Float: true,
	catalog.Timestamp: true, catalog.Date: true, catalog.Time: true,
}

// alwaysNull is the type, inside the resolver alone, of a column that is a bare
// NULL: in a set operation it takes the type of the other arms' columns.
const alwaysNull catalog.Type = "null"

// setColumns tells the columns of a set operation from those of its arms: the
// names are the first arm's, a type is kept where all arms agree.
func (r *resolver) setColumns(b *Block) error {
	first := b.Arms[0].Columns
	if len(b.Arms) == 1 || first == nil {
		b.Columns = first
		return nil
	}
	if err := r.spend(len(first)); err != nil {
		return err
	}
	b.Columns = make([]Column, len(first))
	for i, c := range first {
		b.Columns[i] = Column{Name: c.Name, Type: commonType(b.Arms, i), weight: commonWeight(b.Arms, i)}
	}
	return nil
}

// commonType returns the type of a column of a set operation, or none where
// that cannot be told.
func commonType(arms []*Block, column int) catalog.Type {
	common := alwaysNull
	for _, a := range arms {
		if column >= len(a.Columns) {
			return ""
		}
		typ := a.Columns[column].Type
		switch {
		case typ == alwaysNull || typ == common:
		case common == alwaysNull && typesKept[typ]:
			common = typ
		default:
			return ""
		}
	}
	return common
}
