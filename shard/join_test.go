package shard

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

func TestJoin(t *testing.T) {
	addresses := localtest.Servers(t, 2)
	database := localtest.Database(t, addresses...)
	f := emptyFixture(t, database)
	for number, address := range addresses {
		name := []string{"a", "b"}[number]
		sh, err := f.Join(t.Context(), f.registry, name, address, JoinOptions{Weight: 2})
		if err != nil {
			t.Fatal(err)
		}
		if sh.Number != number || sh.Name != name || sh.Address != address || sh.State != catalog.Active || sh.Weight != 2 {
			t.Errorf("got %+v", sh)
		}
		id, err := ReadIdentity(t.Context(), f.cfg, address)
		if want := (Identity{Shard: sh.Identity, Name: name, Catalog: f.registry.id, Found: true}); err != nil || id != want {
			t.Errorf("got %+v, %v", id, err)
		}
	}
	if !slices.Equal(f.rawLogs.created, []int{0, 1}) {
		t.Errorf("made the tables of the shards %v", f.rawLogs.created)
	}
	if n := localtest.Value[int](t, localtest.Open(t, addresses[0], database),
		"SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = ? AND collation_name <> 'utf8mb4_unicode_ci'", database); n != 0 {
		t.Errorf("%d columns have another collation", n)
	}
}

func TestJoinAgain(t *testing.T) {
	f := newFixture(t, 2)
	before := f.registry.snapshot()
	if err := f.registry.SetShardState(t.Context(), "s1", catalog.ReadOnly); err != nil {
		t.Fatal(err)
	}
	sh, err := f.Join(t.Context(), f.registry, "s1", f.addresses[1], JoinOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if sh.Identity != before.Shards()[1].Identity || sh.State != catalog.ReadOnly || sh.Weight != 1 {
		t.Errorf("joining again changed it to %+v", sh)
	}
	if !slices.Equal(f.rawLogs.created, []int{0, 1, 1}) {
		t.Errorf("completed the tables of the shards %v", f.rawLogs.created)
	}
	if sh, err := f.Join(t.Context(), f.registry, "s1", f.addresses[1], JoinOptions{Weight: 5}); err != nil || sh.Weight != 5 {
		t.Errorf("another weight: got %+v, %v", sh, err)
	}
}

func TestJoinRefuses(t *testing.T) {
	f := newFixture(t, 2)
	fresh := localtest.Servers(t, 3)[2]
	free := localtest.Database(t, fresh)
	s0 := f.registry.snapshot().Shards()[0]
	other := emptyFixture(t, f.database)
	other.registry.id = "another catalog"
	foreign := emptyFixture(t, free)
	foreign.registry.shards = []catalog.Shard{s0}

	tests := []struct {
		what          string
		f             *fixture
		name, address string
		opt           JoinOptions
		is            error  // what the error is, or
		text          string // says
	}{
		{"another catalog's shard", other, "s0", f.addresses[0], JoinOptions{}, nil, "of another catalog"},
		{"a known identity under another name", f, "s2", f.addresses[1], JoinOptions{}, catalog.ErrNameTaken, "already the shard s1"},
		{"a known name with another identity", f, "s0", f.addresses[1], JoinOptions{}, nil, "is another shard: s1"},
		{"the same, to be moved", f, "s0", f.addresses[1], JoinOptions{MoveAddress: true}, nil, "is another shard: s1"},
		{"a known name on a new server", foreign, "s0", fresh, JoinOptions{MoveAddress: true}, nil, "is no shard"},
		{"an invalid address", f, "s3", "a b", JoinOptions{}, ErrAddress, "shard s3: invalid address"},
		{"a dead address", f, "s3", "127.0.0.1:1", JoinOptions{}, ErrUnreachable, ""},
	}
	for _, tt := range tests {
		version := tt.f.registry.version
		_, err := tt.f.Join(t.Context(), tt.f.registry, tt.name, tt.address, tt.opt)
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) {
			t.Errorf("%s: got %v", tt.what, err)
		}
		var identity *IdentityError
		if tt.is == nil && !errors.As(err, &identity) {
			t.Errorf("%s: got a %T", tt.what, err)
		}
		if tt.f.registry.version != version {
			t.Errorf("%s: changed the catalog", tt.what)
		}
	}
	if n := localtest.Value[int](t, localtest.Open(t, fresh, free), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ?", free); n != 0 {
		t.Errorf("the refused server got %d tables", n)
	}
}

