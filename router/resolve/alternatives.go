package resolve

import (
	"slices"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

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
