package guard

import (
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

func (g *guard) selectStmt(sel *ast.SelectStmt, named bool) error {
	if err := g.refuseClauses(sel); err != nil {
		return err
	}
	g.dropHints(sel)
	if err := g.with(sel.With); err != nil {
		return err
	}
	if err := g.fields(sel.Fields, named); err != nil {
		return err
	}
	if sel.From != nil {
		if err := g.from(sel.From.TableRefs); err != nil {
			return err
		}
	}
	if err := g.groups(sel); err != nil {
		return err
	}
	for i := range sel.WindowSpecs {
		if err := g.window(&sel.WindowSpecs[i]); err != nil {
			return err
		}
	}
	return g.tail(sel.OrderBy, sel.Limit)
}

func (g *guard) refuseClauses(sel *ast.SelectStmt) error {
	switch {
	case sel.SelectIntoOpt != nil:
		return fault.At(fault.ForbiddenClause, g.find("into"), "SELECT … INTO is not accepted")
	case sel.LockInfo != nil:
		return fault.At(fault.ForbiddenClause, max(g.find("for"), g.find("lock")), "locking clauses are not accepted")
	case sel.Kind == ast.SelectStmtKindValues, len(sel.Lists) > 0:
		return fault.At(fault.Unsupported, g.find("values"), "VALUES statements are not supported: use SELECT … UNION ALL")
	}
	return nil
}

// dropHints removes hints and those options that only hint, and turns TABLE t
// into SELECT * FROM t.
func (g *guard) dropHints(sel *ast.SelectStmt) {
	if sel.SelectStmtOpts == nil {
		sel.SelectStmtOpts = new(ast.SelectStmtOpts)
	}
	opts := sel.SelectStmtOpts
	*opts = ast.SelectStmtOpts{
		SQLCache:     true,
		Distinct:     opts.Distinct,
		StraightJoin: opts.StraightJoin,
		ExplicitAll:  opts.ExplicitAll,
	}
	sel.TableHints = nil
	sel.Kind = ast.SelectStmtKindSelect
}

func (g *guard) fields(list *ast.FieldList, named bool) error {
	for _, field := range list.Fields {
		if field.Expr == nil {
			if err := g.count(); err != nil {
				return err
			}
			continue
		}
		if named {
			if err := g.name(field); err != nil {
				return err
			}
		}
		if err := g.expr(&field.Expr); err != nil {
			return err
		}
	}
	return nil
}

// groups checks WHERE, GROUP BY and HAVING.
func (g *guard) groups(sel *ast.SelectStmt) error {
	if err := g.optional(&sel.Where); err != nil {
		return err
	}
	if sel.GroupBy != nil {
		if err := g.items(sel.GroupBy.Items); err != nil {
			return err
		}
	}
	if sel.Having != nil {
		return g.expr(&sel.Having.Expr)
	}
	return nil
}

// tail checks ORDER BY and LIMIT.
func (g *guard) tail(order *ast.OrderByClause, limit *ast.Limit) error {
	if order != nil {
		if err := g.items(order.Items); err != nil {
			return err
		}
	}
	if limit == nil {
		return nil
	}
	if err := g.carryLimit(limit, order); err != nil {
		return err
	}
	if err := g.countOf(&limit.Count); err != nil {
		return err
	}
	return g.whole(&limit.Offset)
}

// whole checks an expression that can only be a whole number from 0.
func (g *guard) whole(e *ast.ExprNode) error {
	if l, ok := (*e).(*tree.Literal); ok {
		l.Unsigned = true
	}
	return g.optional(e)
}

func (g *guard) items(items []*ast.ByItem) error {
	for _, item := range items {
		if l, ok := item.Expr.(*tree.Literal); ok && l.Value == (tree.Placeholder{}) {
			g.ordered = append(g.ordered, item)
		}
		if err := g.expr(&item.Expr); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) window(w *ast.WindowSpec) error {
	if err := g.count(); err != nil {
		return err
	}
	if w.PartitionBy != nil {
		if err := g.items(w.PartitionBy.Items); err != nil {
			return err
		}
	}
	if w.OrderBy != nil {
		if err := g.items(w.OrderBy.Items); err != nil {
			return err
		}
	}
	if w.Frame == nil {
		return nil
	}
	if w.Frame.Type == ast.Groups {
		return fault.At(fault.Unsupported, g.find("groups"), "window frames in GROUPS are not supported")
	}
	for _, bound := range []*ast.FrameBound{&w.Frame.Extent.Start, &w.Frame.Extent.End} {
		if err := g.bound(bound); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) bound(b *ast.FrameBound) error {
	if b.Unit != ast.TimeUnitInvalid {
		return g.optional(&b.Expr)
	}
	return g.whole(&b.Expr)
}
