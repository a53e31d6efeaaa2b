package router

import (
	"fmt"
	"slices"

	"github.com/kolide/databalancer/router/resolve"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// parts are the groups of a block that are computed placement by placement. The
// tables that the split one is joined with are broadcast to the placements'
// shards.
type parts struct {
	estimate
	*partial
	shards []string // by placement
}

func (g *gatherer) newParts(p *partial) *parts {
	u := &parts{partial: p}
	for _, place := range p.split.Table.Placements {
		u.shards = append(u.shards, place.Shard)
	}
	u.rows = float64(len(u.shards))
	if len(p.group) > 0 {
		u.rows = max(g.sourceRows(p.split)/20, u.rows)
	}
	u.bytes = u.rows * 32 * float64(len(p.fields))
	u.measured = isMeasured(p.block)
	for _, s := range p.block.Sources {
		if s != p.split {
			u.bytes += g.newRows(s).bytes * float64(len(u.lacking(s)))
		}
	}
	return u
}

// lacking returns the shards, each once, to which a whole table must be
// broadcast to be on all shards of the parts.
func (u *parts) lacking(s *resolve.Source) []string {
	var to []string
	for _, shard := range u.shards {
		if !s.Table.On(shard) && !slices.Contains(to, shard) {
			to = append(to, shard)
		}
	}
	return to
}

// ship adds the steps that broadcast what the parts need, and those that
// compute the parts.
func (u *parts) ship(g *gatherer, table string) error {
	broadcast := make(map[*resolve.Source]string)
	for _, s := range u.block.Sources {
		to := u.lacking(s)
		if s == u.split || len(to) == 0 {
			continue
		}
		broadcast[s] = g.temporary()
		r := g.newRows(s)
		for _, shard := range to {
			if err := r.send(g, broadcast[s], shard, nil); err != nil {
				return err
			}
		}
	}
	for i := range u.shards {
		if err := u.shipPart(g, table, i, broadcast); err != nil {
			return err
		}
	}
	return nil
}

// shipPart adds the step of one placement. On its shard, the other sources
// are tables of the shard itself or broadcast ones.
func (u *parts) shipPart(g *gatherer, table string, part int, broadcast map[*resolve.Source]string) error {
	step := Step{Shard: u.shards[part]}
	moved := make(map[*ast.TableSource]*ast.TableSource)
	for _, s := range u.block.Sources {
		if name := broadcast[s]; name != "" && !s.Table.On(step.Shard) {
			moved[s.Ref] = relocated(s, name)
			step.After = append(step.After, name)
		}
	}
	ship := u.shipment(table, len(u.shards))
	ship.JSON = u.json()
	ship.Why = fmt.Sprintf("groups of `%s`, placement %d", u.split.Table.Name, u.split.Table.Placements[part].Number)
	step.Ship = &ship
	from := tree.Rejoined(u.sel.From.TableRefs, func(ref *ast.TableSource) *ast.TableSource {
		if to := moved[ref]; to != nil {
			return to
		}
		return ref
	})
	return g.send(u.statement(from.(*ast.Join)), step)
}
