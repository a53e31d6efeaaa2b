package api

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// refreshTimeout bounds how long an answer from the catalog waits for its
// newest version, without which it does.
const refreshTimeout = 2 * time.Second

// tableInfo is a table as the API shows it. Of other tables than families no
// indexes are known.
type tableInfo struct {
	Name    string       `json:"name"`
	Columns []columnInfo `json:"columns"`
	Indexes []indexInfo  `json:"indexes,omitempty"`
	Shards  []string     `json:"shards"`
}

// indexInfo is an index: of columns, or of the buckets of a timestamp.
type indexInfo struct {
	Columns []string       `json:"columns"`
	Bucket  catalog.Bucket `json:"bucket,omitempty"`
	Whole   bool           `json:"whole,omitempty"` // of one text: whole values are in it
}

type columnInfo struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Nullable bool   `json:"nullable"`
}

func newTableInfo(t *catalog.Table) tableInfo {
	info := tableInfo{Name: t.Name, Columns: columnInfos(t), Indexes: indexInfos(t), Shards: make([]string, len(t.Placements))}
	for i, p := range t.Placements {
		info.Shards[i] = p.Shard
	}
	return info
}

func indexInfos(t *catalog.Table) []indexInfo {
	indexes := make([]indexInfo, len(t.Indexes))
	for i, ix := range t.Indexes {
		indexes[i].Columns = ix.Columns
		if len(ix.Columns) == 1 {
			shadow, ok := t.Shadow(ix.Columns[0], "")
			indexes[i].Whole = ok && shadow.Usable
		}
	}
	for _, s := range t.Shadows {
		if s.Bucket != "" && s.Usable {
			indexes = append(indexes, indexInfo{Columns: []string{s.Column}, Bucket: s.Bucket})
		}
	}
	return indexes
}

// columnInfos lists a table's columns by position. A registered table reports
// MySQL's own names of its types.
func columnInfos(t *catalog.Table) []columnInfo {
	columns := make([]columnInfo, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = columnInfo{Name: c.Name, Type: cmp.Or(c.DataType, string(c.Type)), Nullable: c.Nullable}
	}
	return columns
}

// newest returns the catalog's newest version, so that a client sees here
// what another process has just done for it; or, while the catalog cannot be
// reached, the version at hand.
func (a *API) newest(ctx context.Context) *catalog.Snapshot {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if snap, err := a.cfg.Catalog.Refresh(ctx); err == nil {
		return snap
	}
	return a.cfg.Catalog.Snapshot()
}

func (a *API) getDescribe(w http.ResponseWriter, r *http.Request, _ httprouter.Params) error {
	answer := struct {
		Tables []tableInfo `json:"tables"`
	}{Tables: []tableInfo{}}
	snap := a.newest(r.Context())
	if r.URL.Query().Has("table") {
		t, err := table(snap, r.URL.Query().Get("table"))
		if err != nil {
			return err
		}
		answer.Tables = append(answer.Tables, newTableInfo(t))
		return a.writeJSON(w, http.StatusOK, answer)
	}
	for t := range snap.Tables {
		answer.Tables = append(answer.Tables, newTableInfo(t))
	}
	return a.writeJSON(w, http.StatusOK, answer)
}

func table(snap *catalog.Snapshot, name string) (*catalog.Table, error) {
	t, ok := snap.Table(name)
	if !ok {
		return nil, fault.New(fault.UnknownTable, "there is no such table").With(fault.Facts{Table: name})
	}
	return t, nil
}
