package store

import (
	"context"
	"errors"
	"sync"
	"testing"
)

func TestGates(t *testing.T) {
	var g gates
	a, b := 0, 0 // guarded by the gates alone: -race would see
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			key, n := "a", &a
			if i%2 == 1 {
				key, n = "b", &b
			}
			leave, err := g.enter(t.Context(), key)
			if err != nil {
				t.Error(err)
				return
			}
			defer leave()
			*n++
		})
	}
	all.Wait()
	if a != 50 || b != 50 {
		t.Errorf("%d and %d passed, want 50 each", a, b)
	}
	if len(g.gate) != 0 {
		t.Errorf("%d gates left", len(g.gate))
	}
}

func TestGateEndsWithContext(t *testing.T) {
	var g gates
	leave, err := g.enter(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.enter(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
	if _, err := g.enter(t.Context(), "b"); err != nil {
		t.Errorf("another key: %v", err)
	}
	leave()
	if _, err := g.enter(t.Context(), "a"); err != nil {
		t.Errorf("after leaving: %v", err)
	}
}
