package router

import (
	"slices"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// maxJoined is the most tables that servers join.
const maxJoined = 61

// Known is what a plan takes for granted of tables at home, by whose columns'
// types it was made: SQL, run at home, has no rows, and columns of the Types.
type Known struct {
	SQL   string
	Types []catalog.Type
}

// knownAtHome returns what the plan takes for granted of the columns at home that
// the statement names.
func (g *gatherer) knownAtHome() ([]Known, error) {
	var all []Known
	for tables := range slices.Chunk(g.tablesAtHome(), maxJoined) {
		known, err := g.knownOf(tables)
		if err != nil {
			return nil, err
		}
		if known.SQL != "" {
			all = append(all, known)
		}
	}
	return all, nil
}

// knownOf returns a Known without SQL where no column of a known type is named.
func (g *gatherer) knownOf(tables []*catalog.Table) (known Known, err error) {
	var fields []*ast.SelectField
	from := &ast.Join{}
	for i, t := range tables {
		alias := catalog.ReservedPrefix + "_" + strconv.Itoa(i+1)
		before := len(fields)
		for _, c := range t.Columns {
			if c.Type != "" && g.named(t, c.Name) {
				fields = append(fields, tree.Field(alias, c.Name))
				known.Types = append(known.Types, c.Type)
			}
		}
		if len(fields) == before {
			continue
		}
		ref := &ast.TableSource{Source: tableName(t), AsName: ast.NewCIStr(alias)}
		if from.Left == nil {
			from.Left = ref
		} else {
			from = &ast.Join{Left: from, Right: ref, Tp: ast.CrossJoin}
		}
	}
	if len(fields) == 0 {
		return Known{}, nil
	}
	sel := tree.Select(fields, nil, "", nil)
	sel.From.TableRefs = from
	sel.Limit = &ast.Limit{Count: tree.NewLiteral(uint64(0))}
	known.SQL, err = tree.Restore(sel)
	return known, err
}

// tablesAtHome returns the tables that the last step reads at home, each once.
func (g *gatherer) tablesAtHome() []*catalog.Table {
	var tables []*catalog.Table
	for _, b := range g.blocks {
		for _, s := range b.Sources {
			if s.Table != nil && isOn(g.home, s.Table) && !slices.Contains(tables, s.Table) {
				tables = append(tables, s.Table)
			}
		}
	}
	return tables
}

// named reports whether the statement may name a column of a table.
func (g *gatherer) named(t *catalog.Table, column string) bool {
	return slices.ContainsFunc(g.blocks, func(b *resolve.Block) bool {
		return slices.ContainsFunc(b.Sources, func(s *resolve.Source) bool {
			return s.Table == t && g.needs.names(s, column)
		})
	})
}
