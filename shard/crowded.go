package shard

import (
	"context"
	"fmt"
	"time"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// ErrCrowded means that a server takes no more connections.
var ErrCrowded = fault.Sentinel(fault.ShardUnavailable, "server takes no more connections",
	"the server takes no more connections").With(fault.Facts{RetryAfter: 2 * time.Second})

// crowdedFor is how long a server counts as crowded that nobody has tried since.
const crowdedFor = 10 * time.Second

// refused notes that the server took no more connections.
func (sh *Shard) refused() { sh.crowded.Store(time.Now().UnixNano()) }

// Crowded returns an ErrCrowded if the server took no more connections when one
// was last needed, a short while ago; without I/O.
func (sh *Shard) Crowded() error {
	if since := sh.crowded.Load(); since == 0 || time.Since(time.Unix(0, since)) > crowdedFor {
		return nil
	}
	return fmt.Errorf("shard %s: %w", sh.Name(), ErrCrowded)
}

// crowdedWait is how long a server that takes no more connections is asked again.
// Those that were closed count there until it has noticed, which takes MySQL a
// moment after a KILL.
const crowdedWait = time.Second

// place is prepare, where the server may be full for a moment.
func (c *connector) place(ctx context.Context) (*session, error) {
	start := time.Now()
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		s, err := c.prepare(ctx)
		if !server.ClassOf(err).Has(server.Crowded) || time.Since(start)+pause > crowdedWait {
			return s, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(pause):
		}
	}
}
