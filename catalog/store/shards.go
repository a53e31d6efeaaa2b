package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// placedBytes is what a family counts for until its shard's size is measured
// again, so that a burst of new families spreads.
const placedBytes = 16 << 20

// place returns the active shard with the least data for its weight, and
// counts the family that is placed there. One that was added within the grace
// comes after all others: not all processes may read its raw_logs yet. The
// shards stay locked until the transaction ends.
func place(ctx context.Context, tx *sql.Tx, grace time.Duration) (string, error) {
	var name string
	err := tx.QueryRowContext(ctx, `SELECT name FROM shards WHERE state = ?
		ORDER BY since > UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND, `+byLoad+` LIMIT 1 FOR UPDATE`,
		string(catalog.Active), grace.Microseconds(), placedBytes).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", catalog.ErrNoActiveShard
	}
	if err != nil {
		return "", fmt.Errorf("catalog shards: %w", err)
	}
	return name, countPlaced(ctx, tx, name)
}

// byLoad orders shards by what new placements they are to get; placedBytes is
// its argument.
const byLoad = `(bytes + ? * placed) / weight, number`

func countPlaced(ctx context.Context, tx *sql.Tx, shard string) error {
	return exec(ctx, tx, "shards", `UPDATE shards SET placed = placed + 1 WHERE name = ?`, shard)
}

// placeMore returns n active shards for further placements of a family, or
// all there are besides its own if those are less. It is like place else, but
// that a shard may be new: by the time at which rows are written to the
// placement it is not any more.
func placeMore(ctx context.Context, tx *sql.Tx, f *family, n int) ([]string, error) {
	query, args := `SELECT name FROM shards WHERE state = ?`, []any{string(catalog.Active)}
	for _, p := range f.placements {
		query += ` AND name <> ?`
		args = append(args, p.Shard)
	}
	args = append(args, placedBytes, n)
	names, err := collect(ctx, tx, "shards", func(rows *sql.Rows, name *string) error {
		return rows.Scan(name)
	}, query+` ORDER BY `+byLoad+` LIMIT ? FOR UPDATE`, args...)
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if err := countPlaced(ctx, tx, name); err != nil {
			return nil, err
		}
	}
	return names, nil
}

// AddShard adds a shard, and returns it as the catalog has it. The number is
// the catalog's to give, an empty state means Active, and a weight of 0 means
// 1. Where the shard exists with that name and identity, it is returned as it
// is: the catalog's address is right, not the caller's. Errors are
// *catalog.ShardConflictError, *catalog.InvalidShardError and
// catalog.ErrUnavailable.
func (s *Store) AddShard(ctx context.Context, sh catalog.Shard) (*catalog.Shard, error) {
	sh = catalog.Shard{Name: sh.Name, Address: sh.Address, Identity: sh.Identity, Catalog: s.id, Collation: s.collation, State: sh.State, Weight: sh.Weight}
	if sh.State == "" {
		sh.State = catalog.Active
	}
	if sh.Weight == 0 {
		sh.Weight = 1
	}
	if err := sh.Validate(); err != nil {
		return nil, err
	}
	snapshot, err := s.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	if known, err := lookUp(snapshot.Shards(), &sh); known != nil || err != nil {
		return known, err
	}
	var stored *catalog.Shard
	err = s.commit(ctx, func(tx *sql.Tx) (err error) {
		stored, err = addShard(ctx, tx, sh)
		return err
	})
	return stored, err
}

// lookUp returns the one of shards that has the name and the identity of s, or
// nil. If one has the name or the identity alone, it returns a
// *catalog.ShardConflictError.
func lookUp(shards []catalog.Shard, s *catalog.Shard) (*catalog.Shard, error) {
	for _, known := range shards {
		name, identity := known.Name == s.Name, known.Identity == s.Identity
		if name && identity {
			return &known, nil
		}
		if name || identity {
			return nil, &catalog.ShardConflictError{Offered: *s, Stored: known}
		}
	}
	return nil, nil
}

func addShard(ctx context.Context, tx *sql.Tx, s catalog.Shard) (*catalog.Shard, error) {
	if _, err := bump(ctx, tx); err != nil {
		return nil, err
	}
	shards, err := loadShards(ctx, tx)
	if err != nil {
		return nil, err
	}
	if known, err := lookUp(shards, &s); known != nil || err != nil {
		return known, err
	}
	for _, known := range shards {
		s.Number = max(s.Number, known.Number+1)
	}
	if err := exec(ctx, tx, "shards", `INSERT INTO shards (number, name, address, identity, state, weight, since)
		VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6))`, s.Number, s.Name, s.Address, s.Identity, string(s.State), s.Weight); err != nil {
		return nil, err
	}
	return &s, nil
}

// SetShard changes a shard's address, unless that is empty, and its weight,
// unless that is 0. That the server at the new address is the shard is for the
// caller to check. Errors are catalog.ErrUnknownShard,
// *catalog.InvalidShardError and catalog.ErrUnavailable.
func (s *Store) SetShard(ctx context.Context, name, address string, weight float64) error {
	return s.changeShard(ctx, name, func(s *catalog.Shard) {
		if address != "" {
			s.Address = address
		}
		if weight != 0 {
			s.Weight = weight
		}
	})
}

// SetShardState makes a shard Active or ReadOnly. Errors are
// catalog.ErrUnknownShard, *catalog.InvalidShardError and
// catalog.ErrUnavailable.
func (s *Store) SetShardState(ctx context.Context, name string, state catalog.ShardState) error {
	return s.changeShard(ctx, name, func(s *catalog.Shard) { s.State = state })
}

// changeShard applies change to the shard.
func (s *Store) changeShard(ctx context.Context, name string, change func(*catalog.Shard)) error {
	return s.commit(ctx, func(tx *sql.Tx) error {
		if _, err := bump(ctx, tx); err != nil {
			return err
		}
		s, err := loadShard(ctx, tx, name)
		if err != nil {
			return err
		}
		change(&s)
		if err := s.Validate(); err != nil {
			return err
		}
		return exec(ctx, tx, "shards", `UPDATE shards SET address = ?, state = ?, weight = ? WHERE number = ?`,
			s.Address, string(s.State), s.Weight, s.Number)
	})
}

func loadShard(ctx context.Context, q querier, name string) (catalog.Shard, error) {
	shards, err := loadShards(ctx, q)
	if err != nil {
		return catalog.Shard{}, err
	}
	for _, s := range shards {
		if s.Name == name {
			return s, nil
		}
	}
	return catalog.Shard{}, fmt.Errorf("%w %s", catalog.ErrUnknownShard, name)
}
