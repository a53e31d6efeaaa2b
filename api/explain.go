package api

import (
	"context"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/router"
)

// explainBody is the body of POST /api/explain.
type explainBody struct {
	queryBody
	Analyze bool `json:"analyze"`
}

func (a *API) postExplain(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	var body explainBody
	req, err := a.readRequest(w, r, &body, &body.queryBody)
	if err != nil {
		return err
	}
	req.query.Notes = true
	if body.Analyze {
		return a.analyze(w, r, req)
	}
	plan, err := a.cfg.Proxy.Explain(r.Context(), req.query)
	if err != nil {
		return err
	}
	return a.writeJSON(w, http.StatusOK, newExplanation(plan))
}

// analyze runs the query, and tells what its steps did in place of its rows.
func (a *API) analyze(w http.ResponseWriter, r *http.Request, req *queryRequest) error {
	a.nameQuery(w, r, req)
	ctx, cancel := context.WithTimeout(r.Context(), req.timeout)
	defer cancel()
	start := time.Now()
	result, err := a.cfg.Proxy.Query(ctx, req.query, discard{})
	if err != nil {
		return err
	}
	e := newExplanation(result.Plan)
	e.Actual = &actual{Rows: result.Rows, Elapsed: milliseconds(time.Since(start))}
	for i, s := range result.Steps {
		e.Steps[i].Actual = &actual{Rows: s.Rows, Bytes: s.Bytes, Elapsed: milliseconds(s.Elapsed)}
	}
	return a.writeJSON(w, http.StatusOK, e)
}

// discard is a sink that forgets the answer.
type discard struct{}

func (discard) Columns([]proxy.Column) error { return nil }
func (discard) Row([][]byte) error           { return nil }

// actual is what a step, or all of a query, did.
type actual struct {
	Rows    int64   `json:"rows"`
	Bytes   int64   `json:"bytes,omitempty"` // shipped
	Elapsed float64 `json:"elapsed_ms"`
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// explanation is a plan as the API shows it.
type explanation struct {
	Kind   router.Kind   `json:"kind"`
	Home   string        `json:"home"`
	Steps  []explainStep `json:"steps"`
	Notes  []string      `json:"notes,omitempty"`
	Text   string        `json:"text"`
	Actual *actual       `json:"actual,omitempty"` // where the query was run
}

type explainStep struct {
	Shard string `json:"shard"`
	SQL   string `json:"sql"`
	Into  string `json:"into"`
	// The rest is about shipments.
	At     string         `json:"at,omitempty"`
	Why    string         `json:"why,omitempty"`
	Keys   [][]string     `json:"keys,omitempty"`
	Filter *explainFilter `json:"filter,omitempty"`
	Rows   int64          `json:"estimated_rows,omitempty"`
	Bytes  int64          `json:"estimated_bytes,omitempty"`
	Actual *actual        `json:"actual,omitempty"` // where a gather was run
}

type explainFilter struct {
	Keys string `json:"keys"`
	Max  int    `json:"max"`
	SQL  string `json:"sql"`
}

func newExplanation(plan *router.Plan) explanation {
	e := explanation{Kind: plan.Kind, Home: plan.Home, Steps: make([]explainStep, len(plan.Steps)), Notes: plan.Notes, Text: plan.String()}
	for i := range plan.Steps {
		e.Steps[i] = newExplainStep(&plan.Steps[i])
	}
	return e
}

func newExplainStep(s *router.Step) explainStep {
	e := explainStep{Shard: s.Shard, SQL: s.SQL}
	if s.Ship == nil {
		return e
	}
	e.Into, e.At, e.Why, e.Keys = s.Ship.Into, s.Ship.At, s.Ship.Why, s.Ship.Keys
	e.Rows, e.Bytes = s.Ship.Rows, s.Ship.Bytes
	if f := s.Ship.Filter; f != nil {
		e.Filter = &explainFilter{Keys: f.Keys, Max: f.Max, SQL: f.Before + "…" + f.Behind}
	}
	return e
}
