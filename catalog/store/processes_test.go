package store_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

// beat returns the ids of the processes that are alive, sorted.
func beat(t *testing.T, c *store.Store) []string {
	t.Helper()
	alive, err := c.Beat(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(alive)
	return alive
}

func TestProcesses(t *testing.T) {
	d := newDatabase(t)
	a, b := d.open(t, store.Config{Process: "a"}), d.open(t, store.Config{Process: "b"})
	some, other := d.open(t, store.Config{}), d.open(t, store.Config{})
	if a.Process() != "a" || some.Process() == other.Process() {
		t.Error("processes are not told apart")
	}
	for _, step := range []struct {
		does func()
		asks *store.Store
		want []string
	}{
		{func() {}, a, []string{"a"}},
		{func() {}, b, []string{"a", "b"}},
		{func() {}, a, []string{"a", "b"}},
		{func() { d.exec(t, "UPDATE processes SET heartbeat = heartbeat - INTERVAL 15 SECOND WHERE id = 'b'") }, a, []string{"a", "b"}},
		{func() { d.exec(t, "UPDATE processes SET heartbeat = heartbeat - INTERVAL 15 SECOND WHERE id = 'b'") }, a, []string{"a"}},
		{func() {}, b, []string{"a", "b"}}, // it was only slow
		{func() {
			if err := b.Leave(t.Context()); err != nil {
				t.Error(err)
			}
		}, a, []string{"a"}},
	} {
		step.does()
		if got := beat(t, step.asks); !slices.Equal(got, step.want) {
			t.Errorf("%v, want %v", got, step.want)
		}
	}
	if n := localtest.Value[int](t, d.DB, "SELECT COUNT(*) FROM processes"); n != 1 {
		t.Errorf("%d rows are left", n)
	}
}

// TestManyBeat has many processes beat at once, some of which have been silent.
func TestManyBeat(t *testing.T) {
	d := newDatabase(t)
	var all []*store.Store
	for i := range 8 {
		all = append(all, d.open(t, store.Config{Process: fmt.Sprint("p", i)}))
	}
	for range 10 {
		d.exec(t, "UPDATE processes SET heartbeat = heartbeat - INTERVAL 1 MINUTE")
		var beats sync.WaitGroup
		for _, c := range all {
			beats.Go(func() {
				if _, err := c.Beat(t.Context()); err != nil {
					t.Error(err)
				}
			})
		}
		beats.Wait()
	}
	for _, c := range all {
		beat(t, c)
	}
	if got := beat(t, all[0]); len(got) != len(all) {
		t.Errorf("alive: %v", got)
	}
}
