package resolve

import (
	"slices"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// grown is an aggregate of which a server keeps all that it has met in memory,
// where none of its settings bounds it. So it may meet as many rows as one table
// has, and not as many as a join of two can.
type grown struct {
	name string
	of   *scope // whose rows it meets
}

// grows notes the aggregate, if it is one of those.
func (v *binder) grows(name string, of *scope) {
	if of != nil && v.r.unbounded(name) {
		v.r.grown = append(v.r.grown, grown{strings.ToUpper(name), of})
	}
}

// checkGrowth refuses aggregates that may grow without a bound.
func (r *resolver) checkGrowth() error {
	for _, g := range r.grown {
		if g.of.block.factors() > 1 {
			return fault.New(fault.Unsupported, "%s over a join is not supported, as no setting of the server bounds the memory that it takes:"+
				" call it over one table or derived table, with a LIMIT or joined by the id of families, and join its result", g.name)
		}
	}
	return nil
}

// factors returns the number of tables of whose numbers of rows the product
// bounds how many rows the block's FROM has: those by which the others are not
// looked up.
func (b *Block) factors() int {
	if b.Joins == nil {
		return 0
	}
	f := factorsOf(b, b.Joins)
	if sel, ok := b.Node.(*ast.SelectStmt); ok && sel.Where != nil {
		f.equations(sel.Where, func(*Source) bool { return true })
	}
	return f.count()
}

// degree is factors for the rows that the block returns.
func (b *Block) degree() int {
	if b.counted == 0 {
		b.counted = 1 + b.newDegree()
	}
	return b.counted - 1
}

func (b *Block) newDegree() int {
	if op, ok := tree.SetOperationOf(b.Node); ok {
		most := 0
		for _, arm := range b.Arms {
			most = max(most, arm.degree())
		}
		return limited(most, op.Limit)
	}
	sel := b.Node.(*ast.SelectStmt)
	switch {
	case sel.GroupBy != nil:
		return limited(min(b.factors(), b.named(sel.GroupBy)), sel.Limit)
	case b.Aggregate && !b.windowed():
		return 0 // one row
	case sel.Distinct:
		return limited(min(b.factors(), b.named(sel.Fields)), sel.Limit)
	}
	return limited(b.factors(), sel.Limit)
}

// limited returns the degree of a result with a LIMIT, if it has one: it is then
// as good as one table's.
func limited(degree int, limit *ast.Limit) int {
	if limit == nil {
		return degree
	}
	return min(degree, 1)
}

// windowed reports whether the block may have window functions, which leave it
// its rows.
func (b *Block) windowed() bool {
	found := false
	b.Walk(func(n ast.Node) bool {
		_, is := n.(*ast.WindowFuncExpr)
		found = found || is
		return !found
	})
	return found
}

// named returns the degree of the sources that a clause names: of their values it
// makes groups. A number, a star and an alias may stand for any.
func (b *Block) named(clause ast.Node) int {
	var names []*Source
	all := false
	tree.Walk(clause, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectField:
			all = all || tree.IsStar(n)
		case *ast.PositionExpr, *ast.SubqueryExpr:
			all = true
		case *ast.ColumnName:
			s := b.Bind(n)
			all = all || s == nil
			if s != nil && !slices.Contains(names, s) {
				names = append(names, s)
			}
		}
		return !all
	})
	if all {
		return b.factors()
	}
	sum := 0
	for _, s := range names {
		sum += s.degree()
	}
	return sum
}

// degree is that of the source's rows.
func (s *Source) degree() int {
	switch {
	case s.Table != nil:
		return 1
	case s.Computed && tree.PlainColumn(s.Ref.Source.(*tree.JSONTable).Document) != nil:
		return 0 // it has been stored, so there is an end to it
	case s.Block == nil: // a recursion, or what is computed for a JSON_TABLE
		return 1
	case s.Block.Role == Recursive:
		return 2 // any number
	}
	return s.Block.degree()
}

// factors are the sources of a part of a FROM, and which of them determines a row
// of which other one.
type factors struct {
	block   *Block
	sources []*Source
	finds   map[*Source][]*Source
}

func factorsOf(b *Block, op *Operand) *factors {
	if op.Source != nil {
		return &factors{block: b, sources: []*Source{op.Source}, finds: make(map[*Source][]*Source)}
	}
	f, right := factorsOf(b, op.Left), factorsOf(b, op.Right)
	outer := f
	if op.Join.Tp == ast.RightJoin {
		outer = right
	}
	// Rows of the outer side that find none are there, too.
	kept := op.Join.Tp != ast.LeftJoin && op.Join.Tp != ast.RightJoin || outer.count() <= 1
	outside := slices.Clone(outer.sources)
	f.sources = append(f.sources, right.sources...)
	for from, to := range right.finds {
		f.finds[from] = append(f.finds[from], to...)
	}
	if op.Join.On != nil {
		f.equations(op.Join.On.Expr, func(found *Source) bool { return kept || !slices.Contains(outside, found) })
	}
	return f
}

// equations notes the parts of a condition by which a row is found by its id.
func (f *factors) equations(condition ast.ExprNode, may func(found *Source) bool) {
	for _, e := range tree.Conjuncts(condition) {
		eq, ok := tree.Bare(e).(*ast.BinaryOperationExpr)
		if !ok || eq.Op != opcode.EQ {
			continue
		}
		l, r := f.block.Ref(eq.L), f.block.Ref(eq.R)
		if l == nil || r == nil || l.Source == r.Source {
			continue
		}
		if l.isID() && may(l.Source) {
			f.finds[r.Source] = append(f.finds[r.Source], l.Source)
		}
		if r.isID() && may(r.Source) {
			f.finds[l.Source] = append(f.finds[l.Source], r.Source)
		}
	}
}

// isID reports whether each value of the column is in one row at most.
func (r *ColumnRef) isID() bool { return r.OfFamily() && r.Name.Name.L == "id" }

// count returns the degree of those sources that no others find.
func (f *factors) count() int {
	found := make(map[*Source]bool)
	sum := 0
	// The last one from which a walk begins cannot be found by one before it, and
	// finds those that find it.
	var order []*Source
	seen := make(map[*Source]bool)
	for _, s := range f.sources {
		order = f.walk(s, seen, order)
	}
	for _, s := range slices.Backward(order) {
		if found[s] {
			continue
		}
		sum += s.degree()
		f.walk(s, found, nil)
	}
	return sum
}

// walk appends the sources that one finds, and then itself, if they are not seen
// yet.
func (f *factors) walk(s *Source, seen map[*Source]bool, order []*Source) []*Source {
	if seen[s] {
		return order
	}
	seen[s] = true
	for _, next := range f.finds[s] {
		order = f.walk(next, seen, order)
	}
	return append(order, s)
}
