package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
)

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
