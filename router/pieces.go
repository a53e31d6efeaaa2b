package router

import (
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// piece is a part of a concatenation: an arm of a UNION ALL on one shard.
type piece struct {
	block *resolve.Block
	ctes  []*resolve.CTE // that the arm depends on
	shard string         // "" for an arm without tables, which runs on any
}

// pieces splits the statement into parts whose rows, one part after the
// other, are the statement's: the arms of a UNION ALL, and the placements of
// a plain arm's table. It reports false where there are no such parts.
func (p *planner) pieces() ([]piece, bool, error) {
	if p.root.Any(func(b *resolve.Block) bool { return b.InPlace == resolve.RowsExamined }) {
		return nil, false, nil
	}
	arms := []*resolve.Block{p.root}
	if op, ok := p.root.Node.(*ast.SetOprStmt); ok {
		if op.OrderBy != nil || op.Limit != nil || !tree.UnionAll(op.SelectList) {
			return nil, false, nil
		}
		arms = flatten(p.root, nil)
		if err := sameWidth(arms); err != nil {
			return nil, false, err
		}
	}
	var pieces []piece
	for _, arm := range arms {
		tables, ctes := arm.Reach()
		if shard, ok := soleShard(tables...); ok {
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
	with := tree.WithOf(p.root.Node)
	if with == nil {
		return true
	}
	seen := make(map[*resolve.CTE]bool)
	for _, piece := range pieces {
		for _, c := range piece.ctes {
			if !slices.Contains(with.CTEs, c.Node) {
				continue
			}
			if tree.WithOf(piece.block.Node) != nil || seen[c] && c.Block.Any(func(b *resolve.Block) bool { return b.Volatile }) {
				return false
			}
			seen[c] = true
		}
	}
	return true
}

// isPlain reports whether a block is a SELECT … FROM … WHERE over one table,
// whose rows are those of all of the table's placements one after the other.
func isPlain(b *resolve.Block) bool {
	sel, ok := b.Node.(*ast.SelectStmt)
	switch {
	case !ok, len(b.Sources) != 1, sel.With != nil, b.Sources[0].Table == nil, slices.ContainsFunc(b.Inner, namesTables),
		sel.Distinct, sel.GroupBy != nil, sel.Having != nil, len(sel.WindowSpecs) > 0,
		sel.OrderBy != nil, sel.Limit != nil:
		return false
	}
	return !b.Any(func(b *resolve.Block) bool { return b.Aggregate || b.Sequence || b.InPlace != "" })
}

func namesTables(b *resolve.Block) bool {
	tables, _ := b.Reach()
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
func flatten(b *resolve.Block, arms []*resolve.Block) []*resolve.Block {
	for _, arm := range b.Arms {
		list, ok := arm.Node.(*ast.SetOprSelectList)
		if ok && list.With == nil && list.OrderBy == nil && list.Limit == nil && tree.UnionAll(list) {
			arms = flatten(arm, arms)
		} else {
			arms = append(arms, arm)
		}
	}
	return arms
}

// sameWidth refuses arms that are known to have different numbers of columns,
// as a server does (1222).
func sameWidth(arms []*resolve.Block) error {
	for _, arm := range arms[1:] {
		if a, b := len(arms[0].Columns), len(arm.Columns); a != b && a > 0 && b > 0 {
			return fault.New(fault.Syntax, "the arms of the UNION ALL have %d and %d columns", a, b)
		}
	}
	return nil
}
