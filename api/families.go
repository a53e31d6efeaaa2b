package api

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// sizeTimeout bounds how long an answer waits for a shard's sizes.
const sizeTimeout = 5 * time.Second

// familyInfo is a family as the API shows it. Rows and bytes are the servers'
// estimates; they are null where a shard does not answer.
type familyInfo struct {
	Name       string          `json:"name"`
	Columns    []columnInfo    `json:"columns"`
	Indexes    []indexInfo     `json:"indexes"`
	Placements []placementInfo `json:"placements"`
	Rows       *int64          `json:"rows"`
	Bytes      *int64          `json:"bytes"`
	Estimated  bool            `json:"estimated"`
}

type placementInfo struct {
	Shard    string `json:"shard"`
	Number   int    `json:"number"`
	Writable bool   `json:"writable"` // new rows go there
	Rows     *int64 `json:"rows"`
	Bytes    *int64 `json:"bytes"`
	Error    string `json:"error,omitempty"` // a problem's code
}

// familySummary is a family as the list shows it.
type familySummary struct {
	Name    string   `json:"name"`
	Columns int      `json:"columns"`
	Shards  []string `json:"shards"`
}

func (a *API) getFamilies(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	answer := struct {
		Families []familySummary `json:"families"`
	}{Families: []familySummary{}}
	for t := range a.newest(r.Context()).Tables {
		if t.Kind == catalog.Family {
			answer.Families = append(answer.Families, familySummary{t.Name, len(t.Columns), newTableInfo(t).Shards})
		}
	}
	return a.writeJSON(w, http.StatusOK, answer)
}

func (a *API) getFamily(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	name, snap := p.ByName("family"), a.newest(r.Context())
	t, ok := snap.Table(name)
	if !ok || t.Kind != catalog.Family {
		return fault.New(fault.UnknownFamily, "there is no such family").With(fault.Facts{Family: name})
	}
	return a.writeFamily(w, r, snap, t)
}

func (a *API) writeFamily(w http.ResponseWriter, r *http.Request, snap *catalog.Snapshot, t *catalog.Table) error {
	info := familyInfo{
		Name: t.Name, Columns: columnInfos(t), Indexes: indexInfos(t),
		Placements: a.placements(r.Context(), snap, t), Estimated: true,
	}
	info.Rows = sum(info.Placements, func(p placementInfo) *int64 { return p.Rows })
	info.Bytes = sum(info.Placements, func(p placementInfo) *int64 { return p.Bytes })
	return a.writeJSON(w, http.StatusOK, info)
}

func (a *API) deleteFamily(w http.ResponseWriter, r *http.Request, p httprouter.Params) error {
	if err := a.cfg.Catalog.DropFamily(r.Context(), p.ByName("family")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// placements asks each shard of a table for the size of what it has.
func (a *API) placements(ctx context.Context, snap *catalog.Snapshot, t *catalog.Table) []placementInfo {
	writable := snap.Writable(t)
	infos := make([]placementInfo, len(t.Placements))
	var asked sync.WaitGroup
	for i, p := range t.Placements {
		infos[i] = placementInfo{Shard: p.Shard, Number: p.Number, Writable: slices.Contains(writable, p)}
		asked.Go(func() { a.measure(ctx, t.Name, &infos[i]) })
	}
	asked.Wait()
	return infos
}

func (a *API) measure(ctx context.Context, table string, info *placementInfo) {
	size, err := a.size(ctx, info.Shard, "", table)
	if err != nil {
		info.Error = string(problemOf(err).Code)
		return
	}
	info.Rows, info.Bytes = &size.Rows, &size.Bytes
}

// size asks a shard for the size of a table.
func (a *API) size(ctx context.Context, shard, database, table string) (catalog.TableSize, error) {
	ctx, cancel := context.WithTimeout(ctx, sizeTimeout)
	defer cancel()
	sh, err := a.cfg.Shards.Shard(shard)
	if err != nil {
		return catalog.TableSize{}, err
	}
	return sh.Size(ctx, database, table)
}

// sum adds up a number of each placement. It is nil if one is missing.
func sum(placements []placementInfo, number func(placementInfo) *int64) *int64 {
	var total int64
	for _, p := range placements {
		n := number(p)
		if n == nil {
			return nil
		}
		total += *n
	}
	return &total
}
