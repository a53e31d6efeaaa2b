package ingest

import (
	"database/sql"

	"github.com/kolide/databalancer/fault"
)

// blame finds the event and the field for which a server has refused a request,
// by trying to store parts of it. Nothing of them stays. It returns an
// *UnfitError.
func (w *writer) blame(ins *inserter, shard string, conn *sql.Conn, p *pending, refusal error) error {
	try := func(r *rows) error {
		part := &pending{target: p.target, rows: r, events: r.len(), size: p.size}
		if err := w.attempts(ins, shard, conn, []*pending{part}, undo); unfit(err) {
			return err
		}
		return nil
	}
	found := &UnfitError{Event: fault.Request, Err: refusal}
	event, err := narrow(p.rows.len(), func(from, to int) error { return try(p.rows.between(from, to)) })
	if err == nil {
		return found // all of them together, or it would be stored by now
	}
	found.Event, found.Err = event, err
	alone := p.rows.between(event, event+1)
	cell, err := narrow(len(alone.cells), func(from, to int) error { return try(alone.only(from, to)) })
	if err != nil {
		found.Field, found.Err = p.target.fields.list[alone.cells[cell].field].name, err
	}
	return found
}

// narrow finds the first of n things that is refused by itself, where one is,
// and returns why; a nil error if that is not the reason why all are.
func narrow(n int, try func(from, to int) error) (first int, refusal error) {
	from, to := 0, n
	for to-from > 1 {
		middle := (from + to) / 2
		if err := try(from, middle); err != nil {
			to = middle
		} else {
			from = middle
		}
	}
	if from == to {
		return 0, nil
	}
	return from, try(from, to)
}
