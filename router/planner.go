package router

import (
	"fmt"
	"slices"
	"strings"

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
	dialect Dialect
	explain bool
	whole   bool // no concat
	maxRows int
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
	return &Plan{Kind: Single, Steps: []Step{{Shard: shard, SQL: sql}}, Columns: p.root.Columns, Hashes: p.hashes()}, err
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
// are left are the same ones as before. Where a server would sort otherwise,
// only who reads the rows counts them.
func (p *planner) limit(statement ast.Node) {
	if p.maxRows <= 0 {
		return
	}
	rows := uint64(p.maxRows) + 1
	switch n := statement.(type) {
	case *ast.SelectStmt:
		if n.Limit != nil || !p.unsorts(n.OrderBy) {
			n.Limit = tree.Lower(n.Limit, rows)
		}
	case *ast.SetOprStmt:
		if n.Limit != nil || !p.unsorts(n.OrderBy) {
			n.Limit = tree.Lower(n.Limit, rows)
		}
	}
}

// unsorts reports whether a LIMIT might change the order of the rows.
func (p *planner) unsorts(order *ast.OrderByClause) bool {
	if order == nil || !p.dialect.LimitForgetsCollation {
		return false
	}
	return slices.ContainsFunc(order.Items, func(item *ast.ByItem) (collates bool) {
		tree.Walk(item.Expr, func(n ast.Node) bool {
			_, is := n.(*ast.SetCollationExpr)
			collates = collates || is
			return !collates
		})
		return collates
	})
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

// isOn reports whether a shard has all of the tables, each whole.
func isOn(shard string, tables ...*catalog.Table) bool {
	sole, ok := soleShard(tables...)
	return ok && sole == shard
}

// The limits of a plan's steps, and of their SQL together in bytes: a UNION
// ALL of many arms over many shards could otherwise grow without end.
const (
	maxSteps = 1024
	maxText  = 16 << 20
)

// script is the steps of a plan, as they are made.
type script struct {
	steps []Step
	text  int // bytes of SQL so far
}

// add appends a step, if there is room for it.
func (s *script) add(step Step) error {
	s.steps = append(s.steps, step)
	s.text += len(step.SQL)
	if step.Ship != nil {
		s.text += len(step.Ship.Shape)
	}
	if s.text > maxText || len(s.steps) > maxSteps {
		return fault.New(fault.TooLarge, "the query needs more than %d statements, or more than %d bytes of them", maxSteps, maxText)
	}
	return nil
}

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
