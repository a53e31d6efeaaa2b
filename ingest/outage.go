package ingest

import (
	"sync"
	"time"
)

// unsentError means that a shard can't be reached, and that nothing of a batch
// was sent to it.
type unsentError struct{ err error }

func (e *unsentError) Error() string { return e.err.Error() }
func (e *unsentError) Unwrap() error { return e.err }

// outageTime is how long a shard that couldn't be reached gets nothing that
// another can take. It is about as long as until the next ping of it.
const outageTime = 5 * time.Second

// outages remembers the shards that couldn't be reached. The zero value is
// ready for use.
type outages struct {
	mu    sync.Mutex
	since map[string]time.Time
}

func (o *outages) note(shard string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since == nil {
		o.since = make(map[string]time.Time)
	}
	o.since[shard] = time.Now()
}

// on reports whether the shard couldn't be reached a short while ago.
func (o *outages) on(shard string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	since, ok := o.since[shard]
	if ok && time.Since(since) >= outageTime {
		delete(o.since, shard)
		ok = false
	}
	return ok
}

// up reports whether a shard can be expected to take rows: it answered its
// last ping, if there was one, and could be reached since.
func (w *writer) up(name string) bool {
	sh, err := w.shards.Shard(name)
	return err == nil && sh.Health().Err == nil && !w.outages.on(name)
}
