package proxy

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// A query is planned again when the catalog turns out to be newer, and when
// the arms of a UNION ALL do not go together; each once, whatever comes.
func TestTriesAgain(t *testing.T) {
	var (
		stale   = &catalog.StaleError{Shard: "a"}
		still   = &catalog.StaleError{Shard: "b"}
		differ  = fault.New(fault.Unsupported, "types differ")
		unknown = fault.New(fault.UnknownTable, "x")
		column  = fault.New(fault.UnknownColumn, "x")
		syntax  = fault.New(fault.Syntax, "x")
		refused = fault.New(fault.Unsupported, "x")
		failure = &shard.Error{Shard: "a", Err: errors.New("failure")}
		gone    = &shard.UnreachableError{Shard: "a", Err: fmt.Errorf("shard a: %w", shard.ErrUnknown)}
		down    = &shard.UnreachableError{Shard: "a", Err: errors.New("no route")}
	)
	tests := []struct {
		name    string
		kind    router.Kind // "": single
		plans   []error     // of one plan after the other; then none
		runs    []error     // of one run after the other; then none
		same    bool        // the catalog has no newer version
		told    bool        // the sink has been told the columns before a run fails
		refresh error
		want    error
		steps   string
	}{
		{name: "well", steps: "plan 1, run single"},
		{name: "stale once", runs: []error{stale}, steps: "plan 1, run single, refresh, plan 2, run single"},
		{name: "stale twice", runs: []error{stale, still}, want: still, steps: "plan 1, run single, refresh, plan 2, run single"},
		{name: "stale, nothing newer", runs: []error{stale}, same: true, want: stale, steps: "plan 1, run single, refresh"},
		{name: "stale, no catalog", runs: []error{stale}, refresh: catalog.ErrUnavailable, want: catalog.ErrUnavailable, steps: "plan 1, run single, refresh"},
		{name: "wrapped", runs: []error{fmt.Errorf("step 1: %w", stale)}, steps: "plan 1, run single, refresh, plan 2, run single"},
		{name: "unknown table", plans: []error{unknown}, steps: "plan 1, refresh, plan 2, run single"},
		{name: "unknown column", plans: []error{column}, steps: "plan 1, refresh, plan 2, run single"},
		{name: "unknown still", plans: []error{unknown, column}, want: column, steps: "plan 1, refresh, plan 2"},
		{name: "unknown, nothing newer", plans: []error{unknown}, same: true, want: unknown, steps: "plan 1, refresh"},
		{name: "unknown, no catalog", plans: []error{unknown}, refresh: catalog.ErrUnavailable, want: catalog.ErrUnavailable, steps: "plan 1, refresh"},
		{name: "unknown, then stale", plans: []error{unknown}, runs: []error{stale}, want: stale, steps: "plan 1, refresh, plan 2, run single"},
		{name: "stale, then unknown", plans: []error{nil, unknown}, runs: []error{stale}, want: unknown, steps: "plan 1, run single, refresh, plan 2"},
		{name: "a server's unknown table", runs: []error{serverError(1146)}, steps: "plan 1, run single, refresh, plan 2, run single"},
		{name: "a server's unknown column", runs: []error{serverError(1054)}, steps: "plan 1, run single, refresh, plan 2, run single"},
		{name: "unknown shard", runs: []error{gone}, steps: "plan 1, run single, refresh, plan 2, run single"},
		{name: "unreachable shard", runs: []error{down}, want: down, steps: "plan 1, run single"},
		{name: "syntax", plans: []error{syntax}, want: syntax, steps: "plan 1"},
		{name: "failure", runs: []error{failure}, want: failure, steps: "plan 1, run single"},

		{name: "arms differ", kind: router.Concat, runs: []error{differ}, steps: "plan 1, run concat, plan 1 whole, run gather"},
		{name: "gathered in vain", kind: router.Concat, runs: []error{differ, failure}, want: failure, steps: "plan 1, run concat, plan 1 whole, run gather"},
		{name: "gathered, unsupported", kind: router.Concat, runs: []error{differ, differ}, want: differ, steps: "plan 1, run concat, plan 1 whole, run gather"},
		{name: "cannot be gathered", kind: router.Concat, plans: []error{nil, refused}, runs: []error{differ}, want: refused, steps: "plan 1, run concat, plan 1 whole"},
		{name: "stale, then refused", kind: router.Concat, plans: []error{nil, refused}, runs: []error{stale}, want: refused, steps: "plan 1, run concat, refresh, plan 2"},
		{name: "concat refused", kind: router.Concat, plans: []error{refused}, want: refused, steps: "plan 1"},
		{name: "single, unsupported", runs: []error{differ}, want: differ, steps: "plan 1, run single"},
		{name: "gather, unsupported", kind: router.Gather, runs: []error{differ}, want: differ, steps: "plan 1, run gather"},

		{name: "stale, then arms differ", kind: router.Concat, runs: []error{stale, differ},
			steps: "plan 1, run concat, refresh, plan 2, run concat, plan 2 whole, run gather"},
		{name: "arms differ, then stale", kind: router.Concat, runs: []error{differ, stale},
			steps: "plan 1, run concat, plan 1 whole, run gather, refresh, plan 2 whole, run gather"},
		{name: "stale when it has told", told: true, runs: []error{stale}, want: stale, steps: "plan 1, run single"},
		{name: "arms differ when they have told", told: true, kind: router.Concat, runs: []error{differ}, want: differ, steps: "plan 1, run concat"},
		{name: "each twice", kind: router.Concat, runs: []error{stale, differ, stale, still}, want: still,
			steps: "plan 1, run concat, refresh, plan 2, run concat, plan 2 whole, run gather, refresh, plan 3 whole, run gather"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var steps []string
			cat := &fakeCatalog{}
			cat.refresh = func(context.Context) (*catalog.Snapshot, error) {
				steps = append(steps, "refresh")
				if tt.refresh == nil && !tt.same {
					cat.newer = catalog.NewSnapshot(cat.Snapshot().Version+1, nil, nil)
				}
				return cat.Snapshot(), tt.refresh
			}
			p := New(Config{Catalog: cat, Router: fakeRouter(func(snap *catalog.Snapshot, q router.Query) (*router.Plan, error) {
				step := fmt.Sprintf("plan %d", snap.Version+1)
				plan := &router.Plan{Kind: cmp.Or(tt.kind, router.Single)}
				if q.NoConcat {
					step, plan.Kind = step+" whole", router.Gather
				}
				steps = append(steps, step)
				return plan, next(&tt.plans)
			})})
			var ran *router.Plan
			result, err := p.answer(t.Context(), router.Query{}, func(plan *router.Plan) (Result, error) {
				ran = plan
				steps = append(steps, "run "+string(plan.Kind))
				return Result{told: tt.told}, next(&tt.runs)
			})
			if err != tt.want {
				t.Errorf("%v, want %v", err, tt.want)
			}
			if got := strings.Join(steps, ", "); got != tt.steps {
				t.Errorf("%s\nwant\n%s", got, tt.steps)
			}
			if err == nil && result.Plan != ran {
				t.Errorf("the result has the plan %v, which is not the one that answered", result.Plan)
			}
		})
	}
}

