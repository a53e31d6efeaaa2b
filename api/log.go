package api

import (
	"net/http"

	"github.com/julienschmidt/httprouter"
)

// stored is the answer to a log request: all its events are committed.
type stored struct {
	Family       string   `json:"family"`
	Accepted     int      `json:"accepted"`
	Created      bool     `json:"created"`
	ColumnsAdded []string `json:"columns_added"`
}

func (a *API) putLog(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	body, release, err := a.logs.read(w, r)
	if err != nil {
		return err
	}
	defer release()
	result, err := a.cfg.Ingester.Put(r.Context(), body)
	if err != nil {
		return err
	}
	a.metrics.events.Add(float64(result.Accepted))
	answer := stored{
		Family: result.Family, Accepted: result.Accepted,
		Created: result.Created, ColumnsAdded: result.ColumnsAdded,
	}
	if answer.ColumnsAdded == nil {
		answer.ColumnsAdded = []string{}
	}
	return a.writeJSON(w, http.StatusOK, answer)
}
