package resolve

import (
	"slices"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
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

	exactWiths bool // their names are told apart by case

	// weights are those of the columns of derived tables and CTEs by name, in
	// lower case, for each list of columns.
	weights map[*Column]map[string]int
}

// env is what a query block sees of the blocks around it.
type env struct {
	ctes  *CTE   // the innermost first
	outer *scope // for correlated names
}

// spend counts n columns against the budget.
func (r *resolver) spend(n int) error {
	if r.spent += n; r.spent > maxColumns {
		return fault.New(fault.TooLarge, "the query's parts have more than %d columns together", maxColumns)
	}
	return nil
}

// ours reports whether a column's or wildcard's database qualifier may stand
// before a name of the source.
func (r *resolver) ours(schema string, s *Source) bool {
	return schema == "" || schema == r.database || s != nil && s.Table != nil && s.Table.Database == schema
}

func unknownColumn(n *ast.ColumnName) *fault.Error {
	return fault.New(fault.UnknownColumn, "unknown column `%s`", n.OrigColName())
}

func forbidden(table string) *fault.Error {
	return fault.New(fault.ForbiddenTable, "table `%s` may not be queried", table).With(fault.Facts{Table: table})
}

// named returns the columns if the names of all are known, else nil.
func named(columns []Column) []Column {
	for i := range columns {
		if columns[i].Name == "" {
			return nil
		}
	}
	return columns
}

// published returns columns without the types that only the resolver knows.
func published(columns []Column) []Column {
	isNull := func(c Column) bool { return c.Type == alwaysNull }
	if !slices.ContainsFunc(columns, isNull) {
		return columns
	}
	columns = slices.Clone(columns)
	for i := range columns {
		if isNull(columns[i]) {
			columns[i].Type = ""
		}
	}
	return columns
}
