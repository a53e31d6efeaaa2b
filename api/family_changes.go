package api

import (
	"net/http"
	"slices"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/catalog"
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

// readIndex reads what an index is of.
func (a *API) readIndex(w http.ResponseWriter, r *http.Request) (catalog.Index, error) {
	var body struct {
		Columns []string       `json:"columns"`
		Bucket  catalog.Bucket `json:"bucket"`
	}
	if err := a.decode(w, r, &body); err != nil {
		return catalog.Index{}, err
	}
	if len(body.Columns) == 0 {
		return catalog.Index{}, invalidArgument("columns must name the columns of the index, in their order")
	}
	if body.Bucket != "" && !slices.Contains(catalog.Buckets, body.Bucket) {
		return catalog.Index{}, invalidArgument("bucket must be minute, hour or day, if it is given")
	}
	return catalog.Index{Columns: body.Columns, Bucket: body.Bucket}, nil
}

// putIndex makes an index, unless the family has it.
func (a *API) putIndex(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	index, err := a.readIndex(w, r)
	if err != nil {
		return err
	}
	t, err := a.cfg.Catalog.AddIndex(r.Context(), p.ByName("family"), index)
	if err != nil {
		return err
	}
	return a.writeFamily(w, r, a.cfg.Catalog.Snapshot(), t)
}

func (a *API) deleteIndex(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	index, err := a.readIndex(w, r)
	if err != nil {
		return err
	}
	if err := a.cfg.Catalog.DropIndex(r.Context(), p.ByName("family"), index); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
