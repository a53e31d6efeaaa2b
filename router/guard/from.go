package guard

import (
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// from checks a FROM.
func (g *guard) from(node ast.ResultSetNode) error {
	if err := g.enter(); err != nil {
		return err
	}
	defer g.leave()
	switch n := node.(type) {
	case *ast.Join:
		return g.join(n)
	case *ast.TableSource:
		return g.source(n)
	}
	return g.unknown(node)
}

// join checks a join. The left sides of a long chain of joins do not count as
// depth.
func (g *guard) join(n *ast.Join) error {
	for {
		if err := g.joined(n); err != nil {
			return err
		}
		n.Left = tree.Unwrap(n.Left)
		left, ok := n.Left.(*ast.Join)
		if !ok {
			return g.from(n.Left)
		}
		n = left
	}
}

// joined checks all of a join but its left side.
func (g *guard) joined(n *ast.Join) error {
	if err := g.count(); err != nil {
		return err
	}
	if n.Right != nil {
		n.Right = tree.Unwrap(n.Right)
		if err := g.from(n.Right); err != nil {
			return err
		}
	}
	if n.On != nil {
		return g.expr(&n.On.Expr)
	}
	return nil
}

func (g *guard) source(n *ast.TableSource) error {
	if table, ok := n.Source.(*ast.TableName); ok {
		return g.table(table)
	}
	document, err := g.document(n)
	if err != nil {
		return err
	}
	if document != nil {
		n.Source = document
		return nil
	}
	if len(n.ColumnNames) > 0 {
		return fault.New(fault.Unsupported, "a list of columns after the alias of a derived table is not supported: use aliases inside it")
	}
	return g.query(n.Source, true)
}

func (g *guard) table(n *ast.TableName) error {
	switch {
	case n.Schema.O == "*":
		return fault.New(fault.ForbiddenTable, "*.%s is not a table", n.Name.O).With(fault.Facts{Table: n.Name.O})
	case len(n.PartitionNames) > 0:
		return fault.At(fault.ForbiddenClause, g.find("partition"), "PARTITION (…) is not accepted")
	case n.TableSample != nil:
		return fault.At(fault.ForbiddenClause, g.find("tablesample"), "TABLESAMPLE is not accepted")
	case n.AsOf != nil:
		return fault.At(fault.ForbiddenClause, g.find("of"), "AS OF is not accepted")
	}
	return nil
}
