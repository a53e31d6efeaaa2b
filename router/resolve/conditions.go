package resolve

import (
	"slices"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
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

// maxAlternatives bounds the ORs that are looked into.
const maxAlternatives = 64

// alternatives returns conditions that follow from one whose parts OR
// connects: for each source, that the row fulfils what one of the alternatives
// asks of that source alone, if each asks something; and equations that stand
// in all of them.
func alternatives(b *Block, e ast.ExprNode, refs []*Source) []*Condition {
	if len(refs) < 2 {
		return nil
	}
	branches := tree.Disjuncts(e)
	if len(branches) < 2 || len(branches) > maxAlternatives {
		return nil
	}
	split := make([][]*Condition, len(branches))
	for i, branch := range branches {
		for _, part := range tree.Conjuncts(branch) {
			split[i] = append(split[i], newCondition(b, part))
		}
	}
	implied := shared(split)
	for _, s := range refs {
		if any := anyOf(split, s); any != nil {
			implied = append(implied, &Condition{Expr: any, Refs: []*Source{s}, Pure: true})
		}
	}
	return implied
}

// anyOf returns the alternatives as far as they concern a source, nil where
// one of them does not.
func anyOf(split [][]*Condition, s *Source) ast.ExprNode {
	var any ast.ExprNode
	for _, parts := range split {
		var own []ast.ExprNode
		for _, c := range parts {
			if c.On(s) && len(c.Refs) == 1 {
				own = append(own, c.Expr)
			}
		}
		if len(own) == 0 {
			return nil
		}
		all := tree.Conjunction(own)
		if any == nil {
			any = &ast.ParenthesesExpr{Expr: all}
			continue
		}
		any = &ast.BinaryOperationExpr{Op: opcode.LogicOr, L: any, R: &ast.ParenthesesExpr{Expr: all}}
	}
	return any
}

// shared returns the equations of the first alternative that all others have
// too.
func shared(split [][]*Condition) []*Condition {
	var equations []*Condition
	for _, eq := range split[0] {
		if eq.Left == nil || !eq.Pure {
			continue
		}
		everywhere := !slices.ContainsFunc(split[1:], func(parts []*Condition) bool {
			return !slices.ContainsFunc(parts, func(c *Condition) bool { return c.Left != nil && eq.same(c) })
		})
		if everywhere {
			equations = append(equations, eq)
		}
	}
	return equations
}

// same reports whether two equations are of the same columns.
func (c *Condition) same(other *Condition) bool {
	equal := func(a, b *ColumnRef) bool { return a.Source == b.Source && a.Name.Name.L == b.Name.Name.L }
	return equal(c.Left, other.Left) && equal(c.Right, other.Right) || equal(c.Left, other.Right) && equal(c.Right, other.Left)
}
