package catalog

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"
)

// Run polls for changes, finishes what processes that are gone left
// unfinished, and opens new placements to writers, until ctx ends. It logs the start and the end of a time in which
// the catalog can't be read.
func (c *Catalog) Run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { every(ctx, c.cfg.PollInterval, c.sweeper()) })
	loops.Go(func() { every(ctx, c.cfg.PollInterval, c.opener()) })
	every(ctx, c.cfg.PollInterval, c.poller())
	loops.Wait()
}

// every calls do at each interval until ctx ends.
func every(ctx context.Context, interval time.Duration, do func(context.Context)) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			do(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// poller returns a function that refreshes the snapshot.
func (c *Catalog) poller() func(context.Context) {
	var failing time.Time // since when
	return func(ctx context.Context) {
		_, err := c.Refresh(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && failing.IsZero():
			failing = time.Now()
			c.cfg.Logger.Warn("Catalog can't be read, keeping its last version", "err", err)
		case err == nil && !failing.IsZero():
			c.cfg.Logger.Info("Catalog can be read again", "dur", time.Since(failing))
			failing = time.Time{}
		}
	}
}

// maxRest bounds, in polls, how long a family rests after an attempt to finish
// it.
const maxRest = 64

// sighting is what a sweeper remembers of an unfinished family.
type sighting struct {
	version uint64 // of the family, when it was seen
	rest    int    // polls before the next attempt
	last    int    // rest after the last attempt
}

// sweeper returns a function that tries to finish the families that an earlier
// call has seen as unfinished as they are now: whoever is at work on a family
// has had some time. After each attempt a family rests for longer.
func (c *Catalog) sweeper() func(context.Context) {
	seen := make(map[int64]*sighting)
	return func(ctx context.Context) {
		families := c.state.Load().families
		for id := range seen {
			if f, ok := families[id]; !ok || len(f.unfinished()) == 0 {
				delete(seen, id)
			}
		}
		for _, f := range families {
			if unfinished := f.unfinished(); len(unfinished) > 0 && due(seen, f) {
				c.sweep(ctx, f, unfinished)
			}
		}
	}
}

// due notes the family, and reports whether to try to finish it now.
func due(seen map[int64]*sighting, f *family) bool {
	s, ok := seen[f.id]
	if !ok || s.version != f.version {
		seen[f.id] = &sighting{version: f.version}
		return false
	}
	if s.rest > 0 {
		s.rest--
		return false
	}
	s.last = min(max(2*s.last, 1), maxRest)
	s.rest = s.last
	return true
}

func (c *Catalog) sweep(ctx context.Context, f *family, unfinished []part) {
	for _, p := range unfinished {
		err := c.tryFinish(ctx, f.id, p)
		if err == nil || errors.Is(err, ErrNameTaken) { // something has changed
			_, failed := c.Refresh(ctx)
			err = cmp.Or(err, failed)
		}
		if err != nil && ctx.Err() == nil {
			c.cfg.Logger.Warn("Unfinished change of a family", "family", f.name, "part", p, "err", err)
		}
	}
}
