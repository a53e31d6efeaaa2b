package shard

import (
	"errors"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// TestGatherer adds a server that is used only for gathering: it is found and
// watched like a shard, gets our database, and is in no catalog.
func TestGatherer(t *testing.T) {
	f := newFixture(t, 1)
	other := localtest.Servers(t, 2)[1]
	t.Cleanup(func() { dropDatabase(t, other, f.database) })
	for range 2 { // a second process
		set := emptyFixture(t, f.database)
		if err := set.AddGatherer(t.Context(), "g", other, server.Collation); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.AddGatherer(t.Context(), "g", other, server.Collation); err != nil {
		t.Fatal(err)
	}
	sh := f.shard(t, "g")
	c := open(t, sh)
	readOnly := "0"
	if localtest.Backend(t).ReadOnlySessions() {
		readOnly = "1"
	}
	if got := texts(t, c, "SELECT DATABASE(), @@collation_database, "+f.readOnly(t))[0]; got[0] != f.database || got[1] != server.Collation || got[2] != readOnly {
		t.Errorf("a session with %q", got)
	}
	f.Sync(f.registry.snapshot())
	f.Check(t.Context())
	all := f.All()
	if len(all) != 2 || all[0].Name() != "s0" || all[1] != sh || sh.Health().Checked.IsZero() || sh.Health().Err != nil {
		t.Errorf("all: %v, health %+v", all, sh.Health())
	}
	if list := f.catalogued(); len(list) != 1 || list[0].Name() != "s0" {
		t.Errorf("catalogued: %v", list)
	}
}

func dropDatabase(t *testing.T, address, name string) {
	t.Helper()
	localtest.Exec(t, localtest.Open(t, address, ""), "DROP DATABASE IF EXISTS "+name)
}

func TestGathererRefused(t *testing.T) {
	f := newFixture(t, 1)
	other := localtest.Servers(t, 2)[1]
	t.Cleanup(func() { dropDatabase(t, other, f.database) })
	if err := f.AddGatherer(t.Context(), "g", f.addresses[0], server.Collation); !errors.Is(err, ErrGatherer) {
		t.Errorf("a shard's server: %v", err)
	}
	if err := f.AddGatherer(t.Context(), "s0", other, server.Collation); !errors.Is(err, ErrGatherer) {
		t.Errorf("a shard's name: %v", err)
	}
	if err := f.AddGatherer(t.Context(), "g", "/no/such.sock", server.Collation); !errors.Is(err, ErrUnreachable) {
		t.Errorf("nobody there: %v", err)
	}
	if err := f.AddGatherer(t.Context(), "g", other, server.Collation); err != nil {
		t.Fatal(err)
	}
	if err := f.AddGatherer(t.Context(), "g", other, server.Collation); !errors.Is(err, ErrGatherer) {
		t.Errorf("the same name again: %v", err)
	}
	if _, err := f.Join(t.Context(), f.registry, "g", other, JoinOptions{}); !errors.Is(err, catalog.ErrNameTaken) || !errors.Is(err, ErrGatherer) {
		t.Errorf("a shard of that name: %v", err)
	}
	// Another process may have added one nevertheless.
	_, err := f.registry.AddShard(t.Context(), catalog.Shard{Name: "g", Address: f.addresses[0], Identity: "x"})
	if err != nil {
		t.Fatal(err)
	}
	f.Sync(f.registry.snapshot())
	if sh := f.shard(t, "g"); sh.Address() != f.addresses[0] || len(f.All()) != 2 {
		t.Errorf("found %s of %v", sh.Address(), f.All())
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.AddGatherer(t.Context(), "h", other, server.Collation); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
