package gather

import (
	"fmt"
	"sync/atomic"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

const (
	// DefaultRows and DefaultBytes are what one query may move unless that is
	// configured.
	DefaultRows  = 10_000_000
	DefaultBytes = 1 << 30

	// hopeless is how many times too large an estimate must be for the gather
	// to be refused before it has begun: estimates may be that wrong.
	hopeless = 10
)

// TooLargeError means that a query would move more than is allowed.
type TooLargeError struct {
	Why      string // what is moved
	From, To string // shards
	Rows     int64  // moved so far, all together, or estimated
	Bytes    int64
	MaxRows  int64
	MaxBytes int64
	// Estimated is set where nothing was moved, since the estimates were far
	// too large.
	Estimated bool
}

func (e *TooLargeError) Error() string {
	so := "had been moved"
	if e.Estimated {
		so = "are estimated"
	}
	return fmt.Sprintf("the query moves %s from shard %s to shard %s: %d rows with %d bytes %s,"+
		" and at most %d rows with %d bytes may be moved; a condition on that table would narrow it",
		e.Why, e.From, e.To, e.Rows, e.Bytes, so, e.MaxRows, e.MaxBytes)
}

func (e *TooLargeError) Code() fault.Code   { return fault.GatherTooLarge }
func (e *TooLargeError) Facts() fault.Facts { return fault.Facts{Shard: e.From} }

// limits bound what one query moves.
type limits struct{ rows, bytes int64 }

// estimate refuses a plan that is going to move far too much.
func (l limits) estimate(plan *router.Plan) error {
	var rows, bytes int64
	worst := -1
	for i := range plan.Steps {
		s := plan.Steps[i].Ship
		if s == nil || s.Filter != nil { // with a filter anything may come out
			continue
		}
		rows, bytes = rows+s.Rows, bytes+s.Bytes
		if worst < 0 || s.Bytes > plan.Steps[worst].Ship.Bytes {
			worst = i
		}
	}
	if worst < 0 || rows <= hopeless*l.rows && bytes <= hopeless*l.bytes {
		return nil
	}
	step := &plan.Steps[worst]
	e := l.exceeded(step, step.Ship.At)
	if e.To == "" {
		e.To = plan.Home
	}
	e.Rows, e.Bytes, e.Estimated = rows, bytes, true
	return e
}

func (l limits) exceeded(step *router.Step, to string) *TooLargeError {
	return &TooLargeError{Why: step.Ship.Why, From: step.Shard, To: to, MaxRows: l.rows, MaxBytes: l.bytes}
}

// meter counts what a gather has moved.
type meter struct {
	limits      limits
	rows, bytes atomic.Int64
}

// add counts, and reports whether the gather may go on.
func (m *meter) add(rows, bytes int64) bool {
	r, b := m.rows.Add(rows), m.bytes.Add(bytes)
	return r <= m.limits.rows && b <= m.limits.bytes
}

func (m *meter) tooLarge(step *router.Step, to *shard.Shard) error {
	e := m.limits.exceeded(step, to.Name())
	e.Rows, e.Bytes = m.rows.Load(), m.bytes.Load()
	return e
}
