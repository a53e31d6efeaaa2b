package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// operand is a node of the tree that the joins of one FROM form: either a
// source or a join of two operands.
type operand struct {
	source      *source
	join        *ast.Join
	left, right *operand

	columns  []merged // see visible
	known    bool
	computed bool
}

// wide reports whether a source in the operand has hidden columns.
func (op *operand) wide() bool {
	if op.source != nil {
		return op.source.wide
	}
	return op.left.wide() || op.right.wide()
}

// from resolves the FROM of a SELECT into the scope.
func (r *resolver) from(sel *ast.SelectStmt, sc *scope, e env, b *block) error {
	if sel.From == nil {
		return nil
	}
	f := fromResolver{r: r, scope: sc, env: e, block: b}
	from, err := f.operand(sel.From.TableRefs)
	if err != nil {
		return err
	}
	sc.from, b.from = from, sc.sources
	return nil
}

type fromResolver struct {
	r     *resolver
	scope *scope
	env   env
	block *block
}

func (f *fromResolver) operand(node ast.ResultSetNode) (*operand, error) {
	switch n := node.(type) {
	case *ast.TableSource:
		s, err := f.source(n)
		if err != nil {
			return nil, err
		}
		f.scope.sources = append(f.scope.sources, s)
		if len(f.scope.sources) > maxSources {
			return nil, fault.New(fault.TooLarge, "more than %d tables in one FROM", maxSources)
		}
		return &operand{source: s}, nil
	case *ast.Join:
		return f.join(n)
	}
	return nil, fault.New(fault.Unsupported, "a FROM of this form is not supported")
}

func (f *fromResolver) join(j *ast.Join) (*operand, error) {
	j.Left = unwrap(j.Left)
	if j.Right == nil {
		return f.operand(j.Left)
	}
	j.Right = unwrap(j.Right)
	if err := f.refuseReordered(j); err != nil {
		return nil, err
	}
	left, err := f.operand(j.Left)
	if err != nil {
		return nil, err
	}
	right, err := f.operand(j.Right)
	if err != nil {
		return nil, err
	}
	op := &operand{join: j, left: left, right: right}
	if j.On != nil {
		f.scope.conditions = append(f.scope.conditions, j.On)
	}
	for _, c := range j.Using {
		if catalog.IsHidden(c.Name.L) {
			return nil, unknownColumn(c)
		}
	}
	if j.NaturalJoin || len(j.Using) > 0 {
		f.scope.merges = true
	}
	if j.NaturalJoin && op.wide() {
		return op, f.r.spellNatural(op)
	}
	return op, nil
}

// unwrap removes parentheses around a single table: they mean nothing, and
// restored they would turn a following JOIN into a comma.
func unwrap(node ast.ResultSetNode) ast.ResultSetNode {
	for {
		j, ok := node.(*ast.Join)
		if !ok || j.Right != nil {
			return node
		}
		node = j.Left
	}
}

// refuseReordered refuses joins that the parser may have reordered. It reads
// a JOIN (b … c) JOIN d as ((a JOIN b) … c) JOIN d, and turns b RIGHT JOIN c
// around, which for all but inner joins changes the rows, the names or the
// order of the columns. The result looks as if it had been written so.
func (f *fromResolver) refuseReordered(j *ast.Join) error {
	left, ok := j.Left.(*ast.Join)
	if !ok || !left.ExplicitParens {
		return nil
	}
	inner := f.scope.outer == nil
	for n := left; ; {
		bare := n.Tp == ast.CrossJoin && n.On == nil && len(n.Using) == 0
		if bare && n != left && !n.ExplicitParens && !inner {
			return fault.New(fault.Unsupported, "a parenthesised join whose first JOIN has no ON, followed by another JOIN, is not supported: give each JOIN its ON, or use derived tables")
		}
		inner = inner && n.Tp != ast.LeftJoin && n.Tp != ast.RightJoin && !n.NaturalJoin && len(n.Using) == 0
		if n, ok = n.Left.(*ast.Join); !ok {
			return nil
		}
	}
}

