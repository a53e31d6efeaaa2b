package router

import (
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// piece is a part of a concatenation: an arm of a UNION ALL on one shard.
type piece struct {
	block *block
	ctes  []*cte // that the arm depends on
	shard string // "" for an arm without tables, which runs on any
}

// pieces splits the statement into parts whose rows, one part after the
// other, are the statement's: the arms of a UNION ALL, and the placements of
// a plain arm's table. It reports false where there are no such parts.
func (p *planner) pieces() ([]piece, bool, error) {
	arms := []*block{p.root}
	if op, ok := p.root.node.(*ast.SetOprStmt); ok {
		if op.OrderBy != nil || op.Limit != nil || !unionAll(op.SelectList) {
			return nil, false, nil
		}
		arms = flatten(p.root, nil)
		if err := sameWidth(arms); err != nil {
			return nil, false, err
		}
	}
	var pieces []piece
	for _, arm := range arms {
		tables, ctes := arm.reach()
		if shard, ok := soleShard(tables); ok {
			pieces = append(pieces, piece{arm, ctes, shard})
			continue
		}
		if !isPlain(arm) {
			return nil, false, nil
		}
		for _, place := range tables[0].Placements {
			pieces = append(pieces, piece{arm, ctes, place.Shard})
		}
	}
	settle(pieces)
	return pieces, p.repeatable(pieces), nil
}

// repeatable reports whether each piece can be a statement of its own with
// the CTEs in front of the whole that it needs: an arm can't have two WITHs,
// and a CTE with other rows each time must not be in two statements.
func (p *planner) repeatable(pieces []piece) bool {
	with := withOf(p.root.node)
	if with == nil {
		return true
	}
	seen := make(map[*cte]bool)
	for _, piece := range pieces {
		for _, c := range piece.ctes {
			if !slices.Contains(with.CTEs, c.node) {
				continue
			}
			if withOf(piece.block.node) != nil || seen[c] && c.block.any(func(b *block) bool { return b.volatile }) {
				return false
			}
			seen[c] = true
		}
	}
	return true
}

// isPlain reports whether a block is a SELECT … FROM … WHERE over one table,
// whose rows are those of all of the table's placements one after the other.
func isPlain(b *block) bool {
	sel, ok := b.node.(*ast.SelectStmt)
	switch {
	case !ok, len(b.from) != 1, sel.With != nil, b.from[0].table == nil, slices.ContainsFunc(b.inner, namesTables),
		sel.Distinct, sel.GroupBy != nil, sel.Having != nil, len(sel.WindowSpecs) > 0,
		sel.OrderBy != nil, sel.Limit != nil:
		return false
	}
	return !b.any(func(b *block) bool { return b.aggregate || b.sequence })
}

func namesTables(b *block) bool {
	tables, _ := b.reach()
	return len(tables) > 0
}

// settle gives pieces without tables the shard of a neighbour.
func settle(pieces []piece) {
	last := ""
	for i := range pieces {
		if pieces[i].shard == "" {
			pieces[i].shard = last
		}
		last = pieces[i].shard
	}
	for i := len(pieces) - 1; i >= 0; i-- {
		if pieces[i].shard == "" {
			pieces[i].shard = last
		}
		last = pieces[i].shard
	}
}

// flatten appends to arms the arms of a UNION ALL and those of the UNION ALLs
// in parentheses among them.
func flatten(b *block, arms []*block) []*block {
	for _, arm := range b.arms {
		list, ok := arm.node.(*ast.SetOprSelectList)
		if ok && list.With == nil && list.OrderBy == nil && list.Limit == nil && unionAll(list) {
			arms = flatten(arm, arms)
		} else {
			arms = append(arms, arm)
		}
	}
	return arms
}

// unionAll reports whether only UNION ALL stands between the arms.
func unionAll(list *ast.SetOprSelectList) bool {
	for i, arm := range list.Selects {
		if i > 0 && *operator(arm) != ast.UnionAll {
			return false
		}
	}
	return true
}

// operator returns the operator in front of an arm.
func operator(arm ast.Node) *ast.SetOprType {
	if list, ok := arm.(*ast.SetOprSelectList); ok {
		return list.AfterSetOperator
	}
	return arm.(*ast.SelectStmt).AfterSetOperator
}

// sameWidth refuses arms that are known to have different numbers of columns,
// as a server does (1222).
func sameWidth(arms []*block) error {
	for _, arm := range arms[1:] {
		if a, b := len(arms[0].columns), len(arm.columns); a != b && a > 0 && b > 0 {
			return fault.New(fault.Syntax, "the arms of the UNION ALL have %d and %d columns", a, b)
		}
	}
	return nil
}
