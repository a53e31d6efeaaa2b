package gather

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

var (
	errHeap   = errors.New("no memory of the server left for a table")
	errSparse = errors.New("table in memory with too few rows")
)

// table is a temporary table that steps fill.
type table struct {
	place
	attempt *attempt
	session *session // where it is
	steps   []*shipment
	early   bool     // made before any of its rows are known
	columns []column // on which its steps agree; nil before settle

	making sync.Mutex
	engine string
	limits []int // see design
	row    int64 // bytes of the server's memory that each row takes; 0: none
	heap   int64 // bytes of it that are taken for the table
	stored int64 // rows that take them

	mu        sync.Mutex
	completed int        // steps whose rows have all been read
	kept      []delivery // of these, while the table is not made
}

// table returns the plan's table at a place.
func (a *attempt) table(p place) *table {
	for _, t := range a.tables {
		if t.place == p {
			return t
		}
	}
	return nil
}

// addTable returns the table that a step fills.
func (a *attempt) addTable(s *shipment) *table {
	p := place{s.step.Ship.Into, s.step.Ship.At}
	t := a.table(p)
	if t == nil {
		t = &table{place: p, attempt: a, session: a.home}
		if s.broadcasts() {
			t.session, t.early = a.sources[p.at], true
		}
		a.tables = append(a.tables, t)
	}
	t.steps = append(t.steps, s)
	return t
}

// all are the events that each of the table's steps comes to a stage.
func (t *table) all(s stage) []event {
	events := make([]event, len(t.steps))
	for i, step := range t.steps {
		events[i] = event{step, s}
	}
	return events
}

// filled is when all rows are in the table.
func (t *table) filled() []event { return t.all(stored) }

// settle makes the table's columns those on which its steps agree, all of
// which have been learned. A column may be NULL if it may in any of them.
func (t *table) settle() error {
	if t.columns != nil {
		return nil
	}
	columns := append([]column(nil), t.steps[0].shape.columns...)
	for _, s := range t.steps[1:] {
		if !mergeColumns(columns, s.shape.columns) {
			return &catalog.StaleError{Shard: s.source.shard.Name()}
		}
	}
	for _, name := range t.steps[0].step.Ship.JSON {
		if i := find(columns, name); i >= 0 && columns[i].isText() {
			columns[i].json = t.attempt.info.JSONIsText()
		}
	}
	t.columns = columns
	return nil
}

// definitions describes the table for the key of a shape that reads it.
func (t *table) definitions() string {
	var b strings.Builder
	for i := range t.columns {
		b.WriteString(t.columns[i].sql() + ",")
	}
	return t.name + "(" + b.String() + ")"
}

// isMade reports whether the server has the table.
func (t *table) isMade() bool { return t.attempt.progress.reached(t, made) }

// make makes the table unless somebody has. Its rows are those of f, as far
// as they are known. An early table is made without any, by those who open
// its session; others wait for that.
func (t *table) make(ctx context.Context, f facts) error {
	if t.early {
		return t.attempt.progress.wait(ctx, event{t, made})
	}
	return t.makeNow(ctx, f)
}

func (t *table) makeNow(ctx context.Context, f facts) error {
	t.making.Lock()
	defer t.making.Unlock()
	if t.isMade() {
		return nil
	}
	a := t.attempt
	if t.session == a.home {
		if err := a.progress.wait(ctx, event{a.home, opened}); err != nil {
			return err
		}
	}
	if !f.whole {
		f.rows, f.longest = max(f.rows, t.estimate()), nil
	}
	d := t.designer()
	plan := d.design(f)
	err := t.session.make(ctx, a.info.Lifted(plan.sql(t.name, a.info)))
	if server.Number(err) == server.RowTooLarge && !d.hint.spacious {
		return &again{table: t.name, hint: hint{spacious: true}, err: err}
	}
	if err != nil {
		return err
	}
	for _, name := range t.copies() {
		if err := t.session.make(ctx, a.info.Lifted(plan.sql(name, a.info))); err != nil {
			return err
		}
	}
	t.limits, t.engine, t.row, t.heap = plan.limits, plan.engine, plan.row, plan.heap
	a.progress.reach(t, made)
	return nil
}

// designer knows what is to be known for making the table.
func (t *table) designer() designer {
	a := t.attempt
	d := designer{info: a.info, columns: t.columns, keys: t.steps[0].step.Ship.Keys, hint: a.hints[t.name], takes: t.takeHeap}
	if t.session != a.home { // it has no room for tables in memory
		d.hint.heapless = true
		return d
	}
	d.narrow = a.Plan.Lengthless
	return d
}

// complete is called with the last chunks of a step. It returns what the
// caller has to write: nothing while the table is not made and other steps
// are going on, else those of all steps so far. whole says that these are all
// rows of the table.
func (t *table) complete(last delivery) (list []delivery, whole bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.completed++
	t.kept = append(t.kept, last)
	if !t.early && !t.isMade() && t.completed < len(t.steps) {
		return nil, false
	}
	list, t.kept = t.kept, nil
	return list, len(list) == len(t.steps)
}

// claim returns the chunks that wait for the table to be made.
func (t *table) claim() []delivery {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.kept
	t.kept = nil
	return list
}

// sparse reports whether a table in memory has fewer rows than it may have there.
// It is asked when all of them are known.
func (t *table) sparse() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.completed == len(t.steps) && t.row > 0 && t.rows() < fewest
}

// estimate is the number of rows to expect, 0 if nobody knows.
func (t *table) estimate() (rows int64) {
	for _, s := range t.steps {
		if s.step.Ship.Rows == 0 {
			return 0
		}
		rows += s.step.Ship.Rows
	}
	return rows
}

// takeHeap takes memory of the home server for a table and its copies, if there
// is any left.
func (t *table) takeHeap(bytes int64) bool {
	a := t.attempt
	bytes *= int64(1 + len(t.copies()))
	if !a.heaps.take(a.home.shard.Name(), bytes) {
		return false
	}
	a.heap.Add(bytes)
	return true
}

// reserve takes memory of the home server for more rows of a table that is kept
// there. The caller has locked the session.
func (t *table) reserve(rows int) error {
	t.stored += int64(rows)
	more := t.stored*t.row - t.heap
	if more <= 0 {
		return nil
	}
	more += t.heap / 4
	if !t.takeHeap(more) {
		return &again{table: t.name, hint: hint{heapless: true}, err: errHeap}
	}
	t.heap += more
	return nil
}

// full turns the error of a table that its engine cannot take into one that
// begins anew with another engine.
func (t *table) full(err error) error {
	switch {
	case server.Number(err) == server.TableFull && t.engine == "MEMORY":
		return &again{table: t.name, hint: hint{heapless: true}, err: err}
	case server.Number(err) == server.RowTooLarge && strings.HasPrefix(t.engine, "InnoDB"):
		return &again{table: t.name, hint: hint{spacious: true}, err: err}
	case server.Number(err) == server.PacketTooLarge, errors.Is(err, shard.ErrTooLong):
		return fault.New(fault.Unsupported, "a row of %s is too long to be moved in one packet", t.steps[0].step.Ship.Why)
	}
	return err
}
