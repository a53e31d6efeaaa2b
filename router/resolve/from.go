package resolve

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// from resolves the FROM of a SELECT into the block and its scope.
func (r *resolver) from(sel *ast.SelectStmt, e env, b *Block) error {
	if sel.From == nil {
		return nil
	}
	sc := b.scope
	f := fromResolver{r: r, scope: sc, env: e, block: b}
	from, err := f.operand(sel.From.TableRefs)
	if err != nil {
		return err
	}
	sc.from = from
	b.Joins, b.Sources, b.Merges = from, sc.sources, sc.merges
	return nil
}

type fromResolver struct {
	r     *resolver
	scope *scope
	env   env
	block *Block
}

func (f *fromResolver) operand(node ast.ResultSetNode) (*Operand, error) {
	if j, ok := node.(*ast.Join); ok {
		if j.Right == nil {
			return f.operand(j.Left)
		}
		return f.join(j)
	}
	s, err := f.source(node.(*ast.TableSource))
	if err != nil {
		return nil, err
	}
	f.scope.sources = append(f.scope.sources, s)
	if len(f.scope.sources) > maxSources {
		return nil, fault.New(fault.TooLarge, "more than %d tables in one FROM", maxSources)
	}
	return &Operand{Source: s}, nil
}

func (f *fromResolver) join(j *ast.Join) (*Operand, error) {
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
	op := &Operand{Join: j, Left: left, Right: right}
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

func (f *fromResolver) source(ts *ast.TableSource) (*Source, error) {
	if j, ok := ts.Source.(*tree.JSONTable); ok {
		return f.jsonSource(ts, j)
	}
	n, ok := ts.Source.(*ast.TableName)
	if !ok {
		return f.derivedSource(ts)
	}
	if c := f.env.ctes.lookup(n.Name); c != nil && n.Schema.L == "" {
		return f.cteSource(ts, n, c)
	}
	return f.tableSource(ts, n)
}

func (f *fromResolver) cteSource(ts *ast.TableSource, n *ast.TableName, c *CTE) (*Source, error) {
	if f.r.exactWiths && c.Node.Name.O != n.Name.O {
		return nil, fault.New(fault.Unsupported, "the WITH `%s` is named `%s`, which is another name to some servers of this kind:"+
			" write it as it is defined", c.Node.Name.O, n.Name.O)
	}
	if c.state == ctePending {
		return nil, fault.New(fault.Unsupported, "WITH RECURSIVE names `%s` before it is defined", c.Node.Name.O)
	}
	c.recursive = c.recursive || c.state == cteOpen
	f.block.addCTE(c)
	if c.Block != nil {
		c.Block.named = true
	}
	alias(ts, n, c.Node.Name.O)
	return &Source{Name: aliasOf(ts, n), Ref: ts, Block: c.Block, Columns: c.columns}, nil
}

func (f *fromResolver) tableSource(ts *ast.TableSource, n *ast.TableName) (*Source, error) {
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
	return &Source{Name: aliasOf(ts, n), Ref: ts, Table: t, wide: t.Groups() > 0}, nil
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

func (f *fromResolver) derivedSource(ts *ast.TableSource) (*Source, error) {
	if ts.AsName.O == "" {
		return nil, fault.New(fault.Syntax, "a derived table needs an alias")
	}
	e := f.env
	if ts.Lateral {
		e.outer = f.scope // as far as FROM has come
	}
	b, err := f.r.query(ts.Source, e)
	if err != nil {
		return nil, err
	}
	b.Role = Derived
	f.block.Inner = append(f.block.Inner, b)
	return &Source{Name: ts.AsName.O, Ref: ts, Block: b, Columns: named(b.Columns)}, nil
}

// jsonSource is a JSON_TABLE, whose document is one of the block's expressions.
func (f *fromResolver) jsonSource(ts *ast.TableSource, j *tree.JSONTable) (*Source, error) {
	f.scope.documents = append(f.scope.documents, j)
	columns := make([]Column, len(j.Columns))
	for i, name := range j.Columns {
		columns[i].Name = name
	}
	return &Source{Name: ts.AsName.O, Ref: ts, Columns: columns, Computed: true}, nil
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
