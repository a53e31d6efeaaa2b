package router

import (
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// addKeys makes the expressions of GROUP BY keys, or else those of a DISTINCT
// without aggregates.
func (p *partial) addKeys() bool {
	if p.sel.GroupBy != nil {
		for _, item := range p.sel.GroupBy.Items {
			if e := p.grouped(item.Expr); e == nil || !p.addKey(e) {
				return false
			}
		}
		return len(p.group) > 0
	}
	if p.block.Aggregate {
		return true
	}
	for _, f := range p.sel.Fields.Fields {
		if tree.IsStar(f) || !p.addKey(f.Expr) {
			return false
		}
	}
	return true
}

func (p *partial) addKey(e ast.ExprNode) bool {
	if tree.IsConstant(e) {
		return true
	}
	if !tree.HasColumn(e) || !p.block.Local(e) || !p.block.StorableKey(e, p.shows(e)) {
		return false
	}
	text := p.text(e)
	if _, known := p.keys[text]; !known {
		p.keys[text] = p.add("k", e)
		p.group = append(p.group, e)
	}
	return true
}

// add adds a column to what is shipped, and returns its name.
func (p *partial) add(prefix string, e ast.ExprNode) string {
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

// check reports whether all that comes after the groups can be computed from
// them, and adds what is to be shipped for the aggregates.
func (p *partial) check() bool {
	ok := true
	for _, clause := range p.after() {
		tree.Walk(clause, func(n ast.Node) bool {
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
				ok = !p.block.Finds(e.Name)
			case *ast.SubqueryExpr, *ast.WindowFuncExpr:
				ok = false
			}
			return ok
		})
	}
	return ok && len(p.fields) > 0
}

// after returns the clauses that see groups.
func (p *partial) after() []ast.Node {
	return tree.Present(tree.OrNil(p.sel.Fields), tree.OrNil(p.sel.Having), tree.OrNil(p.sel.OrderBy))
}

// shows reports whether a group key or an aggregate is nowhere a part of an
// expression, which may compare it: it is only shown, and sorted by.
func (p *partial) shows(key ast.ExprNode) bool {
	if p.sel.Having != nil {
		return false
	}
	for _, f := range p.sel.Fields.Fields {
		if !tree.IsStar(f) && p.uses(f.Expr, key) {
			return false
		}
	}
	return p.sel.OrderBy == nil || !slices.ContainsFunc(p.sel.OrderBy.Items, func(item *ast.ByItem) bool { return p.uses(item.Expr, key) })
}

// uses reports whether an expression over groups may have a key or an aggregate
// as a part of it, by its alias too.
func (p *partial) uses(e, key ast.ExprNode) bool {
	text, whole, found := p.text(key), tree.Bare(e), false
	if _, name := whole.(*ast.ColumnNameExpr); name || p.text(whole) == text {
		return false
	}
	tree.Walk(whole, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ColumnNameExpr:
			field := p.aliased(n.Name)
			_, other := tree.Bare(field).(*ast.AggregateFuncExpr)
			found = found || p.text(n) == text || field != nil && (!other || p.text(field) == text)
		case ast.ExprNode:
			found = found || p.text(n) == text
		}
		_, aggregate := n.(*ast.AggregateFuncExpr)
		return !found && !aggregate
	})
	return found
}

// addAggregate adds what an aggregate's parts are computed from. It reports
// false where the parts would not make the same whole.
func (p *partial) addAggregate(a *ast.AggregateFuncExpr) bool {
	name := strings.ToLower(a.F)
	if slices.ContainsFunc(a.Args, func(e ast.ExprNode) bool { return !p.block.Local(e) }) {
		return false
	}
	if a.Distinct && name != "min" && name != "max" {
		return (name == "count" || name == "sum" || name == "avg") && p.addDistinct(a)
	}
	k := tree.UnknownKind
	if len(a.Args) == 1 {
		k = p.block.Kind(a.Args[0])
	}
	switch name {
	case "count":
		p.value(a)
	case "sum":
		p.value(a)
		return k == tree.IntKind || k == tree.FloatKind
	case "avg":
		sum, count := averageOf(a)
		p.value(sum)
		p.value(count)
		return k == tree.FloatKind || k == tree.IntKind && (!p.rounds || p.shows(a))
	case "min", "max":
		p.value(a)
		return k != tree.JSONKind && tree.HasColumn(a.Args[0]) && p.block.StorableKey(a.Args[0], p.shows(a))
	case "bit_and", "bit_or", "bit_xor":
		p.value(a)
		return k == tree.IntKind
	default:
		return false
	}
	return true
}

// addDistinct makes the arguments keys: rows with equal ones count once.
func (p *partial) addDistinct(a *ast.AggregateFuncExpr) bool {
	return !slices.ContainsFunc(a.Args, func(e ast.ExprNode) bool { return tree.IsConstant(e) || !p.addKey(e) })
}

// averageOf returns the sum and the count that an average is made of.
func averageOf(a *ast.AggregateFuncExpr) (sum, count *ast.AggregateFuncExpr) {
	return &ast.AggregateFuncExpr{F: "SUM", Args: a.Args}, &ast.AggregateFuncExpr{F: "COUNT", Args: a.Args}
}

// value returns the column that has the partial values of an aggregate.
func (p *partial) value(a *ast.AggregateFuncExpr) string {
	text := p.text(a)
	if p.values[text] == "" {
		p.values[text] = p.add("v", a)
	}
	return p.values[text]
}
