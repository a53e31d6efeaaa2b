package store

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// ClaimSizing reports whether it is for the caller to measure the shards and
// RecordSizes: of all callers in all processes, one in each interval is told
// so. Time is the catalog server's.
func (s *Store) ClaimSizing(ctx context.Context, interval time.Duration) (bool, error) {
	res, err := s.db.ExecContext(ctx, `UPDATE meta SET sized_at = UTC_TIMESTAMP(6)
		WHERE one = 1 AND sized_at <= UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND`, interval.Microseconds())
	if lost(err) {
		return false, nil
	}
	if err != nil {
		return false, classify(fmt.Errorf("catalog sizing: %w", err))
	}
	n, err := res.RowsAffected()
	return n > 0, err
}

// RecordSizes stores what was measured on a shard: its size, which is that of
// the tables in our database, and the sizes of the placements that it has. A
// placement's is left as it is unless it has changed noticeably, so that who
// follows the catalog loads only few of many tables anew. seen is the number
// of families placed on the shard (Shard.Placed) before it was measured: from
// then on those count by their size. Errors are catalog.ErrUnknownShard and
// catalog.ErrUnavailable.
func (s *Store) RecordSizes(ctx context.Context, shard string, seen int, sizes []catalog.TableSize) error {
	snapshot, err := s.Refresh(ctx)
	if err != nil {
		return err
	}
	changed := changedSizes(snapshot, shard, sizes, s.cfg.SplitBytes)
	var total size
	for _, s := range sizes {
		if s.Database == "" {
			total.rows += s.Rows
			total.bytes += s.Bytes
		}
	}
	return s.tx(ctx, func(tx *sql.Tx) error { return recordIn(ctx, tx, shard, seen, total, changed) })
}

func recordIn(ctx context.Context, tx *sql.Tx, shard string, seen int, total size, changed map[sizeKey]size) error {
	s, err := loadShard(ctx, tx, shard)
	if err != nil {
		return err
	}
	if len(changed) > 0 || s.Placed > 0 || noticeable(s.Bytes, total.bytes, 0, 100) || noticeable(s.Rows, total.rows, 0, 100) {
		version, err := bump(ctx, tx)
		if err != nil {
			return err
		}
		if err := storeSizes(ctx, tx, changed, version); err != nil {
			return err
		}
	}
	return exec(ctx, tx, "shards", `UPDATE shards SET bytes = ?, row_count = ?, placed = GREATEST(placed - ?, 0), sized_at = UTC_TIMESTAMP(6)
		WHERE number = ?`, total.bytes, total.rows, seen, s.Number)
}

// sizeKey names a placement: the key of its table's name, and its number.
type sizeKey struct {
	name   string
	number int
}

// size is the size of a placement of the family of that id; the id is 0 for
// tables that are no family's.
type size struct {
	family      int64
	rows, bytes int64
}

// What a placement's size must change by to be recorded: more than a fifth,
// and more than so many rows or bytes.
const (
	sizeShare   = 5
	leastRows   = 1000
	leastBytes  = 64 << 10
	sizesAtOnce = 500 // rows in one statement
)

// changedSizes returns the measured sizes of the placements on the shard that
// the snapshot has no size of, or another one. Full is the size at which a
// placement is full: that it has reached it is always noticeable.
func changedSizes(s *catalog.Snapshot, shard string, sizes []catalog.TableSize, full int64) map[sizeKey]size {
	spelled := make(map[string]bool, len(sizes)) // as the server has them
	for _, m := range sizes {
		spelled[m.Name] = true
	}
	changed := make(map[sizeKey]size)
	for _, m := range sizes {
		t, ok := s.Table(m.Name)
		if !ok || !strings.EqualFold(t.Database, m.Database) {
			continue
		}
		p, ok := t.At(shard)
		if !ok || t.Name != m.Name && spelled[t.Name] {
			continue // elsewhere, or a table whose name differs in case alone
		}
		key := sizeKey{catalog.Key(t.Name), p.Number}
		unknown := p.Rows == 0 && p.Bytes == 0 && m.Rows+m.Bytes > 0
		if unknown || noticeable(p.Rows, m.Rows, leastRows, sizeShare) ||
			noticeable(p.Bytes, m.Bytes, leastBytes, sizeShare) || p.Bytes < full && m.Bytes >= full {
			changed[key] = size{t.ID, m.Rows, m.Bytes}
		}
	}
	return changed
}

// noticeable reports whether a size differs by more than least, and by more
// than the share of one in so many.
func noticeable(before, after, least, share int64) bool {
	most := max(before, after)
	difference := most - min(before, after)
	return difference > least && difference > most/share
}

// storeSizes comes after bump, like all changes to the sizes.
func storeSizes(ctx context.Context, tx *sql.Tx, sizes map[sizeKey]size, version uint64) error {
	for keys := range slices.Chunk(slices.Collect(maps.Keys(sizes)), sizesAtOnce) {
		var args []any
		for _, k := range keys {
			args = append(args, k.name, k.number, sizes[k].family, sizes[k].rows, sizes[k].bytes, version)
		}
		if err := exec(ctx, tx, "sizes", `REPLACE INTO sizes (name_key, number, family_id, row_count, bytes, version) VALUES `+
			rowsOf(6, args), args...); err != nil {
			return err
		}
	}
	return nil
}

// refreshSizes returns old's sizes with those that have changed, and the keys
// of the names of the tables whose sizes those are.
func refreshSizes(ctx context.Context, q querier, old *state) (sizes map[sizeKey]size, changed map[string]bool, err error) {
	type row struct {
		key  sizeKey
		size size
	}
	rows, err := collect(ctx, q, "sizes", func(rows *sql.Rows, r *row) error {
		return rows.Scan(&r.key.name, &r.key.number, &r.size.family, &r.size.rows, &r.size.bytes)
	}, `SELECT name_key, number, family_id, row_count, bytes FROM sizes WHERE version > ?`, old.snapshot.Version)
	if err != nil {
		return nil, nil, err
	}
	sizes = maps.Clone(old.sizes)
	if sizes == nil {
		sizes = make(map[sizeKey]size)
	}
	changed = make(map[string]bool)
	for _, r := range rows {
		sizes[r.key] = r.size
		changed[r.key.name] = true
	}
	return sizes, changed, nil
}

// sized returns the table with the sizes of its placements, and shares all
// else with t.
func sized(t *catalog.Table, sizes map[sizeKey]size, full int64) *catalog.Table {
	s := *t
	s.Placements = slices.Clone(t.Placements)
	setSizes(&s, sizes, full)
	return &s
}

// setSizes gives the table's placements their sizes. They are full from so
// many bytes on, or never if that is 0.
func setSizes(t *catalog.Table, sizes map[sizeKey]size, full int64) {
	for i := range t.Placements {
		p := &t.Placements[i]
		if known := sizes[sizeKey{catalog.Key(t.Name), p.Number}]; known.family == t.ID {
			p.Rows, p.Bytes = known.rows, known.bytes
			p.Full = full > 0 && p.Bytes >= full
		}
	}
}
