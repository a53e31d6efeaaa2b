package router

import (
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// maxCopies bounds the tables and WITH queries that a statement has one more
// time: each of n WITHs that names the one before twice has it 2^n times.
const maxCopies = 32

// copier makes a settled statement name each temporary table once, for servers
// that read it no oftener in a statement. A WITH that reads one and is named n
// times becomes n of them, each of which reads copies of its own.
type copier struct {
	g      *gatherer
	moody  map[*resolve.Block]bool
	named  map[*ast.TableSource]*resolve.Block // what names a WITH; nil: itself
	tables map[string]bool                     // the temporary ones
	read   map[*resolve.Block]bool             // see reads, as far as it is known
	copies map[string][]string                 // of tables
	made   int                                 // copies so far
}

// newCopier is called before any unit is settled: a block that is replaced by
// its parts no longer tells whether it has the same rows each time.
func (g *gatherer) newCopier() *copier {
	c := &copier{
		g: g, moody: make(map[*resolve.Block]bool), named: make(map[*ast.TableSource]*resolve.Block),
		tables: make(map[string]bool), copies: make(map[string][]string), read: make(map[*resolve.Block]bool),
	}
	for _, b := range g.blocks {
		c.moody[b] = moody(b)
	}
	for s := range g.owner {
		if s.Table == nil && !s.Computed && (s.Block == nil || isWith(s.Block)) {
			c.named[s.Ref] = s.Block
		}
	}
	return c
}

func isWith(b *resolve.Block) bool { return b.Role == resolve.With || b.Role == resolve.Recursive }

// copy changes the statement, and has the steps fill the copies too.
func (c *copier) copy() error {
	for _, done := range c.g.shipped {
		c.tables[done.table] = true
		if r, ok := done.unit.(*result); ok { // the rows of which are kept
			r.block.Each(func(b *resolve.Block) { c.moody[b] = false })
		}
	}
	for _, w := range withsIn(c.g.p.root.Node) {
		if err := (&copiedWith{copier: c, clause: w, uses: make(map[*resolve.Block][]string)}).split(); err != nil {
			return err
		}
	}
	for i := range c.g.script.steps {
		if ship := c.g.script.steps[i].Ship; ship.At == "" {
			ship.Copies = c.copies[ship.Into]
		}
	}
	return nil
}

// fresh returns a name for one more table or WITH.
func (c *copier) fresh() (string, error) {
	if c.made++; c.made > maxCopies {
		return "", fault.New(fault.Unsupported, "the query names WITHs that read rows of other shards so often that it needs more than %d copies,"+
			" on servers that read a temporary table only once in a statement", maxCopies)
	}
	return c.g.temporary(), nil
}

// isTable reports whether a reference is one to a temporary table.
func (c *copier) isTable(ref *ast.TableSource) bool {
	name, ok := ref.Source.(*ast.TableName)
	return ok && name.Schema.O == "" && c.tables[name.Name.O]
}

// reads reports whether a block reads temporary tables, itself or by way of a
// WITH.
func (c *copier) reads(b *resolve.Block) bool {
	found, known := c.read[b]
	if known {
		return found
	}
	references(b.Node, nil, func(ref *ast.TableSource) {
		found = found || c.isTable(ref) || c.named[ref] != nil && c.reads(c.named[ref])
	})
	c.read[b] = found
	return found
}

// repeats reports whether a block has the same rows each time that it is run.
func (c *copier) repeats(b *resolve.Block) bool {
	_, ctes := b.Reach()
	for _, with := range ctes {
		if with.Block != b && !c.calm(with.Block) {
			return false
		}
	}
	return c.calm(b)
}

// calm reports whether no block of a block has other rows each time.
func (c *copier) calm(b *resolve.Block) bool {
	return !b.Any(func(b *resolve.Block) bool { return c.moody[b] })
}

// again makes a reference one to another table or WITH, by the name that it
// has.
func again(ref *ast.TableSource, name string) {
	if ref.AsName.O == "" {
		ref.AsName = ref.Source.(*ast.TableName).Name
	}
	ref.Source = temporaryName(name)
}

// references calls f with each item of a FROM in a statement that is a table,
// a WITH or a derived table, but for those in one WITH clause.
func references(statement ast.Node, but *ast.WithClause, f func(*ast.TableSource)) {
	statement.Accept(visitor(func(n ast.Node) bool {
		if ref, ok := n.(*ast.TableSource); ok {
			f(ref)
		}
		w, ok := n.(*ast.WithClause)
		return !ok || w != but
	}))
}

// withIn is a WITH clause and the statement that it belongs to.
type withIn struct {
	*ast.WithClause
	statement ast.Node
}

// withsIn returns the WITH clauses in a statement, the outer ones first.
func withsIn(statement ast.Node) []withIn {
	var list []withIn
	statement.Accept(visitor(func(n ast.Node) bool {
		w := tree.WithOf(n)
		if w != nil && !slices.ContainsFunc(list, func(known withIn) bool { return known.WithClause == w }) { // parentheses have it too
			list = append(list, withIn{w, n})
		}
		return true
	}))
	return list
}

// visitor visits all nodes of a tree, but for those below a node of which it
// returns false.
type visitor func(ast.Node) bool

// Enter implements ast.Visitor.
func (v visitor) Enter(n ast.Node) (ast.Node, bool) { return n, !v(n) }

// Leave implements ast.Visitor.
func (v visitor) Leave(n ast.Node) (ast.Node, bool) { return n, true }
