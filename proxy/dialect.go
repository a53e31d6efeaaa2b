package proxy

import (
	"context"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
)

// plan plans a query in the dialect of the server that gives the answer. It
// begins with that of the last query's, which is the same wherever all shards
// are of one vendor, and before there was one with that of any shard.
func (p *Proxy) plan(ctx context.Context, snap *catalog.Snapshot, q router.Query) (*router.Plan, error) {
	last := p.dialect.Load()
	if last != nil {
		q.Dialect = *last
	} else {
		q.Dialect = p.anyDialect(ctx, snap)
	}
	plan, err := p.router.Plan(snap, q)
	if err != nil {
		return nil, err
	}
	spoken, ok := p.spoken(ctx, plan)
	if !ok {
		return plan, nil
	}
	if last == nil || *last != spoken {
		p.dialect.Store(&spoken)
	}
	if spoken == q.Dialect {
		return plan, nil
	}
	q.Dialect = spoken
	return p.router.Plan(snap, q)
}

// anyDialect returns the dialect of the first shard that tells it.
func (p *Proxy) anyDialect(ctx context.Context, snap *catalog.Snapshot) router.Dialect {
	for _, known := range snap.Shards() {
		if sh, err := p.shards.Shard(known.Name); err == nil {
			if info, err := sh.Server(ctx); err == nil {
				return dialectOf(info)
			}
		}
	}
	return router.Dialect{}
}

// spoken returns the dialect of the shard that runs the last statement. It
// reports false where that is not to be had: running the plan will say why.
func (p *Proxy) spoken(ctx context.Context, plan *router.Plan) (router.Dialect, bool) {
	if len(plan.Steps) == 0 {
		return router.Dialect{}, false
	}
	name := plan.Steps[0].Shard
	if plan.Kind == router.Gather {
		name = plan.Home
	}
	sh, err := p.shards.Shard(name)
	if err != nil {
		return router.Dialect{}, false
	}
	info, err := sh.Server(ctx)
	if err != nil {
		return router.Dialect{}, false
	}
	return dialectOf(info), true
}

func dialectOf(info server.Info) router.Dialect {
	return router.Dialect{
		TruthAsWritten: info.NamesTruthAsWritten(),
		FirstString:    info.NamesFirstString(),
		CommentsName:   info.NamesWithComments(),
		KeepsBlanks:    info.KeepsBlanks(),
		RowValues:      info.RowValues(),
		LacksValues:    info.LacksValues(),
		ExactWiths:     info.ExactWiths(),
		ListsColumns:   info.ListsColumns(),
		NoTies:         !info.EndsWithTies(),
		NoExamined:     !info.LimitsExamined(),
		DoubleNot:      info.JoinsNots(),
		OpensOnce:      !info.Reopens(),
		LoopsJoins:     info.LoopsJoins(),
		Unbounded:      info.UnboundedAggregates(),

		LooksUpUnpadded: info.LooksUpUnpadded(),
		RoundsQuotients: info.RoundsQuotients(),

		LimitForgetsCollation: info.LimitForgetsCollation(),
	}
}
