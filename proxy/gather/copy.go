package gather

import (
	"context"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// copies names the tables that get the same rows as this one.
func (t *table) copies() []string { return t.steps[0].step.Ship.Copies }

// copy fills the copies of all tables, which were made with these.
func (a *attempt) copy(ctx context.Context) error {
	for _, t := range a.tables {
		for _, name := range t.copies() {
			if err := t.copyTo(ctx, name); err != nil {
				return err
			}
		}
	}
	return nil
}

// copyTo fills one copy. As with rows that are shipped, a warning that is not
// mere advice is a value that the server has changed.
func (t *table) copyTo(ctx context.Context, name string) error {
	s := t.session
	if err := s.lock(ctx); err != nil {
		return err
	}
	defer s.unlock()
	if err := s.mode(ctx, true); err != nil {
		return err
	}
	outcome, err := s.conn.Exec(ctx, s.tag+" INSERT INTO "+server.QuoteName(name)+" SELECT * FROM "+server.QuoteName(t.name))
	if err != nil {
		return t.full(err)
	}
	warnings, err := s.warnings(ctx, outcome, 0)
	if err != nil {
		return err
	}
	if warnings > 0 || outcome.Affected != t.rows() {
		return fault.New(fault.Unsupported, "rows of %s changed when they were copied on shard %s",
			t.steps[0].step.Ship.Why, s.shard.Name())
	}
	return nil
}

// rows counts the rows that are in the table, when all are.
func (t *table) rows() (n int64) {
	for _, s := range t.steps {
		n += t.attempt.stats[s.number-1].Rows
	}
	return n
}
