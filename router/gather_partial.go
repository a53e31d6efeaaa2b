package router

import (
	"slices"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// partial is a block over a split table whose groups are computed placement by
// placement, so that only partial results are shipped: of a count the counts,
// whose sum it is, of an average the sums and counts. Tables that the split
// one is joined with are broadcast to the placements' shards.
type partial struct {
	block  *resolve.Block
	split  *resolve.Source // the one whose placements make the parts
	sel    *ast.SelectStmt
	keys   map[string]string // the column of each group key, by its text
	group  []ast.ExprNode    // the group keys
	values map[string]string // the column of each partial value, by its text
	fields []*ast.SelectField
	table  string // the temporary table, once it is known
}

// partialOf returns what newPartial does, which it asks once for each block.
func (g *gatherer) partialOf(b *resolve.Block) *partial {
	p, known := g.partials[b]
	if !known {
		p = newPartial(b)
		g.partials[b] = p
	}
	return p
}

// newPartial returns nil where the block can't be computed in parts.
func newPartial(b *resolve.Block) *partial {
	sel, ok := b.Node.(*ast.SelectStmt)
	switch {
	case !ok, len(b.Inner) > 0, sel.With != nil, len(sel.WindowSpecs) > 0,
		!b.Aggregate && sel.GroupBy == nil && !sel.Distinct:
		return nil
	}
	p := &partial{block: b, split: divisible(b), sel: sel, keys: make(map[string]string), values: make(map[string]string)}
	if p.split == nil || !p.joins() || !p.addKeys() || !p.check() {
		return nil
	}
	return p
}

// divisible returns the one split source of a block whose other sources are
// whole tables, if the rows that are joined are those of the source's
// placements joined one by one; else nil.
func divisible(b *resolve.Block) *resolve.Source {
	var split *resolve.Source
	for _, s := range b.Sources {
		switch {
		case s.Table == nil:
			return nil
		case len(s.Table.Placements) < 2:
		case split != nil || !preserved(b.Joins, s):
			return nil
		default:
			split = s
		}
	}
	return split
}

// preserved reports whether no outer join makes NULLs of a source's missing
// rows.
func preserved(op *resolve.Operand, s *resolve.Source) bool {
	if op.Source != nil {
		return op.Source == s
	}
	return op.Join.Tp != ast.RightJoin && preserved(op.Left, s) || op.Join.Tp != ast.LeftJoin && preserved(op.Right, s)
}

// joins reports whether the parts can be joined and filtered as the whole is.
func (p *partial) joins() bool {
	if p.block.Merges || p.sel.Where != nil && !p.block.Local(p.sel.Where) {
		return false
	}
	_, conditions := tree.Leaves(p.sel.From.TableRefs)
	return !slices.ContainsFunc(conditions, func(on ast.ExprNode) bool { return !p.block.Local(on) })
}

// addKeys makes the expressions of GROUP BY keys, or else those of a DISTINCT
// without aggregates.
func (p *partial) addKeys() bool {
	if p.sel.GroupBy != nil {
		for _, item := range p.sel.GroupBy.Items {
			if e := p.meant(item.Expr); e == nil || !p.addKey(e) {
				return false
			}
		}
		return len(p.group) > 0
	}
	if p.block.Aggregate {
		return true
	}
	for _, f := range p.sel.Fields.Fields {
		if f.WildCard != nil || !p.addKey(f.Expr) {
			return false
		}
	}
	return true
}

// meant returns the expression that an item of GROUP BY stands for: a number
// and, where it is no column, a name are those of a select field.
func (p *partial) meant(e ast.ExprNode) ast.ExprNode {
	switch n := tree.Bare(e).(type) {
	case *ast.PositionExpr:
		if n.N < 1 || n.N > len(p.sel.Fields.Fields) {
			return nil
		}
		return p.sel.Fields.Fields[n.N-1].Expr
	case *ast.ColumnNameExpr:
		if !p.block.Finds(n.Name) {
			return aliased(p.sel, n.Name)
		}
	}
	return e
}

// aliased returns the expression of the select field of that name, or nil.
func aliased(sel *ast.SelectStmt, n *ast.ColumnName) ast.ExprNode {
	if n.Table.O != "" {
		return nil
	}
	for _, f := range sel.Fields.Fields {
		if f.WildCard == nil && tree.IsName(f.AsName, n.Name.O) {
			return f.Expr
		}
	}
	return nil
}

func (p *partial) addKey(e ast.ExprNode) bool {
	if tree.IsConstant(e) {
		return true
	}
	if !tree.HasColumn(e) || !p.block.Local(e) || !p.block.StorableKey(e) {
		return false
	}
	text := p.text(e)
	if _, known := p.keys[text]; !known {
		p.keys[text] = p.ship("k", e)
		p.group = append(p.group, e)
	}
	return true
}

// ship adds a column to what is shipped, and returns its name.
func (p *partial) ship(prefix string, e ast.ExprNode) string {
	name := catalog.ReservedPrefix + "_" + prefix + strconv.Itoa(len(p.fields)+1)
	p.fields = append(p.fields, &ast.SelectField{Expr: e, AsName: ast.NewCIStr(name)})
	return name
}

// json returns the columns of the parts that hold JSON.
func (p *partial) json() []string {
	var names []string
	for _, e := range p.group {
		if p.block.Kind(e) == tree.JSONKind && p.block.Bind(tree.PlainColumn(e)).IsJSON(catalog.JSON) {
			names = append(names, p.keys[p.text(e)])
		}
	}
	return names
}

// text is the same for expressions that are the same but for qualifiers.
func (p *partial) text(e ast.ExprNode) string {
	var short []*ast.ColumnName
	tree.Walk(e, func(n ast.Node) bool {
		if name, is := n.(*ast.ColumnName); is && name.Table.O == "" {
			if found := p.block.Bind(name); found != nil {
				name.Table = ast.NewCIStr(found.Name)
				short = append(short, name)
			}
		}
		return true
	})
	text, err := tree.Restore(tree.Bare(e))
	for _, name := range short {
		name.Table = ast.CIStr{}
	}
	if err != nil {
		return ""
	}
	return text
}
