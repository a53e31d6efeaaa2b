package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// planner chooses the plan for one resolved statement. It may change the
// statement's tree.
type planner struct {
	snap    *catalog.Snapshot
	homes   []string // servers used only for gathering
	source  string   // the client's text
	root    *resolve.Block
	explain bool
	whole   bool // no concat
	maxRows int
}

// soleShard returns the one shard that has all of the tables, each whole: ""
// when there are no tables. It reports false when there is no such shard.
func soleShard(tables ...*catalog.Table) (shard string, ok bool) {
	for i, t := range tables {
		if len(t.Placements) != 1 || i > 0 && t.Placements[0].Shard != shard {
			return "", false
		}
		shard = t.Placements[0].Shard
	}
	return shard, true
}

// limit makes a statement return at most maxRows + 1 rows, if there is a
// maxRows. LIMIT comes last of all that a statement does, so the rows that
// are left are the same ones as before.
func (p *planner) limit(statement ast.Node) {
	if p.maxRows <= 0 {
		return
	}
	rows := uint64(p.maxRows) + 1
	switch n := statement.(type) {
	case *ast.SelectStmt:
		n.Limit = tree.Lower(n.Limit, rows)
	case *ast.SetOprStmt:
		n.Limit = tree.Lower(n.Limit, rows)
	}
}

// isOn reports whether a shard has all of the tables, each whole.
func isOn(shard string, tables ...*catalog.Table) bool {
	sole, ok := soleShard(tables...)
	return ok && sole == shard
}
