package router

import (
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
	limits     map[*resolve.Block]uint64   // the rows of an arm that are of use
	answers    map[*resolve.Block]string   // the shard that can answer a block alone; "" is none
	partials   map[*resolve.Block]*partial // how a block is computed in parts; nil where it can't be

	home    string
	script  script
	shipped []shipped // in the order of their steps
	tables  int       // temporary ones so far
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
	sql, shape, err := tree.Printed(statement)
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
