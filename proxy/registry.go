package proxy

import (
	"context"
	"fmt"
	"sync"
)

// registry holds the queries that this process is running, by id.
type registry struct {
	mu      sync.Mutex
	running map[string]context.CancelCauseFunc
}

// add makes the query one that cancel finds until done is called, and returns
// the context under which it is to run.
func (r *registry) add(ctx context.Context, id string) (_ context.Context, done func(), err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.running[id] != nil {
		return nil, nil, fmt.Errorf("query id %s: in use", id)
	}
	if r.running == nil {
		r.running = map[string]context.CancelCauseFunc{}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	r.running[id] = cancel
	return ctx, func() { r.remove(id) }, nil
}

func (r *registry) remove(id string) {
	r.mu.Lock()
	cancel := r.running[id]
	delete(r.running, id)
	r.mu.Unlock()
	cancel(nil)
}

// cancel ends the context of the query with ErrCancelled, if it is running
// here.
func (r *registry) cancel(id string) bool {
	r.mu.Lock()
	cancel := r.running[id]
	r.mu.Unlock()
	if cancel == nil {
		return false
	}
	cancel(ErrCancelled)
	return true
}
