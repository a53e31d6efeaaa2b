package router

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

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

// areMeasured reports whether the sizes of all tables are known.
func areMeasured(tables ...*catalog.Table) bool {
	return !slices.ContainsFunc(tables, func(t *catalog.Table) bool {
		return !slices.ContainsFunc(t.Placements, func(p catalog.Placement) bool { return p.Bytes > 0 })
	})
}

// isMeasured reports whether the sizes of all tables in a block are known.
func isMeasured(b *resolve.Block) bool {
	tables, _ := b.Reach()
	return areMeasured(tables...)
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
		fields[i].AsName = ast.NewCIStr(c.Name)
	}
	return tree.Select(fields, temporaryName(table), table, nil)
}

// origin returns what a source refers to before it is shipped.
func origin(s *resolve.Source) ast.ResultSetNode {
	if s.Table == nil {
		return s.Ref.Source
	}
	return tableName(s.Table)
}
