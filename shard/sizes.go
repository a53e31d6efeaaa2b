package shard

import (
	"context"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// TableSize is the size of a table of our database.
type TableSize struct {
	Name  string
	Rows  int64 // estimated
	Bytes int64 // data and indexes
}

const selectSizes = `
	SELECT table_name, COALESCE(table_rows, 0),
		COALESCE(data_length, 0) + COALESCE(index_length, 0)
	FROM information_schema.tables
	WHERE table_schema = ? AND table_type = 'BASE TABLE'
	ORDER BY table_name`

// Sizes returns the sizes of our database's tables that the query account may
// see, by name, without databalancer's own.
func (sh *Shard) Sizes(ctx context.Context) ([]TableSize, error) {
	rows, err := sh.control.QueryContext(ctx, selectSizes, sh.cfg.Database)
	if err != nil {
		return nil, sh.wrap(err)
	}
	defer rows.Close()
	var sizes []TableSize
	for rows.Next() {
		var t TableSize
		if err := rows.Scan(&t.Name, &t.Rows, &t.Bytes); err != nil {
			return nil, sh.wrap(err)
		}
		if !catalog.IsReserved(t.Name) {
			sizes = append(sizes, t)
		}
	}
	return sizes, sh.wrap(rows.Err())
}

// Sizer is what Measure needs of the catalog; *catalog.Catalog is one.
type Sizer interface {
	ClaimSizing(ctx context.Context, interval time.Duration) (bool, error)
	RecordSizes(ctx context.Context, shard string, bytes, rows int64) error
}

// Measure writes the sizes of all shards to the catalog once an interval,
// until ctx ends. Of many processes one does the work.
func (s *Set) Measure(ctx context.Context, cat Sizer, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if ours, err := cat.ClaimSizing(ctx, interval/2); err != nil || !ours {
			continue // the catalog is away, or another process measures
		}
		for _, sh := range s.All() {
			if err := sh.measure(ctx, cat); err != nil && ctx.Err() == nil {
				s.cfg.Logger.Debug("Measuring shard", "shard", sh.Name(), "err", err)
			}
		}
	}
}

func (sh *Shard) measure(ctx context.Context, cat Sizer) error {
	sizes, err := sh.Sizes(ctx)
	if err != nil {
		return err
	}
	var bytes, rows int64
	for _, t := range sizes {
		bytes += t.Bytes
		rows += t.Rows
	}
	return cat.RecordSizes(ctx, sh.Name(), bytes, rows)
}
