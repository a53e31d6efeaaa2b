package proxy

import (
	"context"
	"fmt"
	"time"
)

// openHome opens the home session, in which temporary tables may be made.
func (a *attempt) openHome(ctx context.Context) error {
	if err := a.home.open(ctx); err != nil {
		return err
	}
	if err := a.home.set(ctx, a.info.HomeSettings(heapLimit, joinBuffer)+a.timestamp()); err != nil {
		return err
	}
	close(a.home.ready)
	return nil
}

// timestamp is the setting that tells a session the time of all, to be
// appended to other settings.
func (a *attempt) timestamp() string {
	if a.clock == "" {
		return ""
	}
	return ", timestamp = " + a.clock
}

// clockOf spells a time as a number of seconds, with microseconds.
func clockOf(now time.Time) string {
	return fmt.Sprintf("%d.%06d", now.Unix(), now.Nanosecond()/1000)
}

// beginHome makes what tables at home can't wait for their rows, and where
// keys are going to be read here, begins the snapshot in which they and the
// client's statement are, once the other tables have been made too.
func (a *attempt) beginHome(ctx context.Context) error {
	if err := a.openHome(ctx); err != nil {
		return err
	}
	for _, t := range a.tables {
		if t.at != "" || !t.early {
			continue
		}
		if err := t.makeNow(ctx, facts{}); err != nil {
			return err
		}
	}
	if !a.snapshot {
		close(a.home.begun)
		return nil
	}
	for _, t := range a.tables {
		if t.at == "" {
			if err := wait(ctx, t.created); err != nil {
				return err
			}
		}
	}
	if err := a.home.set(ctx, snapshot); err != nil {
		return err
	}
	close(a.home.begun)
	return nil
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

// wait waits until done is closed.
func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
