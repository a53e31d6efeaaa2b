package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
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

func (p *planner) plan() (*Plan, error) {
	tables, _ := p.root.Reach()
	if shard, ok := soleShard(tables); ok {
		return p.single(shard)
	}
	pieces, ok, err := p.pieces()
	if err != nil {
		return nil, err
	}
	if ok && !p.whole && p.mergeable() {
		return p.concat(pieces)
	}
	return p.gather()
}

// soleShard returns the one shard that has all of the tables, each whole: ""
// when there are no tables. It reports false when there is no such shard.
func soleShard(tables []*catalog.Table) (shard string, ok bool) {
	for i, t := range tables {
		if len(t.Placements) != 1 || i > 0 && t.Placements[0].Shard != shard {
			return "", false
		}
		shard = t.Placements[0].Shard
	}
	return shard, true
}

// single plans the whole statement on one shard; a statement without tables
// runs on any.
func (p *planner) single(shard string) (*Plan, error) {
	if shard == "" {
		var err error
		if shard, err = p.anyShard(); err != nil {
			return nil, err
		}
	}
	if p.explain {
		sql, err := tree.Restore(p.root.Node)
		return &Plan{Kind: Single, Steps: []Step{{Shard: shard, SQL: "EXPLAIN " + sql}}, Explain: true}, err
	}
	p.limit(p.root.Node)
	sql, err := tree.Restore(p.root.Node)
	return &Plan{Kind: Single, Steps: []Step{{Shard: shard, SQL: sql}}, Columns: p.root.Columns}, err
}

// anyShard returns the first shard by number, preferring active ones.
func (p *planner) anyShard() (string, error) {
	shards := p.snap.Shards()
	for _, s := range shards {
		if s.State == catalog.Active {
			return s.Name, nil
		}
	}
	if len(shards) == 0 {
		return "", fault.New(fault.Unsupported, "there is no shard to run the query on")
	}
	return shards[0].Name, nil
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
