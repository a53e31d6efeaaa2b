package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// freshPlacement names a placement that waits to be opened to writers.
type freshPlacement struct {
	family int64
	number int
}

// opener returns a function that opens placements to writers that an earlier
// call has seen fresh, Config.Grace ago. The time is taken from when this
// process saw them, by its own clock, which nobody sets: so it doesn't matter
// how long a commit took, or which time it is elsewhere.
func (s *Store) opener() func(context.Context) {
	seen := make(map[freshPlacement]time.Time)
	return func(ctx context.Context) {
		fresh := make(map[freshPlacement]time.Time)
		for id, f := range s.state.Load().families {
			var due []int
			for _, p := range f.placementsIn(placementFresh) {
				key := freshPlacement{id, p.Number}
				since, ok := seen[key]
				if !ok {
					since = time.Now()
				}
				fresh[key] = since
				if time.Since(since) >= s.cfg.Grace {
					due = append(due, p.Number)
				}
			}
			if len(due) > 0 {
				s.logOpen(ctx, f.name, s.open(ctx, id, due))
			}
		}
		seen = fresh
	}
}

func (s *Store) logOpen(ctx context.Context, name string, err error) {
	if err != nil && ctx.Err() == nil && !errors.Is(err, catalog.ErrUnavailable) { // of that, poller tells
		s.cfg.Logger.Warn("Placement of a family can't be opened", "family", name, "err", err)
	}
}

// open makes fresh placements active. It does nothing while someone else has
// the family's lock.
func (s *Store) open(ctx context.Context, id int64, numbers []int) error {
	err := s.tryTx(ctx, func(tx *sql.Tx) error {
		f, err := lockFamily(ctx, tx, forUpdateNoWait, `f.id = ?`, id)
		if err != nil || f == nil || f.state == familyDropping {
			return err
		}
		fresh := slices.DeleteFunc(f.placementsIn(placementFresh), func(p placement) bool {
			return !slices.Contains(numbers, p.Number)
		})
		if len(fresh) == 0 {
			return nil
		}
		version, err := bump(ctx, tx)
		if err != nil {
			return err
		}
		for _, p := range fresh {
			if err := setPlacement(ctx, tx, id, p.Number, placementActive); err != nil {
				return err
			}
		}
		return stamp(ctx, tx, id, f.state, version)
	})
	if lockHeld(err) || lost(err) {
		return nil
	}
	if err == nil {
		_, err = s.Refresh(ctx)
	}
	return classify(err)
}
