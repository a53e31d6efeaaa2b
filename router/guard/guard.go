package guard

import (
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// guard walks one statement from top to bottom and accepts only what it
// knows: an unknown kind of node, function or clause is refused. It walks by
// itself, not by ast.Visitor, which passes some nodes by (INTO, index hints).
// On its way it drops hints, names the select fields, and collects the
// placeholders.
type guard struct {
	sql     string // what was parsed: comments blanked
	client  string // what the client sent
	edits   edited // what made the one of the other
	lim     Limits
	nodes   int
	depth   int
	dialect Dialect
	carriage

	placeholders []*tree.Literal
	ordered      []*ast.ByItem // those whose expression is a placeholder
}

// enter counts a node, and one level of depth until leave.
func (g *guard) enter() error {
	g.depth++
	if g.depth > g.lim.Depth {
		return fault.New(fault.TooLarge, "the query is nested more than %d deep", g.lim.Depth)
	}
	return g.count()
}

func (g *guard) leave() { g.depth-- }

func (g *guard) count() error {
	if g.nodes++; g.nodes > g.lim.Nodes {
		return fault.New(fault.TooLarge, "the query has more than %d parts", g.lim.Nodes)
	}
	return nil
}

// query checks a SELECT or a set operation. Its columns' names matter when
// named is set.
func (g *guard) query(node ast.Node, named bool) error {
	if err := g.enter(); err != nil {
		return err
	}
	defer g.leave()
	switch n := node.(type) {
	case *ast.SelectStmt:
		return g.selectStmt(n, named)
	case *ast.SetOprStmt:
		if err := g.with(n.With); err != nil {
			return err
		}
		if err := g.arms(n.SelectList.Selects, named); err != nil {
			return err
		}
		return g.tail(n.OrderBy, n.Limit)
	case *ast.SetOprSelectList:
		return g.part(n, named)
	}
	return g.unknown(node)
}

// part checks a parenthesised part of a set operation.
func (g *guard) part(n *ast.SetOprSelectList, named bool) error {
	if sel, ok := n.Selects[0].(*ast.SelectStmt); ok && sel.With == n.With {
		n.With = nil // the parser hangs the same WITH on both
	}
	if err := g.with(n.With); err != nil {
		return err
	}
	if err := g.arms(n.Selects, named); err != nil {
		return err
	}
	return g.tail(n.OrderBy, n.Limit)
}

// arms checks the arms of a set operation, whose columns' names are those of
// the first.
func (g *guard) arms(arms []ast.Node, named bool) error {
	for i, arm := range arms {
		if err := g.query(arm, named && i == 0); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) with(w *ast.WithClause) error {
	if w == nil {
		return nil
	}
	for _, cte := range w.CTEs {
		if err := g.query(cte.Query.Query, len(cte.ColNameList) == 0); err != nil {
			return err
		}
	}
	return nil
}

// find returns where keyword first stands in the text, or -1. It serves error
// messages: the tree does not keep the place of a clause.
func (g *guard) find(keyword string) int {
	s := scanner{src: g.sql}
	for t := s.next(); t.kind != tokenEnd; t = s.next() {
		if t.kind == tokenWord && strings.EqualFold(g.sql[t.start:t.end], keyword) {
			return t.start
		}
	}
	return -1
}
