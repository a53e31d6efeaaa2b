package shard

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

var _ Registry = (*store.Store)(nil)

// Several processes that start at once on the same servers, each with the
// real catalog, agree on the shards.
func TestProcessesJoinAtOnce(t *testing.T) {
	addresses := localtest.Servers(t, 2)
	database := localtest.Database(t, addresses...)
	var processes sync.WaitGroup
	sets := make([]*fixture, 3)
	for i := range sets {
		sets[i] = emptyFixture(t, database)
		processes.Go(func() { startProcess(t, sets[i], addresses) })
	}
	processes.Wait()
	for _, set := range sets {
		for i, sh := range set.All() {
			if sh.known.Number != i || sh.known.Identity != sets[0].All()[i].known.Identity {
				t.Errorf("got %+v", sh.known)
			}
			if _, err := sh.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		}
	}
}

func startProcess(t *testing.T, f *fixture, addresses []string) {
	db, err := OpenDatabase(t.Context(), f.cfg, addresses[0], f.database+"_catalog")
	if err != nil {
		t.Error(err)
		return
	}
	defer db.Close()
	cat, err := store.Open(t.Context(), db, store.Config{})
	if err != nil {
		t.Error(err)
		return
	}
	for i, address := range addresses {
		sh, err := f.Join(t.Context(), cat, fmt.Sprintf("s%d", i), address, JoinOptions{})
		if err != nil {
			t.Error(err)
			return
		}
		if sh.State != catalog.Active {
			t.Errorf("got %+v", sh)
		}
	}
	f.Sync(cat.Snapshot())
}
