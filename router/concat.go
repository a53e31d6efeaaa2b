package router

import (
	"slices"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// concat plans pieces, joining neighbours on one shard into one step: the
// server then finds their common column types.
func (p *planner) concat(pieces []piece) (*Plan, error) {
	var s script
	with := tree.WithOf(p.root.Node)
	for len(pieces) > 0 {
		n := neighbours(pieces)
		statement := statement(pieces[:n], with)
		p.limit(statement)
		sql, err := tree.Restore(statement)
		if err != nil {
			return nil, err
		}
		if err := s.add(Step{Shard: pieces[0].shard, SQL: sql}); err != nil {
			return nil, err
		}
		pieces = pieces[n:]
	}
	clock := len(s.steps) > 1 && p.root.Any(func(b *resolve.Block) bool { return b.Clock })
	return &Plan{Kind: Concat, Steps: s.steps, Columns: p.root.Columns, Clock: clock, Explain: p.explain}, nil
}

// disguised are MariaDB's types whose values look like text on the wire, but
// which a UNION with text converts.
var disguised = []string{"uuid", "inet4", "inet6"}

// mergeable reports whether the tables have no columns whose type the proxy,
// which must see to it that the steps' types agree, cannot tell.
func (p *planner) mergeable() bool {
	tables, _ := p.root.Reach()
	for _, t := range tables {
		for i := range t.Columns {
			if slices.Contains(disguised, t.Columns[i].DataType) {
				return false
			}
		}
	}
	return true
}

// neighbours returns how many of the first pieces may run as one statement.
func neighbours(pieces []piece) int {
	n := 1
	for n < len(pieces) && pieces[n].shard == pieces[0].shard && joinable(pieces[n-1]) && joinable(pieces[n]) {
		n++
	}
	return n
}

// joinable reports whether a piece may stand among others of a UNION ALL.
// MariaDB knows no WITH inside the parentheses of an arm.
func joinable(p piece) bool { return tree.WithOf(p.block.Node) == nil }

// statement makes one statement from pieces of one shard, with in front of the
// whole. The pieces' nodes stay as they are: one may belong to several
// statements.
func statement(pieces []piece, with *ast.WithClause) ast.Node {
	statement := tree.Alone(pieces[0].block.Node)
	if len(pieces) > 1 {
		statement = together(pieces)
	}
	if with = withFor(pieces, with); with != nil {
		tree.SetWith(statement, with)
	}
	return statement
}

// withFor returns the part of a WITH that the pieces depend on.
func withFor(pieces []piece, with *ast.WithClause) *ast.WithClause {
	if with == nil {
		return nil
	}
	part := &ast.WithClause{IsRecursive: with.IsRecursive}
	for _, node := range with.CTEs {
		if slices.ContainsFunc(pieces, func(p piece) bool { return p.names(node) }) {
			part.CTEs = append(part.CTEs, node)
		}
	}
	if len(part.CTEs) == 0 {
		return nil
	}
	return part
}

// names reports whether the piece depends on a CTE.
func (p piece) names(node *ast.CommonTableExpression) bool {
	return slices.ContainsFunc(p.ctes, func(c *resolve.CTE) bool { return c.Node == node })
}

// together returns pieces as one UNION ALL.
func together(pieces []piece) ast.Node {
	all := ast.UnionAll
	list := &ast.SetOprSelectList{}
	for _, p := range pieces {
		arm := tree.Parenthesised(p.block.Node)
		arm.AfterSetOperator = &all
		list.Selects = append(list.Selects, arm)
	}
	return &ast.SetOprStmt{SelectList: list}
}
