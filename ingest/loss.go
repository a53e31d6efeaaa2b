package ingest

import (
	"context"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/ingest/tables"
)

// Tables is what ingest needs of *tables.Families.
type Tables interface {
	Loss(ctx context.Context, shard string, t *catalog.Table) (tables.Loss, error)
}

// checkLoss refuses events of which one of the target's servers would not keep
// everything, with an *InvalidError. The servers are asked only if there is
// something that some of them might not keep.
func (d *delivery) checkLoss(ctx context.Context, tg *target) error {
	grouped := func(field uint16) bool { return tg.places[field].group >= 0 }
	if tg.groups == 0 || d.empty(grouped, "").Total == 0 {
		return nil
	}
	for _, shard := range tg.shards {
		loss, err := d.in.cfg.Tables.Loss(ctx, shard, tg.table)
		lost := d.empty(func(field uint16) bool {
			return loss.Has(catalog.FieldColumn(d.fields.list[field].name))
		}, loss.Reason)
		switch {
		case lost.Total == 0:
		case err != nil:
			return err
		default:
			return lost
		}
	}
	return nil
}

// empty returns the empty strings in some of the fields as what is wrong with
// the events.
func (d *delivery) empty(in func(field uint16) bool, detail string) *InvalidError {
	found := new(InvalidError)
	for i := range d.rows.len() {
		for _, c := range d.rows.event(i) {
			if c.size == 0 && c.isText() && in(c.field) {
				found.add(fault.Event{Event: i, Field: d.fields.list[c.field].name, Code: fault.EmptyString, Detail: detail})
			}
		}
	}
	return found
}
