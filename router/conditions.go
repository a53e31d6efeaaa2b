package router

import (
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// condition is one of the parts that AND connects in a WHERE or an ON.
type condition struct {
	expr ast.ExprNode
	// refs are the sources that it names, each once, those of blocks around
	// it too.
	refs []*source
	// pure is set where all its names are bound, and its value depends on
	// nothing but the row.
	pure bool
	// left and right are set for an equation of two columns.
	left, right *columnRef
}

// columnRef is a column of a source.
type columnRef struct {
	source *source
	name   *ast.ColumnName
}

// on reports whether the condition names no other source than s.
func (c *condition) on(s *source) bool {
	return c.pure && (len(c.refs) == 0 || len(c.refs) == 1 && c.refs[0] == s)
}

// sides returns an equation's column of s, and the other one.
func (c *condition) sides(s *source) (own, other *columnRef) {
	switch {
	case c.left == nil || c.left.source == c.right.source:
	case c.left.source == s:
		return c.left, c.right
	case c.right.source == s:
		return c.right, c.left
	}
	return nil, nil
}

// conditions are what is known of the rows that one SELECT joins.
type conditions struct {
	// of says which conditions all rows of a source fulfil that the SELECT
	// has a use for: a row that does not fulfil one of them, be it with
	// whatever rows of other sources, may be missing without a difference.
	of map[*source][]*condition
	// equations are all that compare two columns, wherever they stand.
	equations []*condition

	block *block
}

// conditionsOf reads the WHERE and the ONs of a SELECT.
//
// What stands in WHERE holds for all sources but those on the inner side of
// an outer join, whose missing rows would otherwise become rows of NULLs
// (facts of SQL: MySQL manual, "Outer Join Simplification"). What stands in
// the ON of an outer join holds for its inner side alone.
func conditionsOf(b *block) *conditions {
	c := &conditions{of: make(map[*source][]*condition), block: b}
	sel, ok := b.node.(*ast.SelectStmt)
	if !ok || b.joins == nil {
		return c
	}
	c.push(b.joins, c.split(sel.Where))
	return c
}

// push hands conditions down to the sources of an operand.
func (c *conditions) push(op *operand, own []*condition) {
	if op.source != nil {
		c.of[op.source] = own
		return
	}
	left, right := own, own
	var on []*condition
	if op.join.On != nil {
		on = c.split(op.join.On.Expr)
	}
	switch op.join.Tp {
	case ast.LeftJoin:
		right = on
	case ast.RightJoin:
		left = on
	default:
		left = append(own[:len(own):len(own)], on...)
		right = left
	}
	c.push(op.left, left)
	c.push(op.right, right)
}

// split returns the parts of a condition that AND connects.
func (c *conditions) split(e ast.ExprNode) (parts []*condition) {
	if e == nil {
		return nil
	}
	for _, e := range tree.Conjuncts(e) {
		parts = c.add(e, parts)
	}
	return parts
}

// add appends a part, and what follows from it.
func (c *conditions) add(e ast.ExprNode, parts []*condition) []*condition {
	part := newCondition(c.block, e)
	if part.left != nil {
		c.equations = append(c.equations, part)
	}
	parts = append(parts, part)
	for _, more := range alternatives(c.block, e, part.refs) {
		if more.left != nil {
			c.equations = append(c.equations, more)
		}
		parts = append(parts, more)
	}
	return parts
}

func newCondition(b *block, e ast.ExprNode) *condition {
	c := &condition{expr: e, pure: !b.merges}
	tree.Walk(e, func(n ast.Node) bool {
		if name, ok := n.(*ast.ColumnName); ok {
			c.refer(b.bind(name))
		}
		c.pure = c.pure && isPure(n)
		return true
	})
	if eq, ok := tree.Bare(e).(*ast.BinaryOperationExpr); ok && eq.Op == opcode.EQ {
		c.left, c.right = b.ref(eq.L), b.ref(eq.R)
		if c.left == nil || c.right == nil {
			c.left, c.right = nil, nil
		}
	}
	return c
}

func (c *condition) refer(s *source) {
	if s == nil {
		c.pure = false
		return
	}
	for _, known := range c.refs {
		if known == s {
			return
		}
	}
	c.refs = append(c.refs, s)
}

// ref returns the column that an expression in the block is, nil where it is
// none or cannot be told.
func (b *block) ref(e ast.ExprNode) *columnRef {
	name := tree.PlainColumn(e)
	if name == nil {
		return nil
	}
	s := b.bind(name)
	if s == nil {
		return nil
	}
	return &columnRef{s, name}
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
