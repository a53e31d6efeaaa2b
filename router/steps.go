package router

import (
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// The limits of a plan's steps, and of their SQL together in bytes: a UNION
// ALL of many arms over many shards could otherwise grow without end.
const (
	maxSteps = 1024
	maxText  = 16 << 20
)

// steps makes the steps of one concatenation.
type steps struct {
	with *ast.WithClause // in front of the whole
	text int
	plan *Plan
}

// concat plans pieces, joining neighbours on one shard into one step: the
// server then finds their common column types.
func (p *planner) concat(pieces []piece) (*Plan, error) {
	s := steps{
		with: tree.WithOf(p.root.Node),
		plan: &Plan{Kind: Concat, Columns: p.root.Columns, Explain: p.explain},
	}
	for len(pieces) > 0 {
		n := neighbours(pieces)
		statement := s.statement(pieces[:n])
		p.limit(statement)
		if err := s.add(pieces[0].shard, statement); err != nil {
			return nil, err
		}
		pieces = pieces[n:]
	}
	if len(s.plan.Steps) > 1 {
		s.plan.Clock = p.root.Any(func(b *resolve.Block) bool { return b.Clock })
	}
	return s.plan, nil
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

// add adds a step that runs the statement.
func (s *steps) add(shard string, statement ast.Node) error {
	sql, err := tree.Restore(statement)
	if err != nil {
		return err
	}
	s.plan.Steps = append(s.plan.Steps, Step{Shard: shard, SQL: sql})
	if s.text += len(sql); s.text > maxText || len(s.plan.Steps) > maxSteps {
		return fault.New(fault.TooLarge, "the query needs more than %d statements, or more than %d bytes of them", maxSteps, maxText)
	}
	return nil
}

// statement makes one statement from pieces of one shard. The pieces' nodes
// stay as they are: one may belong to several statements.
func (s *steps) statement(pieces []piece) ast.Node {
	statement := tree.Alone(pieces[0].block.Node)
	if len(pieces) > 1 {
		statement = together(pieces)
	}
	if with := s.needed(pieces); with != nil {
		tree.SetWith(statement, with)
	}
	return statement
}

// needed returns the part of the WITH in front of the whole that the pieces
// depend on.
func (s *steps) needed(pieces []piece) *ast.WithClause {
	if s.with == nil {
		return nil
	}
	part := &ast.WithClause{IsRecursive: s.with.IsRecursive}
	for _, node := range s.with.CTEs {
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
