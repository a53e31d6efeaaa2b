package router

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/catalog"
)

// maxNamed bounds the tables, and the shards of each, that an error lists.
const maxNamed = 5

// spread says where the statement's tables are.
func (p *planner) spread() string {
	tables, _ := p.root.Reach()
	parts := make([]string, 0, len(tables))
	for _, t := range tables {
		parts = append(parts, fmt.Sprintf("`%s` is on %s", t.Name, shardsOf(t)))
	}
	return first(parts, "; ")
}

func shardsOf(t *catalog.Table) string {
	names := make([]string, len(t.Placements))
	for i, place := range t.Placements {
		names[i] = place.Shard
	}
	return first(names, ", ")
}

// first joins the first few of a list.
func first(list []string, separator string) string {
	if more := len(list) - maxNamed; more > 0 {
		list = append(list[:maxNamed:maxNamed], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(list, separator)
}