func (f *fromResolver) source(ts *ast.TableSource) (*source, error) {
	switch n := ts.Source.(type) {
	case *ast.TableName:
		if c := f.env.ctes.lookup(n.Name); c != nil && n.Schema.L == "" {
			return f.cteSource(ts, n, c)
		}
		return f.tableSource(ts, n)
	case *ast.SelectStmt, *ast.SetOprStmt:
		return f.derivedSource(ts)
	}
	return nil, fault.New(fault.Unsupported, "a FROM of this form is not supported")
}

func (f *fromResolver) cteSource(ts *ast.TableSource, n *ast.TableName, c *cte) (*source, error) {
	if c.state == ctePending {
		return nil, fault.New(fault.Unsupported, "WITH RECURSIVE names `%s` before it is defined", c.node.Name.O)
	}
	c.recursive = c.recursive || c.state == cteOpen
	f.block.addCTE(c)
	alias(ts, n, c.node.Name.O)
	return &source{name: aliasOf(ts, n), ref: ts, block: c.block, columns: c.columns}, nil
}

func (f *fromResolver) tableSource(ts *ast.TableSource, n *ast.TableName) (*source, error) {
	t, err := f.r.table(n)
	if err != nil {
		return nil, err
	}
	f.block.addTable(t)
	alias(ts, n, t.Name)
	n.Schema = ast.CIStr{}
	switch {
	case t.Database != "":
		n.Schema = ast.NewCIStr(t.Database)
	case f.env.ctes.lookup(n.Name) != nil:
		// Without a qualifier it would mean the CTE.
		n.Schema = ast.NewCIStr(f.r.database)
	}
	return &source{name: aliasOf(ts, n), ref: ts, table: t, wide: t.Groups() > 0}, nil
}

// alias makes a reference name its target as the shards spell it, and keeps
// the client's spelling as its alias, which qualified columns refer to.
func alias(ts *ast.TableSource, n *ast.TableName, target string) {
	if n.Name.O == target {
		return
	}
	if ts.AsName.L == "" {
		ts.AsName = n.Name
	}
	n.Name = ast.NewCIStr(target)
}

func aliasOf(ts *ast.TableSource, n *ast.TableName) string {
	if ts.AsName.O != "" {
		return ts.AsName.O
	}
	return n.Name.O
}

func (f *fromResolver) derivedSource(ts *ast.TableSource) (*source, error) {
	if ts.AsName.O == "" {
		return nil, fault.New(fault.Syntax, "a derived table needs an alias")
	}
	b, err := f.r.query(ts.Source, f.env)
	if err != nil {
		return nil, err
	}
	b.role = roleDerived
	f.block.inner = append(f.block.inner, b)
	columns, err := f.r.rename(b.columns, ts.ColumnNames)
	return &source{name: ts.AsName.O, ref: ts, block: b, columns: columns}, err
}

// table returns the catalog's table for a reference.
func (r *resolver) table(n *ast.TableName) (*catalog.Table, error) {
	if n.Schema.O != "" && n.Schema.O != r.database || catalog.IsReserved(n.Name.O) {
		return nil, forbidden(qualified(n))
	}
	t, ok := r.snap.Table(n.Name.O)
	if !ok || len(t.Placements) == 0 {
		return nil, fault.New(fault.UnknownTable, "unknown table `%s`", n.Name.O).With(fault.Facts{Table: n.Name.O})
	}
	return t, nil
}

func qualified(n *ast.TableName) string {
	if n.Schema.O == "" {
		return n.Name.O
	}
	return n.Schema.O + "." + n.Name.O
}

func forbidden(table string) *fault.Error {
	return fault.New(fault.ForbiddenTable, "table `%s` may not be queried", table).With(fault.Facts{Table: table})
}
