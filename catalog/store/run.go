package store

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// Run polls for changes, finishes what processes that are gone left
// unfinished, and opens new placements to writers, until ctx ends. It logs the
// start and the end of a time in which the catalog can't be read.
func (s *Store) Run(ctx context.Context) {
	var loops sync.WaitGroup
	loops.Go(func() { every(ctx, s.cfg.PollInterval, s.sweeper()) })
	loops.Go(func() { every(ctx, s.cfg.PollInterval, s.opener()) })
	every(ctx, s.cfg.PollInterval, s.poller())
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
func (s *Store) poller() func(context.Context) {
	var failing time.Time // since when
	return func(ctx context.Context) {
		_, err := s.Refresh(ctx)
		switch {
		case ctx.Err() != nil:
		case err != nil && failing.IsZero():
			failing = time.Now()
			s.cfg.Logger.Warn("Catalog can't be read, keeping its last version", "err", err)
		case err == nil && !failing.IsZero():
			s.cfg.Logger.Info("Catalog can be read again", "dur", time.Since(failing))
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
func (s *Store) sweeper() func(context.Context) {
	seen := make(map[int64]*sighting)
	return func(ctx context.Context) {
		families := s.state.Load().families
		for id := range seen {
			if f, ok := families[id]; !ok || len(f.unfinished()) == 0 {
				delete(seen, id)
			}
		}
		for _, f := range families {
			if unfinished := f.unfinished(); len(unfinished) > 0 && due(seen, f) {
				s.sweep(ctx, f, unfinished)
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

func (s *Store) sweep(ctx context.Context, f *family, unfinished []*part) {
	for _, p := range unfinished {
		err := s.tryFinish(ctx, f.id, p)
		if err == nil || errors.Is(err, catalog.ErrNameTaken) { // something has changed
			_, failed := s.Refresh(ctx)
			err = cmp.Or(err, failed)
		}
		if err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("Unfinished change of a family", "family", f.name, "part", p.name, "err", err)
		}
	}
}
