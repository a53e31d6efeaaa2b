package router

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// refuse says why no plan is made for a block that needs several shards.
func (p *planner) refuse(b *block) error {
	return refuse(Unsupported, "%s across shards is not supported: %s", construct(b), p.spread())
}

// construct names the first thing in a block that keeps it from being run
// shard by shard.
func construct(b *block) string {
	switch n := b.node.(type) {
	case *ast.SetOprStmt:
		return setConstruct(n.SelectList, n.OrderBy, n.Limit)
	case *ast.SetOprSelectList:
		if only := b.arms[0]; len(b.arms) == 1 && n.OrderBy == nil && n.Limit == nil {
			return construct(only)
		}
		return setConstruct(n, n.OrderBy, n.Limit)
	}
	return obstacle(b)
}

func setConstruct(list *ast.SetOprSelectList, order *ast.OrderByClause, limit *ast.Limit) string {
	for i, arm := range list.Selects {
		if op := operator(arm); i > 0 && *op != ast.UnionAll {
			return op.String()
		}
	}
	switch {
	case order != nil:
		return "ORDER BY over a set operation"
	case limit != nil:
		return "LIMIT over a set operation"
	}
	return "a set operation"
}

// obstacle names the first thing in a block that makes it more than a plain
// SELECT … FROM … WHERE over one table, whose rows are those of all of the
// table's placements one after the other. It is empty for a plain one.
func obstacle(b *block) string {
	sel, ok := b.node.(*ast.SelectStmt)
	if !ok {
		return "a set operation"
	}
	switch {
	case len(b.from) > 1:
		return "a join"
	case sel.With != nil:
		return "WITH"
	case len(b.from) == 1 && b.from[0].table == nil:
		return "a derived table"
	case len(b.from) == 0 || slices.ContainsFunc(b.inner, namesTables):
		return "a subquery"
	case sel.Distinct:
		return "DISTINCT"
	case sel.GroupBy != nil:
		return "GROUP BY"
	case sel.Having != nil:
		return "HAVING"
	case len(sel.WindowSpecs) > 0 || b.any(func(b *block) bool { return b.aggregate }):
		return "an aggregate or window function"
	case b.any(func(b *block) bool { return b.sequence }):
		return "RAND with a seed"
	case sel.OrderBy != nil:
		return "ORDER BY"
	case sel.Limit != nil:
		return "LIMIT"
	}
	return ""
}

func namesTables(b *block) bool {
	tables, _ := b.reach()
	return len(tables) > 0
}

// maxNamed bounds the tables, and the shards of each, that an error lists.
const maxNamed = 5

// spread says where the statement's tables are.
func (p *planner) spread() string {
	tables, _ := p.root.reach()
	parts := make([]string, 0, len(tables))
	for _, t := range tables {
		parts = append(parts, fmt.Sprintf("`%s` is on %s", t.Name, shardsOf(t)))
	}
	return first(parts, "; ")
}

func shardsOf(t *catalog.Table) string {
	names := make([]string, len(t.Placements))
	for i, place := range t.Placements {
		names[i] = place.Shard
	}
	return first(names, ", ")
}

// first joins the first few of a list.
func first(list []string, separator string) string {
	if more := len(list) - maxNamed; more > 0 {
		list = append(list[:maxNamed:maxNamed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, separator)
}
