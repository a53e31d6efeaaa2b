package router

import (
	"slices"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// gatherer plans a statement that several shards must answer together: it
// chooses the shard where the statement is to run, the home, and what has to
// be shipped there first. The statement itself stays the client's, with
// references to temporary tables in place of those to tables elsewhere.
type gatherer struct {
	p      *planner
	blocks []*resolve.Block
	owner  map[*resolve.Source]*resolve.Block
	// conditions are those that the rows of a source have to fulfil.
	conditions map[*resolve.Source][]*resolve.Condition
	needs      *needs
	joins      joinColumns
	unkeyed    map[*resolve.Block]bool     // subqueries by whose column nothing may be looked up
	limits     map[*resolve.Block]uint64   // the rows of an arm that are of use
	answers    map[*resolve.Block]string   // the shard that can answer a block alone; "" is none
	partials   map[*resolve.Block]*partial // how a block is computed in parts; nil where it can't be

	hashes  bool // see Plan.Hashes
	home    string
	script  script
	shipped []shipped // in the order of their steps
	tables  int       // temporary ones so far
}

// unit is what becomes one temporary table at home: the result of a block, the
// rows of a source, a join of sources, or the parts of a block's groups.
type unit interface {
	// cost estimates what has to be moved.
	cost() estimate
	// ship adds the steps that fill the table. It leaves the statement as it is.
	ship(g *gatherer, table string) error
	// settle makes the statement read the table in place of what it holds.
	settle(table string)
}

// shipped is a unit and the table that has it.
type shipped struct {
	unit
	table string
}

// estimate is a guess at what moves.
type estimate struct {
	rows, bytes float64
	measured    bool // from the sizes of tables that were all known
}

func (e estimate) cost() estimate { return e }

// shipment returns what a plan says of steps that fill a table together, each
// with its part of what moves.
func (e estimate) shipment(table string, steps int) Shipment {
	s := Shipment{Into: table}
	if e.measured {
		s.Rows, s.Bytes = int64(e.rows)/int64(steps), int64(e.bytes)/int64(steps)
	}
	return s
}

// isMeasured reports whether the sizes of all tables in a block are known.
func isMeasured(b *resolve.Block) bool {
	tables, _ := b.Reach()
	return areMeasured(tables...)
}

// areMeasured reports whether the sizes of all tables are known.
func areMeasured(tables ...*catalog.Table) bool {
	return !slices.ContainsFunc(tables, func(t *catalog.Table) bool {
		return !slices.ContainsFunc(t.Placements, func(p catalog.Placement) bool { return p.Bytes > 0 })
	})
}

// blockOf returns the block of a query inside the statement.
func (g *gatherer) blockOf(query ast.Node) *resolve.Block {
	for _, b := range g.blocks {
		if b.Node == query {
			return b
		}
	}
	return nil
}

// temporary returns the name of the next temporary table.
func (g *gatherer) temporary() string {
	g.tables++
	return catalog.ReservedPrefix + "_" + strconv.Itoa(g.tables)
}

// answer returns the shard that can answer a block alone, so that its result
// may take its place; "" where there is none.
func (g *gatherer) answer(b *resolve.Block) string {
	shard, known := g.answers[b]
	if !known {
		shard = answer(b)
		g.answers[b] = shard
	}
	return shard
}

func answer(b *resolve.Block) string {
	if b.Role == resolve.Root || b.Role == resolve.Recursive {
		return ""
	}
	tables, _ := b.Reach()
	shard, ok := soleShard(tables...)
	if !ok || !b.Closed() || b.Any(isVolatile) || !b.Exact() || b.Correlated() {
		return ""
	}
	return shard
}

func isVolatile(b *resolve.Block) bool { return b.Volatile }

// ownConditions returns the conditions that name no other source.
func (g *gatherer) ownConditions(s *resolve.Source) []ast.ExprNode {
	var own []ast.ExprNode
	for _, c := range g.conditions[s] {
		if c.On(s) {
			own = append(own, c.Expr)
		}
	}
	return own
}

// send adds steps that ship the rows of a statement, each from its shard.
func (g *gatherer) send(statement ast.Node, steps ...Step) error {
	sql, err := tree.Restore(statement)
	if err != nil {
		return err
	}
	shape, err := tree.Shape(reshaped(statement, steps[0].Ship.JSON))
	if err != nil {
		return err
	}
	for _, step := range steps {
		step.SQL, step.Ship.Shape = sql, shape
		if err := g.script.add(step); err != nil {
			return err
		}
	}
	return nil
}

// reshaped returns a statement with columns of the same types. Of a column of
// JSON that gets another name, MariaDB 10.11 copies a check of the old one into
// the table that it makes, and fails; a function's result has none.
func reshaped(statement ast.Node, json []string) ast.Node {
	sel, ok := statement.(*ast.SelectStmt)
	if !ok || len(json) == 0 {
		return statement
	}
	fields := slices.Clone(sel.Fields.Fields)
	for i, f := range fields {
		if slices.Contains(json, f.AsName.O) {
			call := &ast.FuncCallExpr{FnName: tree.Functions["coalesce"].Name, Args: []ast.ExprNode{f.Expr}, Tp: ast.FuncCallExprTypeKeyword}
			fields[i] = &ast.SelectField{Expr: call, AsName: f.AsName}
		}
	}
	copied := *sel
	copied.Fields = &ast.FieldList{Fields: fields}
	return &copied
}

// tableName returns the name of a table of the catalog, as shards know it.
func tableName(t *catalog.Table) *ast.TableName {
	return &ast.TableName{Schema: ast.NewCIStr(t.Database), Name: ast.NewCIStr(t.Name)}
}

// temporaryName returns the name of a temporary table.
func temporaryName(table string) *ast.TableName { return &ast.TableName{Name: ast.NewCIStr(table)} }

// selectColumns returns a SELECT of columns from a temporary table.
func selectColumns(table string, columns []Column) *ast.SelectStmt {
	fields := make([]*ast.SelectField, len(columns))
	for i, c := range columns {
		fields[i] = tree.Field(table, c.Name)
	}
	return tree.Select(fields, temporaryName(table), table, nil)
}

// origin returns what a source refers to before it is shipped.
func origin(s *resolve.Source) ast.ResultSetNode {
	if s.Table == nil {
		return s.Ref.Source
	}
	name := tableName(s.Table)
	if ref, ok := s.Ref.Source.(*ast.TableName); ok {
		name.IndexHints = ref.IndexHints // they hold for the table, not for what is shipped of it
	}
	return name
}
