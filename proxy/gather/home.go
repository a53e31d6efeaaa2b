package gather

import (
	"context"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// openHome opens the home session and makes there what tables can't wait for
// their rows. Where keys are going to be read here, it then begins the snapshot
// in which they and the client's statement are, once the other tables have been
// made too.
func (a *attempt) openHome(ctx context.Context) error {
	if err := a.home.open(ctx); err != nil {
		return err
	}
	if err := a.home.set(ctx, a.info.HomeSettings(heapLimit, joinBuffer)+a.timestamp()+", sql_mode = '"+server.FillMode+"'"); err != nil {
		return err
	}
	a.home.filling = true // nobody else has the session before it is opened
	a.progress.reach(a.home, opened)
	var tables []event
	for _, t := range a.tables {
		if t.session != a.home {
			continue
		}
		tables = append(tables, event{t, made})
		if !t.early {
			continue
		}
		if err := t.makeNow(ctx, facts{}); err != nil {
			return err
		}
	}
	if !a.snapshot {
		return a.confirmHome(ctx)
	}
	if err := a.progress.wait(ctx, tables...); err != nil {
		return err
	}
	if err := a.home.set(ctx, snapshot); err != nil {
		return err
	}
	if err := a.confirmHome(ctx); err != nil {
		return err
	}
	a.progress.reach(a.home, begun)
	return nil
}

// confirmHome makes sure that the columns of the tables at home are what the plan
// was made by. They are not after an ALTER TABLE, or a DROP and CREATE, of which
// nobody here knows.
func (a *attempt) confirmHome(ctx context.Context) error {
	for _, known := range a.Plan.Known {
		columns, err := a.home.told(ctx, known.SQL)
		if err != nil && !server.ClassOf(err).Has(server.Unknown) {
			return err
		}
		if err != nil || !expected(known.Types, columns) {
			return &catalog.StaleError{Shard: a.home.shard.Name()}
		}
	}
	return nil
}

// timestamp is the setting that tells a session the time of all, to be
// appended to other settings.
func (a *attempt) timestamp() string {
	if a.Clock == "" {
		return ""
	}
	return ", timestamp = " + a.Clock
}

// readOnly sees to it that the next statement at home, the client's, writes
// nothing.
func (a *attempt) readOnly(ctx context.Context) error {
	if err := a.home.mode(ctx, false); err != nil { // before what counts for one statement only
		return err
	}
	if a.snapshot || a.info.LiftsReadOnly() {
		return nil
	}
	return a.home.set(ctx, onceReadOnly)
}
