package router

import (
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/guard"
	"github.com/kolide/databalancer/router/resolve"
)

// The length of a query in bytes where Config says none, and the greatest that
// it can say.
const (
	DefaultMaxLength = guard.DefaultLength
	LongestQuery     = guard.MaxLength
)

// Config configures a [Router].
type Config struct {
	// Database is the name of our database on the shards: the only qualifier
	// that table names may bear. It is compared exactly, as servers on Linux
	// do.
	Database string

	// MaxLength is the longest query in bytes; 0 stands for DefaultMaxLength.
	MaxLength int

	// Homes names servers that are used only for gathering. Where there are
	// any, queries that need several shards are finished on one of them.
	Homes []string

	// PlanBytes is about the memory for plans that are remembered, in bytes; 0:
	// none is.
	PlanBytes int
}

// Router plans queries. It has no state but plans that it remembers, and is safe
// for concurrent use.
type Router struct {
	database string
	limits   guard.Limits
	homes    []string
	plans    *plans // nil: none is remembered
}

// New returns a router.
func New(cfg Config) *Router {
	r := &Router{
		database: cfg.Database,
		homes:    cfg.Homes,
		limits:   guard.Limits{Length: cfg.MaxLength},
	}
	if cfg.PlanBytes > 0 {
		r.plans = &plans{most: cfg.PlanBytes / 2}
	}
	return r
}

// Dialect says where servers read, or name, one text in different ways.
type Dialect = guard.Dialect

// Query is what a client asks.
type Query struct {
	SQL string
	// Args are the values of the placeholders in SQL, in order: each nil,
	// bool, string, json.Number, int64 or float64.
	Args []any
	// MaxRows is the number of rows that the client will take, or 0 for all.
	// One more is asked for, so that the reader can tell that there are more.
	MaxRows int
	// NoConcat has a query gathered whose parts turned out to have columns of
	// different types, so that one server must make them one.
	NoConcat bool
	// Dialect is that of the servers that run the plan.
	Dialect Dialect
	// Notes has the plan say what would make it faster.
	Notes bool
}

// Plan turns a query into a plan for the given state of the catalog. The
// error is a [*fault.Error] whenever the query is at fault.
func (r *Router) Plan(snap *catalog.Snapshot, q Query) (*Plan, error) {
	if r.plans != nil && !q.Notes && r.limits.Fits(q.SQL, q.Args) {
		if plan := r.remembered(snap, &q); plan != nil {
			return plan, nil
		}
	}
	st, err := q.Dialect.Parse(q.SQL, q.Args, r.limits)
	if err != nil {
		return nil, err
	}
	return r.planOf(snap, &q, st)
}

// planOf plans a statement.
func (r *Router) planOf(snap *catalog.Snapshot, q *Query, st *guard.Statement) (*Plan, error) {
	root, err := resolve.Statement(snap, r.database, st)
	if err != nil {
		return nil, err
	}
	p := planner{
		snap: snap, homes: r.homes, source: q.SQL, root: root,
		dialect: q.Dialect, explain: st.Explain(), whole: q.NoConcat, maxRows: q.MaxRows,
	}
	// What is said of the tree as it is before planning changes it.
	var notes []string
	if q.Notes {
		notes = p.notes()
	}
	brief := p.explain || p.brief()
	plan, err := p.plan()
	if err == nil {
		plan.Notes, plan.Brief = notes, brief
	}
	return plan, err
}

func (p *planner) plan() (*Plan, error) {
	tables, _ := p.root.Reach()
	if shard, ok := soleShard(tables...); ok {
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
