package catalog

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// placedBytes is what a family counts for until its shard's size is measured
// again, so that a burst of new families spreads.
const placedBytes = 16 << 20

// MaxWeight is the greatest weight that a shard can have.
const MaxWeight = 1e6

// place returns the active shard with the least data for its weight, and
// counts the family that is placed there. One that was added within the grace
// comes after all others: not all processes may read its raw_logs yet. The
// shards stay locked until the transaction ends.
func place(ctx context.Context, tx *sql.Tx, grace time.Duration) (string, error) {
	var name string
	err := tx.QueryRowContext(ctx, `SELECT name FROM shards WHERE state = ?
		ORDER BY since > UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND, `+byLoad+` LIMIT 1 FOR UPDATE`,
		string(Active), grace.Microseconds(), placedBytes).Scan(&name)
	if errors.Is(err, sql.ErrNoRows) {
		return "", ErrNoActiveShard
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
	if _, err := tx.ExecContext(ctx, `UPDATE shards SET placed = placed + 1 WHERE name = ?`, shard); err != nil {
		return fmt.Errorf("catalog shards: %w", err)
	}
	return nil
}

// placeMore returns n active shards for further placements of a family, or
// all there are besides its own if those are less. It is like place else, but
// that a shard may be new: by the time at which rows are written to the
// placement it is not any more.
func placeMore(ctx context.Context, tx *sql.Tx, f *family, n int) ([]string, error) {
	query, args := `SELECT name FROM shards WHERE state = ?`, []any{string(Active)}
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
// *ShardConflictError, *InvalidShardError and ErrUnavailable.
func (c *Catalog) AddShard(ctx context.Context, s Shard) (*Shard, error) {
	s = Shard{Name: s.Name, Address: s.Address, Identity: s.Identity, Catalog: c.id, State: s.State, Weight: s.Weight}
	if s.State == "" {
		s.State = Active
	}
	if s.Weight == 0 {
		s.Weight = 1
	}
	if err := s.validate(); err != nil {
		return nil, err
	}
	snapshot, err := c.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	if known, err := lookUp(snapshot.Shards(), &s); known != nil || err != nil {
		return known, err
	}
	var stored *Shard
	err = c.tx(ctx, func(tx *sql.Tx) (err error) {
		stored, err = addShard(ctx, tx, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	_, err = c.Refresh(ctx)
	return stored, err
}

// lookUp returns the one of shards that has the name and the identity of s, or
// nil. If one has the name or the identity alone, it returns a
// *ShardConflictError.
func lookUp(shards []Shard, s *Shard) (*Shard, error) {
	for _, known := range shards {
		name, identity := known.Name == s.Name, known.Identity == s.Identity
		if name && identity {
			return &known, nil
		}
		if name || identity {
			return nil, &ShardConflictError{Offered: *s, Stored: known}
		}
	}
	return nil, nil
}

func addShard(ctx context.Context, tx *sql.Tx, s Shard) (*Shard, error) {
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
	_, err = tx.ExecContext(ctx, `INSERT INTO shards (number, name, address, identity, state, weight, since)
		VALUES (?, ?, ?, ?, ?, ?, UTC_TIMESTAMP(6))`, s.Number, s.Name, s.Address, s.Identity, string(s.State), s.Weight)
	if err != nil {
		return nil, fmt.Errorf("catalog shards: %w", err)
	}
	return &s, nil
}

func (s *Shard) validate() error {
	invalid := func(field, value string) error {
		return &InvalidShardError{Shard: s.Name, Field: field, Value: value}
	}
	switch {
	case s.Name == "" || len(s.Name) > 255:
		return invalid("name", s.Name)
	case s.Address == "" || len(s.Address) > 255:
		return invalid("address", s.Address)
	case s.Identity == "" || len(s.Identity) > 64:
		return invalid("identity", s.Identity)
	case s.State != Active && s.State != ReadOnly:
		return invalid("state", string(s.State))
	case !(s.Weight > 0) || s.Weight > MaxWeight:
		return invalid("weight", strconv.FormatFloat(s.Weight, 'g', -1, 64))
	}
	return nil
}

// SetShard changes a shard's address, unless that is empty, and its weight,
// unless that is 0. That the server at the new address is the shard is for the
// caller to check. Errors are ErrUnknownShard, *InvalidShardError and
// ErrUnavailable.
func (c *Catalog) SetShard(ctx context.Context, name, address string, weight float64) error {
	return c.changeShard(ctx, name, func(s *Shard) {
		if address != "" {
			s.Address = address
		}
		if weight != 0 {
			s.Weight = weight
		}
	})
}

// SetShardState makes a shard Active or ReadOnly. Errors are ErrUnknownShard,
// *InvalidShardError and ErrUnavailable.
func (c *Catalog) SetShardState(ctx context.Context, name string, state ShardState) error {
	return c.changeShard(ctx, name, func(s *Shard) { s.State = state })
}

// changeShard applies change to the shard.
func (c *Catalog) changeShard(ctx context.Context, name string, change func(*Shard)) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		if _, err := bump(ctx, tx); err != nil {
			return err
		}
		s, err := loadShard(ctx, tx, name)
		if err != nil {
			return err
		}
		change(&s)
		if err := s.validate(); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE shards SET address = ?, state = ?, weight = ? WHERE number = ?`,
			s.Address, string(s.State), s.Weight, s.Number)
		if err != nil {
			return fmt.Errorf("catalog shards: %w", err)
		}
		return nil
	})
	if err == nil {
		_, err = c.Refresh(ctx)
	}
	return err
}

func loadShard(ctx context.Context, q querier, name string) (Shard, error) {
	shards, err := loadShards(ctx, q)
	if err != nil {
		return Shard{}, err
	}
	for _, s := range shards {
		if s.Name == name {
			return s, nil
		}
	}
	return Shard{}, fmt.Errorf("%w %s", ErrUnknownShard, name)
}
