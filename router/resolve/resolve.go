package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/guard"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// maxColumns bounds the columns that resolving one statement looks at, so
// that a short text cannot multiply a wide table without end.
const maxColumns = 100_000

// resolver binds every name of one statement to what it stands for, and
// rewrites the statement so that it means the same on a shard.
type resolver struct {
	snap     *catalog.Snapshot
	database string
	spent    int  // of maxColumns
	withs    int  // WITH clauses met
	braced   bool // one of them stands before a parenthesised query
}

// env is what a query block sees of the blocks around it.
type env struct {
	ctes  *CTE   // the innermost first
	outer *scope // for correlated names
}

// Statement binds the names in a statement, in place. The error is a [*fault.Error].
func Statement(snap *catalog.Snapshot, database string, st *guard.Statement) (*Block, error) {
	r := &resolver{snap: snap, database: database}
	b, err := r.query(st.Node(), env{})
	if err != nil {
		return nil, err
	}
	if r.braced && r.withs != st.Withs() {
		return nil, fault.New(fault.Unsupported, "WITH in parentheses right after another WITH is not supported")
	}
	b.Columns = published(named(b.Columns))
	return b, nil
}

// spend counts n columns against the budget.
func (r *resolver) spend(n int) error {
	if r.spent += n; r.spent > maxColumns {
		return fault.New(fault.TooLarge, "the query's parts have more than %d columns together", maxColumns)
	}
	return nil
}

// query resolves one query block and all blocks in it.
func (r *resolver) query(node ast.Node, e env) (*Block, error) {
	switch n := node.(type) {
	case *ast.SelectStmt:
		return r.selectStmt(n, e)
	case *ast.SetOprStmt:
		r.braced = r.braced || n.IsInBraces
		n.IsInBraces = false // parentheses are restored where they are needed
		return r.setOperation(&setOperation{n, n.With, n.SelectList, n.OrderBy, n.Limit}, e)
	case *ast.SetOprSelectList:
		return r.setOperation(&setOperation{n, n.With, n, n.OrderBy, n.Limit}, e)
	}
	return nil, fault.New(fault.Unsupported, "a query of this form is not supported")
}

// setOperation is the common shape of *ast.SetOprStmt and, for its
// parenthesised parts, *ast.SetOprSelectList.
type setOperation struct {
	node  ast.Node
	with  *ast.WithClause
	list  *ast.SetOprSelectList
	order *ast.OrderByClause
	limit *ast.Limit
}

func (r *resolver) setOperation(op *setOperation, e env) (*Block, error) {
	b := &Block{Node: op.node}
	e, err := r.with(op.with, e, b)
	if err != nil {
		return nil, err
	}
	for _, node := range op.list.Selects {
		if sel, ok := node.(*ast.SelectStmt); ok && len(op.list.Selects) > 1 && (sel.OrderBy != nil || sel.Limit != nil) {
			return nil, fault.New(fault.Syntax, "an arm of a set operation with its own ORDER BY or LIMIT needs parentheses")
		}
		arm, err := r.query(node, e)
		if err != nil {
			return nil, err
		}
		arm.Role = Arm
		b.Arms = append(b.Arms, arm)
		b.Inner = append(b.Inner, arm)
	}
	if err := r.setColumns(b); err != nil {
		return nil, err
	}
	b.scope = &scope{outer: e.outer}
	v := binder{r: r, ctes: e.ctes, scope: b.scope, block: b}
	return b, v.visit(tree.OrNil(op.order), tree.OrNil(op.limit))
}

func (r *resolver) selectStmt(sel *ast.SelectStmt, e env) (*Block, error) {
	r.braced = r.braced || sel.WithBeforeBraces
	sel.WithBeforeBraces, sel.IsInBraces = false, false
	b := &Block{Node: sel}
	e, err := r.with(sel.With, e, b)
	if err != nil {
		return nil, err
	}
	if sel.Kind == ast.SelectStmtKindTable { // which MariaDB does not know
		sel.Kind, sel.SelectStmtOpts = ast.SelectStmtKindSelect, &ast.SelectStmtOpts{SQLCache: true}
	}
	sc := &scope{outer: e.outer}
	b.scope = sc
	if err := r.from(sel, sc, e, b); err != nil {
		return nil, err
	}
	if err := r.clauses(sel, binder{r: r, ctes: e.ctes, scope: sc, block: b}); err != nil {
		return nil, err
	}
	b.Columns, err = r.output(sel, sc)
	return b, err
}

// clauses resolves the names in all clauses but WITH and FROM.
func (r *resolver) clauses(sel *ast.SelectStmt, v binder) error {
	for _, on := range v.scope.conditions {
		if err := v.visit(on); err != nil {
			return err
		}
	}
	for i := range sel.WindowSpecs {
		if err := v.visit(&sel.WindowSpecs[i]); err != nil {
			return err
		}
	}
	for _, row := range sel.Lists {
		if err := v.visit(row); err != nil {
			return err
		}
	}
	return v.visit(tree.OrNil(sel.Fields), sel.Where, tree.OrNil(sel.GroupBy), tree.OrNil(sel.Having), tree.OrNil(sel.OrderBy), tree.OrNil(sel.Limit))
}
