package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// CTE is one named query of a WITH. Those in scope form a list, the innermost
// first.
type CTE struct {
	next    *CTE
	Node    *ast.CommonTableExpression
	state   cteState
	Block   *Block // nil until resolved
	columns []Column

	recursive bool // it names itself
}

type cteState int

const (
	ctePending cteState = iota // of a WITH RECURSIVE, and not yet reached
	cteOpen                    // being resolved: a name of it is a recursion
	cteDone
)

// lookup returns the CTE that an unqualified table name stands for, or nil.
func (c *CTE) lookup(name ast.CIStr) *CTE {
	for ; c != nil; c = c.next {
		if c.Node.Name.L == name.L {
			return c
		}
	}
	return nil
}

// with resolves a WITH and returns the environment of what follows it. Of a
// plain WITH each query sees those before it; of a WITH RECURSIVE also
// itself. Later ones it would see on MariaDB only, so that is refused.
func (r *resolver) with(w *ast.WithClause, e env, b *Block) (env, error) {
	if w == nil {
		return e, nil
	}
	r.withs++
	around := e.ctes
	ctes := make([]*CTE, len(w.CTEs))
	for i, node := range w.CTEs {
		if err := checkCTE(node, w.CTEs[:i]); err != nil {
			return e, err
		}
		ctes[i] = &CTE{next: around, Node: node}
		if around = ctes[i]; w.IsRecursive {
			e.ctes = around
		}
	}
	for _, c := range ctes {
		if err := r.cte(c, e); err != nil {
			return e, err
		}
		if !w.IsRecursive {
			e.ctes = c
		}
		b.Inner = append(b.Inner, c.Block)
	}
	return e, nil
}

func checkCTE(node *ast.CommonTableExpression, before []*ast.CommonTableExpression) error {
	if catalog.IsReserved(node.Name.O) {
		return forbidden(node.Name.O)
	}
	for _, b := range before {
		if b.Name.L == node.Name.L {
			return fault.New(fault.Syntax, "WITH names `%s` twice", node.Name.O)
		}
	}
	return nil
}

// cte resolves the query of one CTE.
func (r *resolver) cte(c *CTE, e env) error {
	c.state = cteOpen
	b, err := r.query(c.Node.Query.Query, e)
	if err != nil {
		return err
	}
	c.state, c.Block = cteDone, b
	c.columns, err = r.rename(b.Columns, c.Node.ColNameList)
	b.Role = With
	if err == nil && c.recursive {
		b.Role = Recursive
		err = r.untype(c)
	}
	return err
}

// untype drops the types of a recursive CTE's columns: the server takes them
// from the first arm alone.
func (r *resolver) untype(c *CTE) error {
	if c.columns == nil {
		return nil
	}
	if err := r.spend(len(c.columns)); err != nil {
		return err
	}
	columns := make([]Column, len(c.columns))
	for i := range columns {
		columns[i].Name = c.columns[i].Name
	}
	c.columns = columns
	return nil
}

// rename applies a column list, as in WITH t (a, b), to a block's columns.
func (r *resolver) rename(columns []Column, list []ast.CIStr) ([]Column, error) {
	if len(list) == 0 {
		return named(columns), nil
	}
	if len(list) != len(columns) {
		return nil, nil
	}
	if err := r.spend(len(list)); err != nil {
		return nil, err
	}
	renamed := make([]Column, len(list))
	for i := range renamed {
		renamed[i] = Column{Name: list[i].O, Type: columns[i].Type, weight: columns[i].weight}
	}
	return renamed, nil
}
