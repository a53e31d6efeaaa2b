package shard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/catalog"
)

const (
	selectSizes = `
	SELECT table_name, COALESCE(table_rows, 0),
		COALESCE(data_length, 0) + COALESCE(index_length, 0)
	FROM information_schema.tables
	WHERE table_schema = ? AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')`
	selectSize = selectSizes + ` AND table_name = ?`
)

// Sizes returns the sizes of our database's tables that the query account may
// see, by name, without databalancer's own.
func (sh *Shard) Sizes(ctx context.Context) ([]catalog.TableSize, error) {
	rows, err := sh.control.QueryContext(ctx, selectSizes+" ORDER BY table_name", sh.cfg.Database)
	if err != nil {
		return nil, sh.wrap(err)
	}
	defer rows.Close()
	var sizes []catalog.TableSize
	for rows.Next() {
		var s catalog.TableSize
		if err := rows.Scan(&s.Name, &s.Rows, &s.Bytes); err != nil {
			return nil, sh.wrap(err)
		}
		if !catalog.IsReserved(s.Name) {
			sizes = append(sizes, s)
		}
	}
	return sizes, sh.wrap(rows.Err())
}

// Size returns the size of one table, at a cost that does not depend on how
// many others there are. An empty database is ours. It returns ErrNoTable.
func (sh *Shard) Size(ctx context.Context, database, table string) (catalog.TableSize, error) {
	s := catalog.TableSize{Database: database}
	if database == "" {
		database = sh.cfg.Database
	}
	err := sh.control.QueryRowContext(ctx, selectSize, database, table).Scan(&s.Name, &s.Rows, &s.Bytes)
	if errors.Is(err, sql.ErrNoRows) {
		return s, fmt.Errorf("shard %s: %s.%s: %w", sh.Name(), database, table, ErrNoTable)
	}
	return s, sh.wrap(err)
}

// Sizer is what Measure needs of the catalog; *store.Store is one.
type Sizer interface {
	Snapshot() *catalog.Snapshot
	ClaimSizing(ctx context.Context, interval time.Duration) (bool, error)
	RecordSizes(ctx context.Context, shard string, seen int, sizes []catalog.TableSize) error
	SplitFull(ctx context.Context)
}

// Measure writes the sizes of all shards and of their tables to the catalog,
// at once and then once an interval, until ctx ends, and each time lets the
// catalog split what has grown too large. Of many processes one does the work.
func (s *Set) Measure(ctx context.Context, cat Sizer, interval time.Duration) {
	every(ctx, interval, func(ctx context.Context) {
		// If it fails the catalog is away.
		if ours, err := cat.ClaimSizing(ctx, interval/2); err == nil && ours {
			s.measure(ctx, cat)
		}
	})
}

func (s *Set) measure(ctx context.Context, cat Sizer) {
	for _, sh := range s.catalogued() {
		if err := sh.measure(ctx, cat); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Debug("Measuring shard", "shard", sh.Name(), "err", err)
		}
	}
	cat.SplitFull(ctx)
}

func (sh *Shard) measure(ctx context.Context, cat Sizer) error {
	seen := 0
	if known, ok := cat.Snapshot().Shard(sh.Name()); ok {
		seen = known.Placed
	}
	sizes, err := sh.Sizes(ctx)
	if err != nil {
		return err
	}
	for t := range cat.Snapshot().Tables {
		if t.Kind != catalog.Registered || t.Database == "" || !t.On(sh.Name()) {
			continue
		}
		switch size, err := sh.Size(ctx, t.Database, t.Name); {
		case err == nil:
			sizes = append(sizes, size)
		case !errors.Is(err, ErrNoTable): // that one is gone, or hidden
			return err
		}
	}
	return cat.RecordSizes(ctx, sh.Name(), seen, sizes)
}
