package catalog

import (
	"context"
	"errors"
	"time"
)

// splitTimeout bounds the work for one family that is split.
const splitTimeout = 30 * time.Second

// SplitFull gives each family one placement more that has a full one and none
// that takes rows, or is about to, while some active shard is without it. It
// is for the process that has just measured, and logs what fails.
func (c *Catalog) SplitFull(ctx context.Context) {
	if c.cfg.SplitBytes <= 0 {
		return
	}
	s, err := c.Refresh(ctx)
	if err != nil {
		return // the next measurement comes here again
	}
	for t := range s.Tables {
		if !s.toSplit(t) {
			continue
		}
		err := c.split(ctx, t)
		var none *SpreadError // another process was first
		if err != nil && !errors.As(err, &none) && ctx.Err() == nil {
			c.cfg.Logger.Warn("Full family can't be split", "family", t.Name, "err", err)
		}
	}
}

func (c *Catalog) split(ctx context.Context, t *Table) error {
	ctx, cancel := context.WithTimeout(ctx, splitTimeout)
	defer cancel()
	wider, err := c.Spread(ctx, t.Name, len(t.Placements)+1)
	if err == nil {
		added := wider.Placements[len(wider.Placements)-1]
		c.cfg.Logger.Info("Full family gets one more placement", "family", t.Name, "shard", added.Shard)
	}
	return err
}

// toSplit reports whether a table is a full family's that can be split.
func (s *Snapshot) toSplit(t *Table) bool {
	if t.Kind != Family {
		return false
	}
	full := false
	for _, p := range t.Placements {
		if p.Fresh || !p.Full && s.active(p.Shard) {
			return false
		}
		full = full || p.Full
	}
	if !full {
		return false
	}
	for i := range s.shards {
		if s.shards[i].State == Active && !t.On(s.shards[i].Name) {
			return true
		}
	}
	return false
}
