package router

import (
	"slices"

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
	used map[*cte]bool   // by the steps so far
	text int
	plan *Plan
}

// concat plans pieces, joining neighbours on one shard into one step: the
// server then finds their common column types.
func (p *planner) concat(pieces []piece) (*Plan, error) {
	s := steps{
		with: withOf(p.root.node),
		used: make(map[*cte]bool),
		plan: &Plan{Kind: Concat, Columns: published(p.root.columns)},
	}
	for len(pieces) > 0 {
		n := neighbours(pieces)
		statement, err := s.statement(pieces[:n])
		if err != nil {
			return nil, err
		}
		p.limit(statement)
		if err := s.add(pieces[0].shard, statement); err != nil {
			return nil, err
		}
		pieces = pieces[n:]
	}
	if len(s.plan.Steps) > 1 {
		if err := p.mergeable(); err != nil {
			return nil, err
		}
		s.plan.Clock = p.root.any(func(b *block) bool { return b.clock })
	}
	return s.plan, nil
}

// disguised are MariaDB's types whose values look like text on the wire, but
// which a UNION with text converts.
var disguised = []string{"uuid", "inet4", "inet6"}

// mergeable refuses tables with columns whose type the proxy, which must see
// to it that the steps' types agree, cannot tell.
func (p *planner) mergeable() error {
	tables, _ := p.root.reach()
	for _, t := range tables {
		for i := range t.Columns {
			if c := &t.Columns[i]; slices.Contains(disguised, c.DataType) {
				return refuse(Unsupported, "a UNION across shards of `%s`, which has the column `%s` of type %s, is not supported", t.Name, c.Name, c.DataType)
			}
		}
	}
	return nil
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
func joinable(p piece) bool { return withOf(p.block.node) == nil }

// withOf returns the WITH in front of a query, inside parentheses around the
// whole of it too.
func withOf(node ast.Node) *ast.WithClause {
	switch n := node.(type) {
	case *ast.SelectStmt:
		return n.With
	case *ast.SetOprStmt:
		return n.With
	case *ast.SetOprSelectList:
		if len(n.Selects) == 1 && n.With == nil {
			return withOf(n.Selects[0])
		}
		return n.With
	}
	return nil
}

// add adds a step that runs the statement.
func (s *steps) add(shard string, statement ast.Node) error {
	sql, err := restore(statement)
	if err != nil {
		return err
	}
	s.plan.Steps = append(s.plan.Steps, Step{Shard: shard, SQL: sql})
	if s.text += len(sql); s.text > maxText || len(s.plan.Steps) > maxSteps {
		return refuse(TooLarge, "the query needs more than %d statements, or more than %d bytes of them", maxSteps, maxText)
	}
	return nil
}

// statement makes one statement from pieces of one shard. The pieces' nodes
// stay as they are: one may belong to several statements.
func (s *steps) statement(pieces []piece) (ast.Node, error) {
	with, err := s.needed(pieces)
	if err != nil {
		return nil, err
	}
	if with != nil && withOf(pieces[0].block.node) != nil {
		return nil, refuse(Unsupported, "an arm with a WITH of its own that also names `%s` is not supported across shards", with.CTEs[0].Name.O)
	}
	statement := alone(pieces[0].block.node)
	if len(pieces) > 1 {
		statement = together(pieces)
	}
	if with != nil {
		setWith(statement, with)
	}
	return statement, nil
}

// needed returns the part of the WITH in front of the whole that the pieces
// depend on. It refuses a CTE that has other rows each time, if an earlier
// step has it already.
func (s *steps) needed(pieces []piece) (*ast.WithClause, error) {
	if s.with == nil {
		return nil, nil
	}
	needed := make(map[*ast.CommonTableExpression]*cte)
	for _, p := range pieces {
		for _, c := range p.ctes {
			needed[c.node] = c
		}
	}
	part := &ast.WithClause{IsRecursive: s.with.IsRecursive}
	for _, node := range s.with.CTEs {
		c := needed[node]
		if c == nil {
			continue
		}
		if s.used[c] && c.block.any(func(b *block) bool { return b.volatile }) {
			return nil, refuse(Unsupported, "`%s` is named on several shards, and would have other rows on each: it calls RAND or the like", node.Name.O)
		}
		s.used[c] = true
		part.CTEs = append(part.CTEs, node)
	}
	if len(part.CTEs) == 0 {
		return nil, nil
	}
	return part, nil
}

func setWith(statement ast.Node, with *ast.WithClause) {
	switch n := statement.(type) {
	case *ast.SelectStmt:
		n.With = with
	case *ast.SetOprStmt:
		n.With = with
	}
}

// together returns pieces as one UNION ALL.
func together(pieces []piece) ast.Node {
	all := ast.UnionAll
	list := &ast.SetOprSelectList{}
	for _, p := range pieces {
		arm := parenthesised(p.block.node)
		arm.AfterSetOperator = &all
		list.Selects = append(list.Selects, arm)
	}
	return &ast.SetOprStmt{SelectList: list}
}

// alone returns an arm as a statement of its own.
func alone(arm ast.Node) ast.Node {
	switch n := arm.(type) {
	case *ast.SelectStmt:
		sel := *n
		sel.AfterSetOperator = nil
		return &sel
	case *ast.SetOprSelectList:
		if len(n.Selects) == 1 && n.OrderBy == nil && n.Limit == nil && n.With == nil {
			return alone(n.Selects[0])
		}
		list := &ast.SetOprSelectList{Selects: n.Selects}
		return &ast.SetOprStmt{SelectList: list, OrderBy: n.OrderBy, Limit: n.Limit, With: n.With}
	}
	return arm
}

// parenthesised returns an arm in parentheses, for use among others.
func parenthesised(arm ast.Node) *ast.SetOprSelectList {
	if n, ok := arm.(*ast.SetOprSelectList); ok {
		list := *n
		return &list
	}
	sel := *arm.(*ast.SelectStmt)
	sel.AfterSetOperator = nil
	return &ast.SetOprSelectList{Selects: []ast.Node{&sel}}
}