func TestJoinMovesAddressOnlyWhenAsked(t *testing.T) {
	f := newFixture(t, 1)
	// The catalog has the server's former address.
	if err := f.registry.SetShard(t.Context(), "s0", "former:3306", 0); err != nil {
		t.Fatal(err)
	}
	_, err := f.Join(t.Context(), f.registry, "s0", f.addresses[0], JoinOptions{})
	if !errors.Is(err, ErrAddressDiffers) || !strings.Contains(err.Error(), "former:3306") {
		t.Fatalf("got %v", err)
	}
	sh, err := f.Join(t.Context(), f.registry, "s0", f.addresses[0], JoinOptions{MoveAddress: true})
	if err != nil || sh.Address != f.addresses[0] {
		t.Fatalf("got %+v, %v", sh, err)
	}
}

func TestJoinFinishesWhatWasLeft(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	f := emptyFixture(t, localtest.Database(t, addresses...))
	for what, failing := range map[string]*error{"the catalog": &f.registry.failing, "the tables": &f.rawLogs.failing} {
		*failing = errEnough
		if _, err := f.Join(t.Context(), f.registry, "s0", addresses[0], JoinOptions{}); !errors.Is(err, errEnough) {
			t.Fatalf("%s failed, but got %v", what, err)
		}
		if sh := f.registry.shards[0]; sh.State != catalog.ReadOnly {
			t.Fatalf("%s failed: a shard that is not ready is %s", what, sh.State)
		}
	}
	sh, err := f.Join(t.Context(), f.registry, "s0", addresses[0], JoinOptions{})
	if err != nil || sh.State != catalog.Active {
		t.Fatalf("got %+v, %v", sh, err)
	}
}

// A server that was given an identity by a process that died then takes the
// name that it finally joins with.
func TestJoinAdoptsClaimedServer(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	f := emptyFixture(t, localtest.Database(t, addresses...))
	if _, err := f.Join(t.Context(), f.registry, "old", addresses[0], JoinOptions{}); err != nil {
		t.Fatal(err)
	}
	identity := f.registry.shards[0].Identity
	f.registry.shards = nil
	localtest.Exec(t, localtest.Open(t, addresses[0], f.database), "UPDATE databalancer_shard SET ready = FALSE")
	sh, err := f.Join(t.Context(), f.registry, "new", addresses[0], JoinOptions{})
	if err != nil || sh.Identity != identity {
		t.Fatalf("got %+v, %v", sh, err)
	}
	if id, err := ReadIdentity(t.Context(), f.cfg, addresses[0]); err != nil || id.Name != "new" {
		t.Errorf("got %+v, %v", id, err)
	}
}

func TestJoinAtOnce(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	f := emptyFixture(t, localtest.Database(t, addresses...))
	identities := make([]string, 8)
	var processes sync.WaitGroup
	for i := range identities {
		processes.Go(func() {
			sh, err := f.Join(t.Context(), f.registry, "s0", addresses[0], JoinOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			if identities[i] = sh.Identity; sh.State != catalog.Active {
				t.Errorf("got %+v", sh)
			}
		})
	}
	processes.Wait()
	for _, id := range identities {
		if id == "" || id != identities[0] {
			t.Fatalf("got %v", identities)
		}
	}
	if len(f.registry.shards) != 1 {
		t.Errorf("the catalog has %v", f.registry.shards)
	}
}

// A server whose tables are refused is left as it was.
func TestJoinRefusesTables(t *testing.T) {
	address := localtest.Servers(t, 1)[0]
	f := emptyFixture(t, localtest.Database(t, address))
	f.rawLogs.refusal = errEnough
	if _, err := f.Join(t.Context(), f.registry, "s0", address, JoinOptions{}); !errors.Is(err, errEnough) || !strings.Contains(err.Error(), "shard s0") {
		t.Errorf("got %v", err)
	}
	if n := localtest.Value[int](t, localtest.Open(t, address, f.database), "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = ?", f.database); n != 0 {
		t.Errorf("the refused server got %d tables", n)
	}
	if len(f.registry.shards) != 0 || len(f.rawLogs.created) != 0 {
		t.Errorf("joined as %v, with the tables of %v", f.registry.shards, f.rawLogs.created)
	}
}
