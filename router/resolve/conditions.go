package resolve

import (
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Conditions are what is known of the rows that one SELECT joins.
type Conditions struct {
	// Of says which conditions all rows of a source fulfil that the SELECT
	// has a use for: a row that does not fulfil one of them, be it with
	// whatever rows of other sources, may be missing without a difference.
	Of map[*Source][]*Condition
	// Equations are all that compare two columns, wherever they stand.
	Equations []*Condition

	block *Block
}

// ConditionsOf reads the WHERE and the ONs of a SELECT.
//
// What stands in WHERE holds for all sources but those on the inner side of
// an outer join, whose missing rows would otherwise become rows of NULLs
// (facts of SQL: MySQL manual, "Outer Join Simplification"). What stands in
// the ON of an outer join holds for its inner side alone.
func ConditionsOf(b *Block) *Conditions {
	c := &Conditions{Of: make(map[*Source][]*Condition), block: b}
	sel, ok := b.Node.(*ast.SelectStmt)
	if !ok || b.Joins == nil {
		return c
	}
	c.push(b.Joins, c.split(sel.Where))
	return c
}

// push hands conditions down to the sources of an operand.
func (c *Conditions) push(op *Operand, own []*Condition) {
	if op.Source != nil {
		c.Of[op.Source] = own
		return
	}
	left, right := own, own
	var on []*Condition
	if op.Join.On != nil {
		on = c.split(op.Join.On.Expr)
	}
	switch op.Join.Tp {
	case ast.LeftJoin:
		right = on
	case ast.RightJoin:
		left = on
	default:
		left = append(own[:len(own):len(own)], on...)
		right = left
	}
	c.push(op.Left, left)
	c.push(op.Right, right)
}

// split returns the parts of a condition that AND connects.
func (c *Conditions) split(e ast.ExprNode) (parts []*Condition) {
	if e == nil {
		return nil
	}
	for _, e := range tree.Conjuncts(e) {
		parts = c.add(e, parts)
	}
	return parts
}

// add appends a part, and what follows from it.
func (c *Conditions) add(e ast.ExprNode, parts []*Condition) []*Condition {
	part := newCondition(c.block, e)
	if part.Left != nil {
		c.Equations = append(c.Equations, part)
	}
	parts = append(parts, part)
	for _, more := range alternatives(c.block, e, part.Refs) {
		if more.Left != nil {
			c.Equations = append(c.Equations, more)
		}
		parts = append(parts, more)
	}
	return parts
}
