package router

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// block is one resolved query block: a SELECT, a set operation, or a
// parenthesised part of one. Blocks form a tree as the text does.
type block struct {
	node    ast.Node
	columns []Column  // what it returns; nil when that cannot be told
	arms    []*block  // of a set operation, in order
	from    []*source // in the order of the text
	joins   *operand  // how FROM joins them; nil without any
	merges  bool      // USING or NATURAL merges columns of theirs
	inner   []*block  // the blocks right inside it: its WITH's, derived tables, subqueries and arms
	role    role      // in the block around it
	scope   *scope    // what names in its own clauses refer to

	tables []*catalog.Table // that its own FROM names, each once
	ctes   []*cte           // that its own FROM names, each once

	aggregate bool // calls an aggregate or window function itself
	volatile  bool // calls a function with another value at each call itself
	sequence  bool // calls RAND with a seed itself: each row's value follows from the last one's
	clock     bool // calls a function of the statement's time itself
	search    bool // searches a full-text index itself
}

// role says what a block is to the block around it.
type role int

const (
	roleRoot role = iota
	roleArm
	roleDerived
	roleSubquery
	roleCTE
	roleRecursive // a CTE that names itself
)

// addTable notes that the block's FROM names a table.
func (b *block) addTable(t *catalog.Table) {
	if !slices.Contains(b.tables, t) {
		b.tables = append(b.tables, t)
	}
}

// addCTE notes that the block's FROM names a CTE.
func (b *block) addCTE(c *cte) {
	if !slices.Contains(b.ctes, c) {
		b.ctes = append(b.ctes, c)
	}
}

// any reports whether f is true of the block or of one inside it.
func (b *block) any(f func(*block) bool) bool {
	return f(b) || slices.ContainsFunc(b.inner, func(inner *block) bool { return inner.any(f) })
}

// plainTables returns the tables of a block that has no blocks inside it and
// names no CTEs, which is what most queries are.
func (b *block) plainTables() ([]*catalog.Table, bool) {
	return b.tables, len(b.inner) == 0 && len(b.ctes) == 0
}

// reach returns the tables and CTEs that the block depends on, each once, in
// an order that depends only on the text.
func (b *block) reach() ([]*catalog.Table, []*cte) {
	if tables, ok := b.plainTables(); ok {
		return tables, nil
	}
	r := reach{seen: make(map[any]bool)}
	r.add(b)
	return r.tables, r.ctes
}

type reach struct {
	tables []*catalog.Table
	ctes   []*cte
	seen   map[any]bool
}

func (r *reach) add(b *block) {
	for _, t := range b.tables {
		if r.first(t) {
			r.tables = append(r.tables, t)
		}
	}
	for _, inner := range b.inner {
		r.add(inner)
	}
	for _, c := range b.ctes {
		if r.first(c) {
			r.ctes = append(r.ctes, c)
			r.add(c.block)
		}
	}
}

// first reports whether it is called with a value for the first time.
func (r *reach) first(value any) bool {
	first := !r.seen[value]
	r.seen[value] = true
	return first
}
