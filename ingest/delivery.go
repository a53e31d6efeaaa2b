package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// delivery is a request on its way into its table.
type delivery struct {
	in     *Ingester
	req    *request
	fields *fieldSet
	rows   *rows
	result Result
}

var rowsPool = sync.Pool{New: func() any { return new(rows) }}

// decode decodes the events, for the table if it is known.
func (d *delivery) decode(table *catalog.Table) error {
	d.rows.reset(d.req.body)
	d.fields = newFieldSet(d.req.fields, table)
	end, err := decode(d.rows, d.req.logs, d.fields, d.in.cfg.RawLogs, maxEvent)
	if err != nil {
		return err
	}
	return d.req.finish(end)
}

// maxDeliveries bounds how often a request is delivered, each time since its
// table was dropped meanwhile.
const maxDeliveries = 5

// deliver makes sure that the table takes the events, and stores them. When
// the shard contradicts the snapshot, it does so again with a new one.
func (d *delivery) deliver(ctx context.Context) (*Result, error) {
	for attempt := 1; ; attempt++ {
		table, err := d.ensure(ctx)
		if err != nil {
			return nil, err
		}
		err = d.store(ctx, table)
		if err == nil {
			d.result.Family, d.result.Accepted = table.Name, d.rows.len()
			return &d.result, nil
		}
		if !d.stale(ctx, table, err) {
			return nil, err
		}
		if attempt == maxDeliveries {
			return nil, fmt.Errorf("%w: %w", ErrChanging, err)
		}
	}
}

// ensure returns the family's table with all fields, and makes the events fit
// its columns, and their shadows give way to longer texts. A shadow that this
// process has not heard of yet makes the server refuse such a text; the next
// attempt then knows it.
func (d *delivery) ensure(ctx context.Context) (*catalog.Table, error) {
	change, err := d.in.cfg.Catalog.EnsureFamily(ctx, d.req.family, d.req.fields)
	if err != nil {
		return nil, err
	}
	d.result.Created = d.result.Created || change.Created
	for _, field := range change.Added {
		d.result.ColumnsAdded = append(d.result.ColumnsAdded, catalog.FieldColumn(field))
	}
	if !d.fields.storedAs(change.Table) { // someone else was first, with wider types
		if err := d.decode(change.Table); err != nil {
			return nil, err
		}
	}
	if long := d.overlong(change.Table); len(long) > 0 {
		return d.in.cfg.Catalog.Unshadow(ctx, d.req.family, long)
	}
	return change.Table, nil
}

func (d *delivery) store(ctx context.Context, table *catalog.Table) error {
	if d.rows.len() == 0 {
		return nil
	}
	tg := newTarget(table, d.in.cfg.Catalog.Snapshot().Writable(table), d.fields)
	if err := d.checkLoss(ctx, tg); err != nil {
		return err
	}
	return d.in.writer.queues.put(ctx, &pending{
		target: tg,
		rows:   d.rows,
		events: d.rows.len(),
		size:   len(d.req.body),
		done:   make(chan struct{}),
	})
}

// stale reports whether the shard refused the events because the table is not
// the snapshot's any more, which a new snapshot then shows.
func (d *delivery) stale(ctx context.Context, table *catalog.Table, err error) bool {
	var server *shard.ServerError
	if !errors.As(err, &server) || errors.Is(err, ErrOutcomeUnknown) {
		return false
	}
	snapshot, err := d.in.cfg.Catalog.Refresh(ctx)
	if err != nil {
		return false
	}
	now, ok := snapshot.Table(d.req.family)
	return !ok || now != table
}

// maxPooled bounds the memory of rows that are kept for reuse.
const maxPooled = 16 << 20

func (d *delivery) release() {
	if r := d.rows; r.memory() <= maxPooled {
		r.reset(nil)
		rowsPool.Put(r)
	}
}