// serverError is an error of a server as connections return it.
func serverError(number uint16) error {
	return &shard.Error{Shard: "a", Err: shard.Wrap("a", &mysql.MySQLError{Number: number})}
}

// next takes the first of the errors that are left.
func next(errs *[]error) (err error) {
	if len(*errs) > 0 {
		err, *errs = (*errs)[0], (*errs)[1:]
	}
	return err
}

// What is explained is planned like what is run.
func TestExplainTriesAgain(t *testing.T) {
	cat := &fakeCatalog{}
	unknown := fault.New(fault.UnknownTable, "x")
	var asked router.Query
	p := New(Config{Catalog: cat, Router: fakeRouter(func(snap *catalog.Snapshot, q router.Query) (*router.Plan, error) {
		if asked = q; snap.Version == 0 {
			return nil, unknown
		}
		return &router.Plan{Kind: router.Concat}, nil
	})})
	q := Query{SQL: "SELECT ?", Args: []any{true}, MaxRows: 7, Notes: true}
	if plan, err := p.Explain(t.Context(), q); err != unknown || plan != nil {
		t.Errorf("%v, %v", plan, err)
	}
	cat.refresh = func(context.Context) (*catalog.Snapshot, error) { return catalog.NewSnapshot(1, nil, nil), nil }
	if plan, err := p.Explain(t.Context(), q); err != nil || plan.Kind != router.Concat {
		t.Errorf("%v, %v", plan, err)
	}
	if asked.SQL != q.SQL || len(asked.Args) != 1 || asked.MaxRows != 7 || !asked.Notes || asked.NoConcat {
		t.Errorf("asked for %+v", asked)
	}
}

// A query can be stopped by its id while it waits for the catalog, and ends
// with its context.
func TestStopsWhileRefreshing(t *testing.T) {
	cat := &fakeCatalog{}
	p := New(Config{Catalog: cat, Router: fakeRouter(func(*catalog.Snapshot, router.Query) (*router.Plan, error) {
		return nil, fault.New(fault.UnknownTable, "x")
	})})
	cat.refresh = func(ctx context.Context) (*catalog.Snapshot, error) {
		if found, err := p.Cancel(t.Context(), "q"); !found || err != nil {
			t.Errorf("cancel: %v, %v", found, err)
		}
		<-ctx.Done()
		return nil, fmt.Errorf("catalog: %w", ctx.Err())
	}
	if _, err := p.Query(t.Context(), Query{ID: "q"}, nullSink{}); err != ErrCancelled {
		t.Errorf("%v, want ErrCancelled", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cat.refresh = func(ctx context.Context) (*catalog.Snapshot, error) {
		cancel()
		<-ctx.Done()
		return nil, catalog.ErrUnavailable
	}
	if _, err := p.Query(ctx, Query{ID: "q"}, nullSink{}); err != catalog.ErrUnavailable {
		t.Errorf("%v, want what the catalog says", err)
	}
}

func TestBlame(t *testing.T) {
	for _, number := range []uint16{1046, 1052, 1054, 1064, 1146, 1242, 1267, 1365, 1690, 3141, 4038, 4079} {
		var query *QueryError
		if err := blame(serverError(number)); !errors.As(err, &query) || query.Server.Number != number {
			t.Errorf("%d: %v, want a *QueryError", number, err)
		}
	}
	errs := []error{nil, errors.New("none of a server's"), fmt.Errorf("%w: %w", shard.ErrUnreachable, serverError(1064))}
	for _, number := range []uint16{1000, 1030, 1038, 1045, 1114, 1142, 1205, 1213, 1317, 1412, 1969, 3024, 3169} {
		errs = append(errs, serverError(number))
	}
	for _, err := range errs {
		if got := blame(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}
