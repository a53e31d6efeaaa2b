package router

import (
	"slices"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// copiedWith makes one WITH clause have each of its queries as often as it is
// named, where that reads temporary tables.
type copiedWith struct {
	*copier
	clause withIn
	uses   map[*resolve.Block][]string // the names of each query, the first of which is its own
}

// split goes through the queries from the last one to the first, so that it
// knows all that names one when it comes to it.
func (w *copiedWith) split() error {
	if err := w.use(w.clause.statement, w.clause.WithClause); err != nil {
		return err
	}
	var ctes []*ast.CommonTableExpression
	for _, cte := range slices.Backward(w.clause.CTEs) {
		copies, err := w.copiesOf(cte)
		if err != nil {
			return err
		}
		ctes = append(append(ctes, copies...), cte)
		if err := w.use(cte.Query, nil); err != nil {
			return err
		}
	}
	slices.Reverse(ctes)
	w.clause.CTEs = ctes
	return nil
}

// block returns the block of one of the clause's queries.
func (w *copiedWith) block(cte *ast.CommonTableExpression) *resolve.Block {
	return w.g.blockOf(cte.Query.Query)
}

// own returns the block of the clause's query that a reference names, if that
// reads temporary tables; else nil.
func (w *copiedWith) own(ref *ast.TableSource) *resolve.Block {
	b := w.named[ref]
	if b == nil || !w.reads(b) || !slices.ContainsFunc(w.clause.CTEs, func(cte *ast.CommonTableExpression) bool { return w.block(cte) == b }) {
		return nil
	}
	return b
}

// use gives each reference in a statement to one of the clause's queries a
// query of its own.
func (w *copiedWith) use(statement ast.Node, but *ast.WithClause) (err error) {
	references(statement, but, func(ref *ast.TableSource) {
		if b := w.own(ref); b != nil && err == nil {
			err = w.useBy(ref, b)
		}
	})
	return err
}

func (w *copiedWith) useBy(ref *ast.TableSource, b *resolve.Block) error {
	if len(w.uses[b]) == 0 {
		w.uses[b] = []string{""}
		return nil
	}
	name, err := w.fresh()
	if err != nil {
		return err
	}
	w.uses[b] = append(w.uses[b], name)
	again(ref, name)
	return nil
}

// copiesOf returns the copies of a query, for all names but the first.
func (w *copiedWith) copiesOf(cte *ast.CommonTableExpression) ([]*ast.CommonTableExpression, error) {
	b := w.block(cte)
	if b == nil || len(w.uses[b]) < 2 {
		return nil, nil
	}
	if why := w.inexact(cte, b); why != "" {
		return nil, fault.New(fault.Unsupported, "the query names the WITH `%s` more than once, which reads rows of other shards, and %s:"+
			" servers that read a temporary table only once in a statement cannot answer that", cte.Name.O, why)
	}
	var list []*ast.CommonTableExpression
	for _, name := range w.uses[b][1:] {
		text, err := w.text(cte, name)
		if err != nil {
			return nil, err
		}
		copied := *cte
		copied.Name, copied.Query = ast.NewCIStr(name), &ast.SubqueryExpr{Query: tree.Text(text)}
		list = append(list, &copied)
	}
	return list, nil
}

// inexact says why a copy of a query might have other rows than the query, or
// cannot be made.
func (w *copiedWith) inexact(cte *ast.CommonTableExpression, b *resolve.Block) string {
	inside := withsIn(cte.Query.Query)
	if b.Role == resolve.Recursive && len(inside) > 0 {
		return "is recursive around another WITH"
	}
	if !w.repeats(b) {
		return "could have other rows each time that it is run"
	}
	for _, inner := range inside {
		for _, of := range inner.CTEs {
			if named := w.block(of); named != nil && w.reads(named) && w.count(inner.statement, named) > 1 {
				return "has such a WITH inside"
			}
		}
	}
	why := ""
	references(cte.Query, nil, func(ref *ast.TableSource) {
		if of := w.named[ref]; of != nil && w.own(ref) == nil && w.reads(of) && !within(inside, of) {
			why = "names one around it"
		}
	})
	return why
}

// within reports whether a block is a query of one of the WITH clauses.
func within(clauses []withIn, b *resolve.Block) bool {
	return slices.ContainsFunc(clauses, func(w withIn) bool {
		return slices.ContainsFunc(w.CTEs, func(cte *ast.CommonTableExpression) bool { return cte.Query.Query == b.Node })
	})
}

// count returns how often a statement names a query.
func (w *copiedWith) count(statement ast.Node, of *resolve.Block) (n int) {
	references(statement, nil, func(ref *ast.TableSource) {
		if w.named[ref] == of {
			n++
		}
	})
	return n
}

// text prints a query under another name of its own, with copies of all tables
// and queries that it reads, and leaves it as it was.
func (w *copiedWith) text(cte *ast.CommonTableExpression, name string) (text string, err error) {
	before := make(map[*ast.TableSource]ast.TableSource)
	recursive := w.block(cte).Role == resolve.Recursive
	references(cte.Query, nil, func(ref *ast.TableSource) {
		if err != nil {
			return
		}
		before[ref] = *ref
		if of, is := w.named[ref]; !is || of != nil {
			err = w.copyFor(ref)
		} else if recursive { // and has no WITH inside: the reference is to itself
			again(ref, name)
		}
	})
	if err == nil {
		text, err = tree.Restore(cte.Query.Query)
	}
	for ref, was := range before {
		*ref = was
	}
	return text, err
}

// copyFor makes a reference in a copied query one to a copy.
func (w *copiedWith) copyFor(ref *ast.TableSource) error {
	of, table := w.own(ref), w.isTable(ref)
	if of == nil && !table {
		return nil
	}
	if of != nil {
		return w.useBy(ref, of)
	}
	original := ref.Source.(*ast.TableName).Name.O
	copied, err := w.fresh()
	if err != nil {
		return err
	}
	w.copies[original] = append(w.copies[original], copied)
	again(ref, copied)
	return nil
}
