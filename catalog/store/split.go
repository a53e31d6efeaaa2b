package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// splitTimeout bounds the work for one family that is split.
const splitTimeout = 30 * time.Second

// SplitFull gives each family one placement more that has a full one and none
// that takes rows, or is about to, while some active shard is without it. It
// is for the process that has just measured, and logs what fails.
func (s *Store) SplitFull(ctx context.Context) {
	if s.cfg.SplitBytes <= 0 {
		return
	}
	snapshot, err := s.Refresh(ctx)
	if err != nil {
		return // the next measurement comes here again
	}
	for t := range snapshot.Tables {
		if !toSplit(snapshot, t) {
			continue
		}
		err := s.split(ctx, t)
		var none *catalog.SpreadError // another process was first
		if err != nil && !errors.As(err, &none) && ctx.Err() == nil {
			s.cfg.Logger.Warn("Full family can't be split", "family", t.Name, "err", err)
		}
	}
}

func (s *Store) split(ctx context.Context, t *catalog.Table) error {
	ctx, cancel := context.WithTimeout(ctx, splitTimeout)
	defer cancel()
	wider, err := s.Spread(ctx, t.Name, len(t.Placements)+1)
	if err == nil {
		added := wider.Placements[len(wider.Placements)-1]
		s.cfg.Logger.Info("Full family gets one more placement", "family", t.Name, "shard", added.Shard)
	}
	return err
}

// toSplit reports whether a table is a full family's that can be split.
func toSplit(s *catalog.Snapshot, t *catalog.Table) bool {
	if t.Kind != catalog.Family {
		return false
	}
	full := false
	for _, p := range t.Placements {
		if p.Fresh || !p.Full && s.Active(p.Shard) {
			return false
		}
		full = full || p.Full
	}
	return full && slices.ContainsFunc(s.Shards(), func(shard catalog.Shard) bool {
		return shard.State == catalog.Active && !t.On(shard.Name)
	})
}
