package shard

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/fault"
)

// Callers that need connections of the same two shards, in whatever order
// they name them, wait for each other, but never for ever.
func TestReserveOfSeveral(t *testing.T) {
	f := newFixture(t, 2, func(c *Config) { c.QueryConns = 2 })
	a, b := f.shard(t, "s0"), f.shard(t, "s1")
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for range 200 {
				release, err := Reserve(t.Context(), admission.Asker{}, map[*Shard]int{a: 1 + i%2, b: 2 - i%2})
				if err != nil {
					t.Error(err)
					return
				}
				release()
			}
		})
	}
	callers.Wait()
	ctx, cancel := context.WithCancelCause(t.Context())
	all, err := b.Reserve(t.Context(), admission.Asker{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	cancel(errEnough)
	var place *Error
	if _, err := Reserve(ctx, admission.Asker{}, map[*Shard]int{a: 2, b: 1}); !errors.Is(err, errEnough) || !errors.As(err, &place) || place.Shard != "s1" {
		t.Errorf("got %v", err)
	}
	if _, err := Reserve(t.Context(), admission.Asker{}, map[*Shard]int{a: 2, b: 3}); fault.CodeOf(err) != fault.Unsupported {
		t.Errorf("got %v", err)
	}
	all()
	for _, sh := range []*Shard{a, b} { // nothing is left of what failed
		release, err := sh.Reserve(t.Context(), admission.Asker{}, 2)
		if err != nil {
			t.Fatal(err)
		}
		release()
	}
}

func TestReserve(t *testing.T) {
	f := newFixture(t, 1, func(c *Config) { c.QueryConns = 3 })
	sh := f.shard(t, "s0")
	if _, err := sh.Reserve(t.Context(), admission.Asker{}, 4); fault.CodeOf(err) != fault.Unsupported || !strings.Contains(err.Error(), "needs 4 connections to shard s0") {
		t.Fatalf("got %v", err)
	}
	two, err := sh.Reserve(t.Context(), admission.Asker{}, 2)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := sh.Reserve(ctx, admission.Asker{}, 2); !errors.Is(err, errEnough) {
		t.Fatalf("2 of 1: got %v", err)
	}
	one, err := sh.Reserve(t.Context(), admission.Asker{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan error)
	go func() {
		release, err := sh.Reserve(t.Context(), admission.Asker{}, 3)
		if err == nil {
			release()
		}
		got <- err
	}()
	one()
	two()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if s := sh.Stats().Query; s.Max != 3 || s.Waits == 0 {
		t.Errorf("got %+v", s)
	}
}
