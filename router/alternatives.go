package router

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
func alternatives(b *block, e ast.ExprNode, refs []*source) []*condition {
	if len(refs) < 2 {
		return nil
	}
	branches := tree.Disjuncts(e)
	if len(branches) < 2 || len(branches) > maxAlternatives {
		return nil
	}
	split := make([][]*condition, len(branches))
	for i, branch := range branches {
		for _, part := range tree.Conjuncts(branch) {
			split[i] = append(split[i], newCondition(b, part))
		}
	}
	implied := shared(split)
	for _, s := range refs {
		if any := anyOf(split, s); any != nil {
			implied = append(implied, &condition{expr: any, refs: []*source{s}, pure: true})
		}
	}
	return implied
}

// anyOf returns the alternatives as far as they concern a source, nil where
// one of them does not.
func anyOf(split [][]*condition, s *source) ast.ExprNode {
	var any ast.ExprNode
	for _, parts := range split {
		var own []ast.ExprNode
		for _, c := range parts {
			if c.on(s) && len(c.refs) == 1 {
				own = append(own, c.expr)
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
func shared(split [][]*condition) []*condition {
	var equations []*condition
	for _, eq := range split[0] {
		if eq.left == nil || !eq.pure {
			continue
		}
		everywhere := !slices.ContainsFunc(split[1:], func(parts []*condition) bool {
			return !slices.ContainsFunc(parts, func(c *condition) bool { return c.left != nil && eq.same(c) })
		})
		if everywhere {
			equations = append(equations, eq)
		}
	}
	return equations
}

// same reports whether two equations are of the same columns.
func (c *condition) same(other *condition) bool {
	equal := func(a, b *columnRef) bool { return a.source == b.source && a.name.Name.L == b.name.Name.L }
	return equal(c.left, other.left) && equal(c.right, other.right) || equal(c.left, other.right) && equal(c.right, other.left)
}
