package store

import (
	"context"
	"sync"
)

// gates lets one caller at a time through for each key. Of all callers in a
// process that want one family changed, one speaks to the shard, and paces
// itself when the table is busy. Its zero value is ready.
type gates struct {
	mu   sync.Mutex
	gate map[string]*gate
}

type gate struct {
	turn  chan struct{} // holds one token while someone is inside
	users int           // inside or waiting; guarded by gates.mu
}

// enter waits until no one else is inside key's gate, and returns the function
// that leaves it. It fails only with ctx's error.
func (g *gates) enter(ctx context.Context, key string) (leave func(), err error) {
	one := g.join(key)
	select {
	case one.turn <- struct{}{}:
		return func() { <-one.turn; g.part(key, one) }, nil
	case <-ctx.Done():
		g.part(key, one)
		return nil, ctx.Err()
	}
}

func (g *gates) join(key string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	one, ok := g.gate[key]
	if !ok {
		one = &gate{turn: make(chan struct{}, 1)}
		if g.gate == nil {
			g.gate = make(map[string]*gate)
		}
		g.gate[key] = one
	}
	one.users++
	return one
}

func (g *gates) part(key string, one *gate) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if one.users--; one.users == 0 {
		delete(g.gate, key)
	}
}
