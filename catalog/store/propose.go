package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/kolide/databalancer/catalog"
)

// proposal is what the first of the three steps has settled.
type proposal struct {
	id      int64
	version uint64 // 0 if nothing was left to propose
	created bool
	added   []string // fields
}

// proposeFields commits the intent to create the family or to add the fields
// that neither exist nor are intended yet. A family that is being dropped it
// leaves as it is: that must be finished first.
func (s *Store) proposeFields(ctx context.Context, name string, fields []catalog.Field) (p proposal, err error) {
	err = s.propose(ctx, func(tx *sql.Tx) (err error) {
		p, err = s.proposeFieldsIn(ctx, tx, name, fields)
		return err
	})
	return p, err
}

func (s *Store) proposeFieldsIn(ctx context.Context, tx *sql.Tx, name string, fields []catalog.Field) (proposal, error) {
	f, err := lockOrInsert(ctx, tx, name)
	if err != nil {
		return proposal{}, err
	}
	p := proposal{id: f.id, created: f.version == 0}
	if f.state == familyDropping {
		return p, nil
	}
	if p.created {
		if p.version, err = bump(ctx, tx); err == nil {
			err = s.settle(ctx, tx, f)
		}
		if err != nil {
			return proposal{}, err
		}
	}
	var columns []catalog.Column
	if columns, p.added, err = columnsFor(f, fields, s.plainRows(ctx, f)); err != nil {
		return proposal{}, err
	}
	if !p.created && len(columns) == 0 {
		return p, nil
	}
	if !p.created {
		if p.version, err = bump(ctx, tx); err != nil {
			return proposal{}, err
		}
	}
	if err = insertColumns(ctx, tx, f.id, columns); err == nil {
		err = makeRoom(ctx, tx, f, columns)
	}
	if err == nil {
		err = stamp(ctx, tx, f.id, f.state, p.version)
	}
	return p, err
}

// makeRoom proposes to drop all shadows of a family that has no room for them
// beside its new columns: fields come first.
func makeRoom(ctx context.Context, tx *sql.Tx, f *family, added []catalog.Column) error {
	if len(f.shadows) == 0 || catalog.RoomForShadows(slices.Concat(f.columns, added)) {
		return nil
	}
	_, err := proposeNoShadow(ctx, tx, f, func(shadow) bool { return true })
	return err
}

// plainRows reports whether all servers that the family is on have plain rows.
func (s *Store) plainRows(ctx context.Context, f *family) bool {
	return s.cfg.DDL != nil && !slices.ContainsFunc(f.placements, func(p placement) bool {
		return !s.cfg.DDL.PlainRows(ctx, p.Shard)
	})
}

// columnsFor returns the columns of the fields that the family lacks.
func columnsFor(f *family, fields []catalog.Field, plain bool) (columns []catalog.Column, added []string, err error) {
	l := catalog.NewLayout(f.name, f.columns, plain)
	for _, field := range fields {
		column, isNew, err := l.Add(field)
		if err != nil {
			return nil, nil, err
		}
		if isNew {
			columns = append(columns, column)
			added = append(added, field.Name)
		}
	}
	return columns, added, nil
}

// lockOrInsert locks the family's row, and first inserts it, with version 0,
// where there is none.
func lockOrInsert(ctx context.Context, tx *sql.Tx, name string) (*family, error) {
	f, err := lockNamed(ctx, tx, name)
	if f != nil || err != nil {
		return f, err
	}
	// Of two who insert, one waits here for the other's commit. An
	// INSERT IGNORE would share the lock, and deadlock on raising it.
	if err := exec(ctx, tx, "families", `INSERT INTO families (name, name_key, state, version) VALUES (?, ?, ?, 0)
		ON DUPLICATE KEY UPDATE id = id`, name, catalog.Key(name), familyCreating); err != nil {
		return nil, err
	}
	f, err = lockNamed(ctx, tx, name)
	if f == nil && err == nil {
		err = fmt.Errorf("family %s: %w", name, errVanished)
	}
	return f, err
}

// errVanished means that a row is not to be seen which the transaction has just
// inserted, or waited for. On TiDB that happens to the second of two who insert
// one: like a write conflict it is over with the transaction.
var errVanished = errors.New("row vanished under its lock")

// How to lock a family's row: waiting for whoever holds it, or failing at
// once.
const (
	forUpdate       = ` FOR UPDATE`
	forUpdateNoWait = ` FOR UPDATE NOWAIT`
)

// lockFamily locks the row of the family that matches the condition, and loads
// the family. It returns nil where there is none.
func lockFamily(ctx context.Context, tx *sql.Tx, lock, where string, arg any) (*family, error) {
	var id int64
	err := tx.QueryRowContext(ctx, `SELECT f.id FROM families f WHERE `+where+lock, arg).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("catalog families: %w", err)
	}
	families, err := loadFamilies(ctx, tx, `f.id = ?`, id)
	return families[id], err
}

// lockNamed locks the family of that name as lockFamily does.
func lockNamed(ctx context.Context, tx *sql.Tx, name string) (*family, error) {
	return lockFamily(ctx, tx, forUpdate, `f.name_key = ?`, catalog.Key(name))
}

// bump raises the catalog's version, and with it locks out other changes until
// the transaction ends.
func bump(ctx context.Context, tx *sql.Tx) (uint64, error) {
	res, err := tx.ExecContext(ctx, `UPDATE meta SET version = LAST_INSERT_ID(version + 1) WHERE one = 1`)
	if err != nil {
		return 0, fmt.Errorf("catalog version: %w", err)
	}
	version, err := res.LastInsertId()
	return uint64(version), err
}

// stamp sets the family's state and the version of its last change.
func stamp(ctx context.Context, tx *sql.Tx, id int64, state string, version uint64) error {
	return exec(ctx, tx, "families", `UPDATE families SET state = ?, version = ? WHERE id = ?`, state, version, id)
}

// settle checks a new family's name, and places the family on a shard. It
// comes after bump: whoever registers a table of that name has either been
// seen, or will see the family.
func (s *Store) settle(ctx context.Context, tx *sql.Tx, f *family) error {
	taken, err := exists(ctx, tx, "SELECT 1 FROM `tables` WHERE name_key = ?", catalog.Key(f.name))
	if err != nil {
		return err
	}
	if taken {
		return fmt.Errorf("family %s: %w by a table", f.name, catalog.ErrNameTaken)
	}
	shard, err := place(ctx, tx, s.cfg.Grace)
	if err != nil {
		return err
	}
	f.placements = []placement{{Placement: catalog.Placement{Shard: shard}, state: placementActive}}
	return exec(ctx, tx, "placements", `INSERT INTO placements (family_id, number, shard) VALUES (?, 0, ?)`, f.id, shard)
}

func exists(ctx context.Context, q querier, query string, arg any) (bool, error) {
	var one int
	switch err := q.QueryRowContext(ctx, query, arg).Scan(&one); {
	case errors.Is(err, sql.ErrNoRows):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("catalog names: %w", err)
	}
	return true, nil
}

func insertColumns(ctx context.Context, tx *sql.Tx, id int64, columns []catalog.Column) error {
	if len(columns) == 0 {
		return nil
	}
	var args []any
	for _, c := range columns {
		args = append(args, id, c.Position, c.Name, catalog.Key(c.Name), string(c.Type), c.Group, columnAdding)
	}
	return exec(ctx, tx, "columns", "INSERT INTO `columns` (family_id, position, name, name_key, type, grp, state) VALUES "+
		rowsOf(7, args), args...)
}
