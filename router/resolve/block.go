package resolve

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Block is one resolved query block: a SELECT, a set operation, or a
// parenthesised part of one. Blocks form a tree as the text does.
type Block struct {
	Node    ast.Node
	Columns []Column  // what it returns; nil when that cannot be told
	Arms    []*Block  // of a set operation, in order
	Sources []*Source // in the order of the text
	Joins   *Operand  // how FROM joins them; nil without any
	Merges  bool      // USING or NATURAL merges columns of theirs
	Inner   []*Block  // the blocks right inside it: its WITH's, derived tables, subqueries and arms
	Role    Role      // in the block around it
	scope   *scope    // what names in its own clauses refer to
	whole   *Block    // the set operation that it is an arm of; else nil

	tables []*catalog.Table // that its own FROM names, each once
	ctes   []*CTE           // that its own FROM names, each once
	groups []*scope         // around it, of whose rows it calls aggregates
	named  bool             // the query of a CTE that another block names

	weights []int // of the select fields
	nodes   int   // of its own expressions, names standing for what they name
	size    size  // of all that it is to a server

	Aggregate bool   // calls an aggregate or window function itself, or a block inside it does of its rows
	Volatile  bool   // calls a function with another value at each call itself
	Sequence  bool   // calls RAND with a seed itself: each row's value follows from the last one's
	Clock     bool   // calls a function of the statement's time itself
	InPlace   string // what of it only a server that has its tables can compute
}

// RowsExamined is what Block.InPlace says of a query that bounds how many rows
// the server looks at for its whole statement.
const RowsExamined = "LIMIT ROWS EXAMINED"

// Role says what a block is to the block around it.
type Role int

const (
	Root      Role = iota
	Arm            // of a set operation
	Derived        // a derived table
	Subquery       // in an expression
	With           // the query of a CTE
	Recursive      // that of one that names itself
)

// addTable notes that the block's FROM names a table.
func (b *Block) addTable(t *catalog.Table) {
	if !slices.Contains(b.tables, t) {
		b.tables = append(b.tables, t)
	}
}

// addCTE notes that the block's FROM names a CTE.
func (b *Block) addCTE(c *CTE) {
	if !slices.Contains(b.ctes, c) {
		b.ctes = append(b.ctes, c)
	}
}

// Any reports whether f is true of the block or of one inside it.
func (b *Block) Any(f func(*Block) bool) bool {
	return f(b) || slices.ContainsFunc(b.Inner, func(inner *Block) bool { return inner.Any(f) })
}

// plainTables returns the tables of a block that has no blocks inside it and
// names no CTEs, which is what most queries are.
func (b *Block) plainTables() ([]*catalog.Table, bool) {
	return b.tables, len(b.Inner) == 0 && len(b.ctes) == 0
}

// Reach returns the tables and CTEs that the block depends on, each once, in
// an order that depends only on the text.
func (b *Block) Reach() ([]*catalog.Table, []*CTE) {
	if tables, ok := b.plainTables(); ok {
		return tables, nil
	}
	r := reach{seen: make(map[any]bool)}
	r.add(b)
	return r.tables, r.ctes
}

type reach struct {
	tables []*catalog.Table
	ctes   []*CTE
	seen   map[any]bool
}

func (r *reach) add(b *Block) {
	for _, t := range b.tables {
		if r.first(t) {
			r.tables = append(r.tables, t)
		}
	}
	for _, inner := range b.Inner {
		r.add(inner)
	}
	for _, c := range b.ctes {
		if r.first(c) {
			r.ctes = append(r.ctes, c)
			r.add(c.Block)
		}
	}
}

// first reports whether it is called with a value for the first time.
func (r *reach) first(value any) bool {
	first := !r.seen[value]
	r.seen[value] = true
	return first
}
