package gather

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
)

// shipment is one step whose rows go into a table.
type shipment struct {
	attempt *attempt
	number  int // of the step, from 1
	step    *router.Step
	source  *session
	table   *table
	shape   *shape  // once it is learned
	after   []event // before it can run
}

func (a *attempt) newShipment(i int) *shipment {
	step := &a.Plan.Steps[i]
	s := &shipment{attempt: a, number: i + 1, step: step, source: a.sources[step.Shard]}
	s.table = a.addTable(s)
	return s
}

// run ships the rows, when its turn has come.
func (s *shipment) run(ctx context.Context) error {
	if err := s.attempt.progress.wait(ctx, s.after...); err != nil {
		return err
	}
	sql, err := s.narrowed(ctx)
	if err != nil {
		return err
	}
	start := time.Now()
	if err := s.move(ctx, sql); err != nil {
		return err
	}
	s.attempt.stats[s.number-1].Elapsed = time.Since(start)
	return nil
}

// move reads the rows of a statement and writes them into the table, both at
// the same time. Without a statement there are no rows.
func (s *shipment) move(ctx context.Context, sql string) error {
	f := newFiller(s)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(f.chunks)
		if err := s.read(ctx, sql, f); err != nil {
			return err
		}
		s.attempt.progress.reach(s, read)
		return nil
	})
	group.Go(func() error { return f.fill(ctx) })
	return group.Wait()
}

// read reads the rows into chunks.
func (s *shipment) read(ctx context.Context, sql string, f *filler) error {
	if sql == "" {
		return nil
	}
	rows, err := s.source.queryRaw(ctx, readAs(sql, s.shape.columns), s.step.Ship.Filter != nil)
	if err != nil {
		return err
	}
	defer rows.Close()
	if !s.shape.confirm(rows.Columns()) {
		return &again{table: s.table.name, err: &catalog.StaleError{Shard: s.source.shard.Name()}}
	}
	count := len(s.shape.columns)
	if !expected(s.step.Ship.Types, asDeclared(rows.Columns(), s.shape.columns)) {
		return &catalog.StaleError{Shard: s.source.shard.Name()}
	}
	for rows.Next() {
		if err := f.add(ctx, rows.Values()[:count]); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if s.attempt.stats[s.number-1].Warnings, err = rows.Warnings(ctx, s.source.tag); err != nil {
		return err
	}
	return f.flush(ctx)
}

// count counts the chunk's rows, and says when they are too many.
func (s *shipment) count(c *chunk) error {
	stats := &s.attempt.stats[s.number-1]
	stats.Rows += int64(c.rows)
	stats.Bytes += c.bytes
	if s.attempt.meter.add(int64(c.rows), c.bytes) {
		return nil
	}
	return s.attempt.meter.tooLarge(s.step, s.table.session.shard)
}
