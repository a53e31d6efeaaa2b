package resolve

import (
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// Condition is one of the parts that AND connects in a WHERE or an ON.
type Condition struct {
	Expr ast.ExprNode
	// Refs are the sources that it names, each once, those of blocks around
	// it too.
	Refs []*Source
	// Pure is set where all its names are bound, and its value depends on
	// nothing but the row.
	Pure bool
	// Left and right are set for an equation of two columns.
	Left, Right *ColumnRef
}

func newCondition(b *Block, e ast.ExprNode) *Condition {
	c := &Condition{Expr: e, Pure: !b.Merges}
	tree.Walk(e, func(n ast.Node) bool {
		if name, ok := n.(*ast.ColumnName); ok {
			c.refer(b.Bind(name))
		}
		c.Pure = c.Pure && isPure(n)
		return true
	})
	if eq, ok := tree.Bare(e).(*ast.BinaryOperationExpr); ok && eq.Op == opcode.EQ {
		c.Left, c.Right = b.Ref(eq.L), b.Ref(eq.R)
		if c.Left == nil || c.Right == nil {
			c.Left, c.Right = nil, nil
		}
	}
	return c
}

func (c *Condition) refer(s *Source) {
	if s == nil {
		c.Pure = false
		return
	}
	for _, known := range c.Refs {
		if known == s {
			return
		}
	}
	c.Refs = append(c.Refs, s)
}

// On reports whether the condition names no other source than s.
func (c *Condition) On(s *Source) bool {
	return c.Pure && (len(c.Refs) == 0 || len(c.Refs) == 1 && c.Refs[0] == s)
}

// Sides returns an equation's column of s, and the other one.
func (c *Condition) Sides(s *Source) (own, other *ColumnRef) {
	switch {
	case c.Left == nil || c.Left.Source == c.Right.Source:
	case c.Left.Source == s:
		return c.Left, c.Right
	case c.Right.Source == s:
		return c.Right, c.Left
	}
	return nil, nil
}

// isPure reports whether a node keeps an expression one of the row alone.
func isPure(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.SubqueryExpr, *ast.AggregateFuncExpr, *ast.WindowFuncExpr, *ast.MatchAgainst:
		return false
	case *ast.FuncCallExpr:
		return !tree.Functions[n.FnName.L].Is(tree.Volatile)
	}
	return true
}

// Local reports whether an expression depends on a row of the block's sources
// alone.
func (b *Block) Local(e ast.ExprNode) bool {
	ok := true
	tree.Walk(e, func(n ast.Node) bool {
		if name, is := n.(*ast.ColumnName); is {
			found := b.scope.bind(name)
			ok = ok && found.source != nil && found.scope == b.scope
		}
		ok = ok && isPure(n)
		return true
	})
	return ok
}
