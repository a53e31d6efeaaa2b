package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/router"
)

// queryIDHeader names the query, for DELETE /api/query/{id}.
const queryIDHeader = "X-Query-Id"

// newQueryID returns an id that cannot be guessed.
func newQueryID() string {
	var b [16]byte
	var text [2 * len(b)]byte
	rand.Read(b[:]) // never fails
	hex.Encode(text[:], b[:])
	return string(text[:])
}

func (a *API) postQuery(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	start := time.Now()
	req, err := a.readQuery(w, r)
	if err != nil {
		return err
	}
	id := newQueryID()
	w.Header()[queryIDHeader] = []string{id}
	ctx, cancel := context.WithTimeout(r.Context(), req.timeout)
	defer cancel()
	out := newStream(w, a.cfg.WriteTimeout, cancel)
	defer out.close()
	ans := &answer{out: out, request: req, id: id, start: start, layouts: &a.layouts}
	_, result, err := a.runQuery(ctx, req, id, ans)
	a.metrics.rows.Add(float64(result.Rows))
	if err != nil {
		return a.failAnswer(ctx, ans, err)
	}
	if err := ans.finish(result.Truncated); err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	return nil
}

// failAnswer ends a failed answer. It returns err where that can still have a
// status of its own, and else does not return.
func (a *API) failAnswer(ctx context.Context, ans *answer, err error) error {
	if ans.restart() {
		return err
	}
	if gone := ans.out.failure(); gone != nil {
		err = gone // whatever else came of it
	}
	p := problemOf(err)
	p.QueryID = ans.id
	a.logProblem(ctx, "POST /api/query", p, err)
	ans.fail(p)
	panic(http.ErrAbortHandler)
}

// runQuery plans the query and runs the plan; once more if the snapshot at
// hand turns out to be outdated, or if a UNION ALL, run arm by arm, turns out
// to have arms of different types, which one server must make the same.
func (a *API) runQuery(ctx context.Context, req *queryRequest, id string, sink proxy.Sink) (plan *router.Plan, result proxy.Result, err error) {
	run := func(p *router.Plan) (err error) {
		plan = p
		result, err = a.cfg.Proxy.Run(ctx, id, plan, req.limit, sink)
		return err
	}
	err = a.withPlan(ctx, req, run)
	unsupported := (*proxy.UnsupportedError)(nil)
	if plan != nil && plan.Kind == router.Concat && errors.As(err, &unsupported) {
		req.query.NoConcat = true
		err = a.withPlan(ctx, req, run)
	}
	return plan, result, proxy.Blame(err)
}

// withPlan plans a query and uses the plan. If either fails in a way that a
// newer snapshot could mend, it gets one, and if that is newer, tries again.
func (a *API) withPlan(ctx context.Context, req *queryRequest, use func(*router.Plan) error) error {
	snap := a.cfg.Catalog.Snapshot()
	for retried := false; ; retried = true {
		plan, err := a.cfg.Router.Plan(snap, req.query)
		if err == nil {
			err = use(plan)
		}
		if retried || !outdated(err) {
			return err
		}
		fresh, refreshErr := a.cfg.Catalog.Refresh(ctx)
		if refreshErr != nil {
			return refreshErr
		}
		if fresh.Version == snap.Version {
			return err
		}
		snap = fresh
	}
}

// outdated reports whether an outdated snapshot can be the reason for err.
func outdated(err error) bool {
	if err == nil {
		return false
	}
	var (
		refusal *fault.Error
		stale   *proxy.StaleError
	)
	if errors.As(err, &refusal) {
		return refusal.Code() == fault.UnknownTable || refusal.Code() == fault.UnknownColumn
	}
	return errors.As(err, &stale)
}

// deleteQuery stops a query, whichever process runs it.
func (a *API) deleteQuery(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	found, err := a.cfg.Proxy.Cancel(r.Context(), p.ByName("id"))
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.UnknownQuery, "no such query is running")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
