package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/guard"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Statement binds the names in a statement, in place. The error is a [*fault.Error].
func Statement(snap *catalog.Snapshot, database string, st *guard.Statement) (*Block, error) {
	r := &resolver{snap: snap, database: database, exactWiths: st.ExactWiths()}
	b, err := r.query(st.Node(), env{})
	if err != nil {
		return nil, err
	}
	if err := b.size.check(); err != nil {
		return nil, err
	}
	if r.braced && r.withs != st.Withs() {
		return nil, fault.New(fault.Unsupported, "WITH in parentheses right after another WITH is not supported")
	}
	b.Each((*Block).toUTC)
	b.Columns = published(named(b.Columns))
	return b, nil
}

// query resolves one query block and all blocks in it.
func (r *resolver) query(node ast.Node, e env) (*Block, error) {
	if sel, ok := node.(*ast.SelectStmt); ok {
		return r.selectStmt(sel, e)
	}
	if n, ok := node.(*ast.SetOprStmt); ok {
		r.braced = r.braced || n.IsInBraces
		n.IsInBraces = false // parentheses are restored where they are needed
	}
	return r.setOperation(node, e)
}

func (r *resolver) setOperation(node ast.Node, e env) (*Block, error) {
	op, _ := tree.SetOperationOf(node)
	b := &Block{Node: node}
	e, err := r.with(op.With, e, b)
	if err != nil {
		return nil, err
	}
	arms := op.Arms.Selects
	for _, node := range arms {
		if sel, ok := node.(*ast.SelectStmt); ok && len(arms) > 1 && (sel.OrderBy != nil || sel.Limit != nil) {
			return nil, fault.New(fault.Syntax, "an arm of a set operation with its own ORDER BY or LIMIT needs parentheses")
		}
		arm, err := r.query(node, e)
		if err != nil {
			return nil, err
		}
		arm.Role, arm.whole = Arm, b
		b.Arms = append(b.Arms, arm)
		b.Inner = append(b.Inner, arm)
	}
	if err := r.setColumns(b); err != nil {
		return nil, err
	}
	b.scope = &scope{block: b, outer: e.outer}
	err = r.bind(b, e)
	if op.Limit != nil {
		b.Columns = weightless(b.Columns)
	}
	b.measure()
	return b, err
}

func (r *resolver) selectStmt(sel *ast.SelectStmt, e env) (*Block, error) {
	r.braced = r.braced || sel.WithBeforeBraces
	sel.WithBeforeBraces, sel.IsInBraces = false, false
	b := &Block{Node: sel}
	e, err := r.with(sel.With, e, b)
	if err != nil {
		return nil, err
	}
	b.scope = &scope{block: b, outer: e.outer}
	if err := r.from(sel, e, b); err != nil {
		return nil, err
	}
	if err := r.bind(b, e); err != nil {
		return nil, err
	}
	b.Columns, err = r.output(sel, b.scope)
	if sel.Limit != nil {
		b.Columns = weightless(b.Columns)
	}
	b.measure()
	return b, err
}
