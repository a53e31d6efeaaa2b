package api

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/router"
)

func (a *API) postExplain(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	req, err := a.readQuery(w, r)
	if err != nil {
		return err
	}
	req.query.Notes = true
	var plan *router.Plan
	err = a.withPlan(r.Context(), req, func(p *router.Plan) error {
		plan = p
		return nil
	})
	if err != nil {
		return err
	}
	return a.writeJSON(w, http.StatusOK, newExplanation(plan))
}

// explanation is a plan as the API shows it.
type explanation struct {
	Kind  router.Kind   `json:"kind"`
	Home  string        `json:"home"`
	Steps []explainStep `json:"steps"`
	Notes []string      `json:"notes,omitempty"`
	Text  string        `json:"text"`
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
