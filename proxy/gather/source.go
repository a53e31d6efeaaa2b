package gather

import (
	"cmp"
	"context"
	"fmt"
	"strings"
)

// openSource opens the session in which a shard runs its steps. In the order
// of the plan it learns what its own steps return and makes the tables that
// are broadcast to it, so that no two sessions wait for each other.
func (a *attempt) openSource(ctx context.Context, s *session) error {
	if err := s.open(ctx); err != nil {
		return err
	}
	if a.Clock != "" {
		if err := s.set(ctx, "SET SESSION timestamp = "+a.Clock); err != nil {
			return err
		}
	}
	for _, ship := range a.ships {
		var err error
		if ship.source == s {
			err = ship.learn(ctx)
		}
		if err == nil && ship.table.session == s {
			err = a.receive(ctx, ship)
		}
		if err != nil {
			return err
		}
	}
	return a.begin(ctx, s)
}

// receive makes the table that is broadcast to the session, when the last of
// the steps that fill it is known.
func (a *attempt) receive(ctx context.Context, ship *shipment) error {
	t := ship.table
	if t.steps[len(t.steps)-1] != ship {
		return nil
	}
	if err := a.progress.wait(ctx, t.all(learned)...); err != nil {
		return err
	}
	if err := t.settle(); err != nil {
		return err
	}
	if err := a.writable(ctx, t.session); err != nil {
		return err
	}
	return t.makeNow(ctx, facts{})
}

// writable lets a source session make temporary tables, until it begins its
// snapshot.
func (a *attempt) writable(ctx context.Context, s *session) error {
	if s.writable || a.info.LiftsReadOnly() {
		return nil
	}
	s.writable = true
	return s.set(ctx, "SET SESSION "+a.info.MayWrite())
}

// begin begins the snapshot in which the session's steps are. A single
// statement is in one of its own.
func (a *attempt) begin(ctx context.Context, s *session) error {
	steps := 0
	for _, ship := range a.ships {
		if ship.source == s {
			steps++
		}
	}
	if steps == 1 && !s.writable {
		return nil
	}
	return s.set(ctx, snapshot)
}

// learn finds out which columns the step returns, from the last time or from
// the server.
func (s *shipment) learn(ctx context.Context) error {
	a := s.attempt
	statement := s.step.Ship.Shape
	key := shapeKey{shard: s.source.shard.Name(), statement: cmp.Or(s.step.Ship.ShapeKey, statement)}
	var tables []string
	for _, name := range s.step.After {
		tables = append(tables, a.table(place{name, s.step.Shard}).definitions())
	}
	key.tables = strings.Join(tables, "\n")
	if s.shape = a.shapes.get(key); s.shape == nil {
		if err := a.writable(ctx, s.source); err != nil {
			return err
		}
		var err error
		if s.shape, err = probe(ctx, s.source, a.info, statement, key, fmt.Sprintf("databalancer_shape_%d", s.number)); err != nil {
			return err
		}
		a.shapes.put(s.shape)
	}
	a.progress.reach(s, learned)
	return nil
}
