package api

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"sync"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// getHealth tells that the process serves requests.
func (a *API) getHealth(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	return a.writeJSON(w, http.StatusOK, struct {
		Status  string `json:"status"`
		Version string `json:"version"`
	}{"ok", a.cfg.Version})
}

// check is one row of /readyz.
type check struct {
	Name   string `json:"name"`            // catalog, or shard and its name
	Status string `json:"status"`          // ok, failed, or of the catalog stale
	Error  string `json:"error,omitempty"` // a problem's code
	Detail string `json:"detail,omitempty"`
}

// getReady tells whether there is a point in sending requests here. One shard
// that answers is enough: were a process withdrawn as soon as any server is
// down, one server could take down all of the service. Without the catalog
// known families are served, so that does not make it unready either, at
// first. But a process that has not read the catalog for a while, cut off from
// a catalog that others may still change, may miss the rows of a placement that
// was added meanwhile; so it is to get no requests while there are others. Nor
// is one whose accounts lack rights, which does not pass by itself: it would
// fail for some requests alone.
func (a *API) getReady(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	checks := a.checks(r.Context())
	if !a.cfg.Catalog.InTouch() {
		checks[0].Status = stale
	}
	status, text := readiness(checks[0], checks[1:])
	return a.writeJSON(w, status, struct {
		Status string  `json:"status"`
		Checks []check `json:"checks"`
	}{text, checks})
}

// stale is the status of a process that has not read the catalog for a while.
const stale = "stale"

func readiness(catalog check, shards []check) (status int, text string) {
	up, lacking := 0, catalog.Error == string(fault.RightsMissing)
	for _, c := range shards {
		if c.Error == "" {
			up++
		}
		lacking = lacking || c.Error == string(fault.RightsMissing)
	}
	switch {
	case lacking:
		return http.StatusServiceUnavailable, string(fault.RightsMissing)
	case up == 0:
		return http.StatusServiceUnavailable, "unavailable"
	case catalog.Status == stale:
		return http.StatusServiceUnavailable, stale
	case up < len(shards) || catalog.Error != "":
		return http.StatusOK, "degraded"
	}
	return http.StatusOK, "ok"
}

// checks asks the catalog, whose row is the first, and all shards.
func (a *API) checks(ctx context.Context) []check {
	shards := a.cfg.Catalog.Snapshot().Shards()
	checks := make([]check, 1+len(shards))
	var asked sync.WaitGroup
	asked.Go(func() { checks[0] = newCheck("catalog", cmp.Or(a.cfg.CatalogRights(), a.pingCatalog(ctx))) })
	for i, s := range shards {
		asked.Go(func() {
			_, _, err := a.ping(ctx, s.Name)
			checks[1+i] = newCheck("shard "+s.Name, cmp.Or(a.rights(s.Name), err, a.crowded(s.Name)))
		})
	}
	asked.Wait()
	return append(checks, a.gatherersLacking(shards)...)
}

func (a *API) rights(shard string) error {
	sh, err := a.cfg.Shards.Shard(shard)
	if err != nil {
		return err
	}
	return sh.Rights()
}

// crowded tells whether the shard's server takes no more connections. It then
// still answers on those that there are.
func (a *API) crowded(shard string) error {
	sh, err := a.cfg.Shards.Shard(shard)
	if err != nil {
		return err
	}
	return sh.Crowded()
}

// gatherersLacking has a row for each server used only for gathering on which
// an account lacks rights. They are not asked for more: queries go on without
// those that do not answer.
func (a *API) gatherersLacking(shards []catalog.Shard) (checks []check) {
	for _, sh := range a.cfg.Shards.All() {
		catalogued := slices.ContainsFunc(shards, func(s catalog.Shard) bool { return s.Name == sh.Name() })
		if err := sh.Rights(); err != nil && !catalogued {
			checks = append(checks, newCheck("shard "+sh.Name(), err))
		}
	}
	return checks
}

func (a *API) pingCatalog(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	return a.cfg.Catalog.Ping(ctx)
}

func newCheck(name string, err error) check {
	if err != nil {
		p := problemOf(err)
		return check{name, "failed", string(p.Code), p.Detail}
	}
	return check{Name: name, Status: "ok"}
}
