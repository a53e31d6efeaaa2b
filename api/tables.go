package api

import (
	"fmt"
	"net/http"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/catalog"
)

// putTable registers a table that exists on a shard, or reads the columns of
// a registered one again.
func (a *API) putTable(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	var body struct {
		Shard    string `json:"shard"`
		Database string `json:"database"`
	}
	if err := a.decode(w, r, &body); err != nil {
		return err
	}
	if body.Shard == "" {
		return invalidArgument("shard must name the shard that has the table")
	}
	sh, err := a.cfg.Shards.Shard(body.Shard)
	if err != nil {
		return fmt.Errorf("shard %s: %w", body.Shard, err)
	}
	name, columns, err := sh.Describe(r.Context(), body.Database, p.ByName("table"))
	if err != nil {
		return err
	}
	size, err := a.size(r.Context(), body.Shard, body.Database, name)
	if err != nil {
		return err
	}
	t := &catalog.Table{
		Name: name, Kind: catalog.Registered, Database: body.Database, Columns: columns,
		Placements: []catalog.Placement{{Shard: body.Shard, Rows: size.Rows, Bytes: size.Bytes}},
	}
	if err := a.cfg.Catalog.RegisterTable(r.Context(), t); err != nil {
		return err
	}
	return a.writeJSON(w, http.StatusOK, newTableInfo(t))
}

func (a *API) deleteTable(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	if err := a.cfg.Catalog.UnregisterTable(r.Context(), p.ByName("table")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
