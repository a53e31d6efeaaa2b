package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/fault"
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

// nameQuery gives the query an id, and tells the client; and says whose it is.
func (a *API) nameQuery(w http.ResponseWriter, r *http.Request, req *queryRequest) {
	req.query.ID, req.query.Client = newQueryID(), a.clientOf(r)
	w.Header()[queryIDHeader] = []string{req.query.ID}
}

func (a *API) postQuery(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	start := time.Now()
	req, err := a.readQuery(w, r)
	if err != nil {
		return err
	}
	a.nameQuery(w, r, req)
	ctx, cancel := context.WithTimeout(r.Context(), req.timeout)
	defer cancel()
	out := newStream(w, a.cfg.WriteTimeout, cancel)
	defer out.close()
	ans := &answer{out: out, request: req, start: start, layouts: &a.layouts, maxBytes: a.cfg.MaxResultBytes}
	result, err := a.cfg.Proxy.Query(ctx, req.query, ans)
	a.metrics.rows.Add(float64(result.Rows))
	if err != nil {
		return a.failAnswer(ctx, ans, err)
	}
	if err := ans.finish(result); err != nil {
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
	p.QueryID = ans.request.query.ID
	a.logProblem(ctx, "POST /api/query", p, err)
	ans.fail(p)
	panic(http.ErrAbortHandler)
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
