package router

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
	"github.com/pingcap/tidb/pkg/parser/types"
)

// partial is a block over a split table whose groups are computed placement by
// placement, so that only partial results are shipped: of a count the counts,
// whose sum it is, of an average the sums and counts. Tables that the split
// one is joined with are broadcast to the placements' shards.
type partial struct {
	block  *block
	split  *source // the one whose placements make the parts
	sel    *ast.SelectStmt
	keys   map[string]string // the column of each group key, by its text
	group  []ast.ExprNode    // the group keys
	values map[string]string // the column of each partial value, by its text
	fields []*ast.SelectField
	table  string // the temporary table, once it is known
}

// partialOf returns what newPartial does, which it asks once for each block.
func (g *gatherer) partialOf(b *block) *partial {
	p, known := g.partials[b]
	if !known {
		p = newPartial(b)
		g.partials[b] = p
	}
	return p
}

// newPartial returns nil where the block can't be computed in parts.
func newPartial(b *block) *partial {
	sel, ok := b.node.(*ast.SelectStmt)
	switch {
	case !ok, len(b.inner) > 0, sel.With != nil, len(sel.WindowSpecs) > 0,
		!b.aggregate && sel.GroupBy == nil && !sel.Distinct:
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
func divisible(b *block) *source {
	var split *source
	for _, s := range b.from {
		switch {
		case s.table == nil:
			return nil
		case len(s.table.Placements) < 2:
		case split != nil || !preserved(b.scope.from, s):
			return nil
		default:
			split = s
		}
	}
	return split
}

// preserved reports whether no outer join makes NULLs of a source's missing
// rows.
func preserved(op *operand, s *source) bool {
	if op.source != nil {
		return op.source == s
	}
	return op.join.Tp != ast.RightJoin && preserved(op.left, s) || op.join.Tp != ast.LeftJoin && preserved(op.right, s)
}

// joins reports whether the parts can be joined and filtered as the whole is.
func (p *partial) joins() bool {
	if p.block.scope.merges || p.sel.Where != nil && !p.local(p.sel.Where) {
		return false
	}
	return !slices.ContainsFunc(p.block.scope.conditions, func(on *ast.OnCondition) bool { return !p.local(on.Expr) })
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
	if p.block.aggregate {
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
	switch n := bare(e).(type) {
	case *ast.PositionExpr:
		if n.N < 1 || n.N > len(p.sel.Fields.Fields) {
			return nil
		}
		return p.sel.Fields.Fields[n.N-1].Expr
	case *ast.ColumnNameExpr:
		if p.block.scope.bind(n.Name).scope == nil {
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
		if f.WildCard == nil && isName(f.AsName, n.Name.O) {
			return f.Expr
		}
	}
	return nil
}

func (p *partial) addKey(e ast.ExprNode) bool {
	if isConstant(e) {
		return true
	}
	if !hasColumn(e) || !p.local(e) || !p.storableKey(e) {
		return false
	}
	text := p.text(e)
	if _, known := p.keys[text]; !known {
		p.keys[text] = p.ship("k", e)
		p.group = append(p.group, e)
	}
	return true
}

// storableKey reports whether a key is the same to the block and to those
// around it once it is stored. What the client gets is compared with nothing.
func (p *partial) storableKey(e ast.ExprNode) bool {
	switch k := p.block.kindOf(e); {
	case k <= nullKind:
		return false
	case k != textKind || plainColumn(e) != nil || p.block.role == roleRoot:
		return true
	}
	return p.block.storableText(e)
}

// ship adds a column to what is shipped, and returns its name.
func (p *partial) ship(prefix string, e ast.ExprNode) string {
	name := catalog.ReservedPrefix + "_" + prefix + strconv.Itoa(len(p.fields)+1)
	p.fields = append(p.fields, &ast.SelectField{Expr: e, AsName: ast.NewCIStr(name)})
	return name
}

// local reports whether an expression depends on a row of the block's sources
// alone.
func (p *partial) local(e ast.ExprNode) bool {
	ok := true
	walk(e, func(n ast.Node) bool {
		if name, is := n.(*ast.ColumnName); is {
			found := p.block.scope.bind(name)
			ok = ok && found.source != nil && found.scope == p.block.scope
		}
		ok = ok && isPure(n)
		return true
	})
	return ok
}

// json returns the columns of the parts that hold JSON.
func (p *partial) json() []string {
	var names []string
	for _, e := range p.group {
		if p.block.kindOf(e) == jsonKind && p.split.table.Kind != catalog.System {
			names = append(names, p.keys[p.text(e)])
		}
	}
	return names
}

// text is the same for expressions that are the same but for qualifiers.
func (p *partial) text(e ast.ExprNode) string {
	var short []*ast.ColumnName
	walk(e, func(n ast.Node) bool {
		if name, is := n.(*ast.ColumnName); is && name.Table.O == "" {
			if found := p.block.scope.bind(name).source; found != nil {
				name.Table = ast.NewCIStr(found.name)
				short = append(short, name)
			}
		}
		return true
	})
	text, err := restore(bare(e))
	for _, name := range short {
		name.Table = ast.CIStr{}
	}
	if err != nil {
		return ""
	}
	return text
}

// check reports whether all that comes after the groups can be computed from
// them, and adds what is to be shipped for the aggregates.
func (p *partial) check() bool {
	ok := true
	for _, clause := range p.after() {
		walk(clause, func(n ast.Node) bool {
			e, is := n.(ast.ExprNode)
			if !is || !ok {
				return ok
			}
			if p.keys[p.text(e)] != "" {
				ok = p.unambiguous(e)
				return false
			}
			switch e := e.(type) {
			case *ast.AggregateFuncExpr:
				ok = p.addAggregate(e)
				return false
			case *ast.ColumnNameExpr:
				ok = p.block.scope.bind(e.Name).scope == nil
			case *ast.SubqueryExpr, *ast.WindowFuncExpr:
				ok = false
			}
			return ok
		})
	}
	return ok && len(p.fields) > 0
}

func isConstant(e ast.ExprNode) bool { _, ok := bare(e).(*literal); return ok }

// unambiguous reports whether a name of a column is not that of a select field
// with another meaning as well.
func (p *partial) unambiguous(e ast.ExprNode) bool {
	n := plainColumn(e)
	if n == nil {
		return true
	}
	field := aliased(p.sel, n)
	return field == nil || p.text(field) == p.text(e)
}

// after returns the clauses that see groups.
func (p *partial) after() []ast.Node {
	return present(orNil(p.sel.Fields), orNil(p.sel.Having), orNil(p.sel.OrderBy))
}

// addAggregate adds what an aggregate's parts are computed from. It reports
// false where the parts would not make the same whole.
func (p *partial) addAggregate(a *ast.AggregateFuncExpr) bool {
	name := strings.ToLower(a.F)
	if slices.ContainsFunc(a.Args, func(e ast.ExprNode) bool { return !p.local(e) }) {
		return false
	}
	if a.Distinct && name != "min" && name != "max" {
		return (name == "count" || name == "sum" || name == "avg") && p.addDistinct(a)
	}
	k := unknownKind
	if len(a.Args) == 1 {
		k = p.block.kindOf(a.Args[0])
	}
	switch name {
	case "count":
		p.value(a)
	case "sum":
		p.value(a)
		return k == intKind || k == floatKind
	case "avg":
		sum, count := averageOf(a)
		p.value(sum)
		p.value(count)
		return k == intKind || k == floatKind
	case "min", "max":
		p.value(a)
		return k != jsonKind && hasColumn(a.Args[0]) && p.storableKey(a.Args[0])
	case "bit_and", "bit_or", "bit_xor":
		p.value(a)
		return k == intKind
	default:
		return false
	}
	return true
}

// addDistinct makes the arguments keys: rows with equal ones count once.
func (p *partial) addDistinct(a *ast.AggregateFuncExpr) bool {
	return !slices.ContainsFunc(a.Args, func(e ast.ExprNode) bool { return isConstant(e) || !p.addKey(e) })
}

// averageOf returns the sum and the count that an average is made of.
func averageOf(a *ast.AggregateFuncExpr) (sum, count *ast.AggregateFuncExpr) {
	return &ast.AggregateFuncExpr{F: "SUM", Args: a.Args}, &ast.AggregateFuncExpr{F: "COUNT", Args: a.Args}
}

// value returns the column that has the partial values of an aggregate.
func (p *partial) value(a *ast.AggregateFuncExpr) string {
	text := p.text(a)
	if p.values[text] == "" {
		p.values[text] = p.ship("v", a)
	}
	return p.values[text]
}

// statement returns the SELECT of the parts.
func (p *partial) statement() *ast.SelectStmt {
	sel := *p.sel
	sel.Fields = &ast.FieldList{Fields: p.fields}
	sel.Distinct, sel.GroupBy, sel.Having, sel.OrderBy, sel.Limit, sel.AfterSetOperator = false, nil, nil, nil, nil, nil
	if len(p.group) > 0 {
		sel.GroupBy = &ast.GroupByClause{}
		for _, e := range p.group {
			sel.GroupBy.Items = append(sel.GroupBy.Items, &ast.ByItem{Expr: e, NullOrder: true})
		}
	}
	return &sel
}

// finish makes the block compute the whole from the parts in a temporary
// table.
func (p *partial) finish(table string) {
	p.table = table
	for _, clause := range p.after() {
		clause.Accept(p)
	}
	if p.sel.GroupBy != nil {
		for _, item := range p.sel.GroupBy.Items {
			if key := p.keys[p.text(item.Expr)]; key != "" && p.meant(item.Expr) == item.Expr {
				item.Expr = p.column(key)
			}
		}
	}
	from := &ast.TableSource{Source: &ast.TableName{Name: ast.NewCIStr(table)}}
	p.sel.From = &ast.TableRefsClause{TableRefs: &ast.Join{Left: from}}
	p.sel.Where = nil
}

func (p *partial) column(name string) ast.ExprNode {
	return &ast.ColumnNameExpr{Name: &ast.ColumnName{Table: ast.NewCIStr(p.table), Name: ast.NewCIStr(name)}}
}

// Enter implements ast.Visitor: it puts the columns of the parts in the place
// of what they hold.
func (p *partial) Enter(n ast.Node) (ast.Node, bool) {
	e, ok := n.(ast.ExprNode)
	if !ok {
		return n, false
	}
	if key := p.keys[p.text(e)]; key != "" {
		return p.column(key), true
	}
	if a, ok := e.(*ast.AggregateFuncExpr); ok {
		return p.whole(a), true
	}
	return n, false
}

// Leave implements ast.Visitor.
func (p *partial) Leave(n ast.Node) (ast.Node, bool) { return n, true }

// count makes a count of a sum of counts, which is a DECIMAL. Where rows are
// grouped for the sake of a DISTINCT alone, of no rows there is no part.
func (p *partial) count(sum ast.ExprNode) ast.ExprNode {
	var count ast.ExprNode = &ast.FuncCastExpr{Expr: sum, Tp: types.NewFieldType(mysql.TypeLonglong), FunctionType: ast.CastFunction}
	if p.sel.GroupBy == nil && len(p.group) > 0 {
		zero := newLiteral(int64(0))
		count = &ast.FuncCallExpr{FnName: functions["coalesce"].name, Args: []ast.ExprNode{count, zero}, Tp: ast.FuncCallExprTypeKeyword}
	}
	return count
}

// whole returns the aggregate of parts that is equal to an aggregate of rows.
func (p *partial) whole(a *ast.AggregateFuncExpr) ast.ExprNode {
	name := strings.ToLower(a.F)
	if a.Distinct && name != "min" && name != "max" {
		args := make([]ast.ExprNode, len(a.Args))
		for i, e := range a.Args {
			args[i] = p.column(p.keys[p.text(e)])
		}
		return &ast.AggregateFuncExpr{F: a.F, Args: args, Distinct: true}
	}
	over := func(f string, of *ast.AggregateFuncExpr) ast.ExprNode {
		return &ast.AggregateFuncExpr{F: f, Args: []ast.ExprNode{p.column(p.value(of))}}
	}
	switch name {
	case "count":
		return p.count(over("SUM", a))
	case "avg":
		sum, count := averageOf(a)
		return &ast.ParenthesesExpr{Expr: &ast.BinaryOperationExpr{Op: opcode.Div, L: over("SUM", sum), R: over("SUM", count)}}
	}
	return over(a.F, a)
}
