package api

import (
	"net/http"

	"github.com/julienschmidt/httprouter"
)

// putSpread gives a family placements on more shards.
func (a *API) putSpread(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	var body struct {
		Shards int `json:"shards"`
	}
	if err := a.decode(w, r, &body); err != nil {
		return err
	}
	if body.Shards < 1 {
		return invalidArgument("shards must be the number of shards that the family is to be on, at least 1")
	}
	t, err := a.cfg.Catalog.Spread(r.Context(), p.ByName("family"), body.Shards)
	if err != nil {
		return err
	}
	return a.writeFamily(w, r, a.cfg.Catalog.Snapshot(), t)
}

// readIndex reads the columns of an index.
func (a *API) readIndex(w http.ResponseWriter, r *http.Request) ([]string, error) {
	var body indexInfo
	if err := a.decode(w, r, &body); err != nil {
		return nil, err
	}
	if len(body.Columns) == 0 {
		return nil, invalidArgument("columns must name the columns of the index, in their order")
	}
	return body.Columns, nil
}

// putIndex makes an index, unless the family has it.
func (a *API) putIndex(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	columns, err := a.readIndex(w, r)
	if err != nil {
		return err
	}
	t, err := a.cfg.Catalog.AddIndex(r.Context(), p.ByName("family"), columns)
	if err != nil {
		return err
	}
	return a.writeFamily(w, r, a.cfg.Catalog.Snapshot(), t)
}

func (a *API) deleteIndex(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	columns, err := a.readIndex(w, r)
	if err != nil {
		return err
	}
	if err := a.cfg.Catalog.DropIndex(r.Context(), p.ByName("family"), columns); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
