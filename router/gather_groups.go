package router

import (
	"strconv"

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
	if !tree.HasColumn(e) || !p.block.Local(e) || !p.block.StorableKey(e) {
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
