package shard

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// TestRights gives an account all rights of its role but one, and finds that
// one alone missing; with it, none.
func TestRights(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	info, err := sh.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	root := localtest.Open(t, f.addresses[0], "")
	catalogued := f.database + catalog.DatabaseSuffix
	localtest.Exec(t, root, "CREATE DATABASE "+catalogued, "CREATE TABLE "+catalogued+".meta (one INT)")
	account := f.database + "_r"
	quoted := server.QuoteAccount(account, "%")
	t.Cleanup(func() { localtest.Exec(t, root, "DROP USER IF EXISTS "+quoted) })
	cfg := Config{Username: account, Password: "a secret", Database: f.database}
	check := func(role server.Role) (missing []server.Right, err error) {
		err = CheckRights(t.Context(), cfg, "s0", f.addresses[0], role)
		if lacks := (*RightsError)(nil); errors.As(err, &lacks) {
			return lacks.Missing, err
		}
		return nil, err
	}
	for _, role := range []server.Role{server.ForWriting, server.ForQuerying, server.ForCatalog} {
		rights := info.Rights(role, f.database, catalogued)
		for i, right := range rights {
			localtest.Exec(t, root, "DROP USER IF EXISTS "+quoted, `CREATE USER `+quoted+` IDENTIFIED BY 'a secret'`)
			localtest.Exec(t, root, server.Grants(slices.Concat(rights[:i], rights[i+1:]), quoted)...)
			missing, err := check(role)
			if !slices.Equal(missing, []server.Right{right}) || fault.CodeOf(err) != fault.RightsMissing {
				t.Errorf("%s without %v: missing %v, %v", role, right, missing, err)
				continue
			}
			_, grant, _ := strings.Cut(err.Error(), ": GRANT ")
			if !strings.HasSuffix(grant, quoted) {
				t.Errorf("%s without %v: got %v", role, right, err)
			}
			localtest.Exec(t, root, "GRANT "+grant)
			if missing, err := check(role); err != nil {
				t.Errorf("%s with all: missing %v, %v", role, missing, err)
			}
		}
	}
}

// TestRightsBeyondOwn has rights in other ways than by a grant on the database.
func TestRightsBeyondOwn(t *testing.T) {
	f := newFixture(t, 1)
	root := localtest.Open(t, f.addresses[0], "")
	account := server.QuoteAccount(f.database+"_r", "%")
	t.Cleanup(func() { localtest.Exec(t, root, "DROP USER IF EXISTS "+account) })
	cfg := Config{Username: f.database + "_r", Database: f.database}
	pattern := "`" + f.database[:len(f.database)-1] + "_`.*" // any last character
	for _, grant := range []string{"ALL PRIVILEGES ON *.*", "ALL PRIVILEGES ON " + pattern} {
		localtest.Exec(t, root, "DROP USER IF EXISTS "+account, "CREATE USER "+account+" IDENTIFIED BY ''", "GRANT "+grant+" TO "+account)
		if err := CheckRights(t.Context(), cfg, "s0", f.addresses[0], server.ForWriting, server.ForQuerying); err != nil {
			t.Errorf("%s: %v", grant, err)
		}
	}
}

// TestGreeting learns what a server is without an account.
func TestGreeting(t *testing.T) {
	f := newFixture(t, 1)
	want, err := f.shard(t, "s0").Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := Greeting(t.Context(), Config{}, f.addresses[0])
	if err != nil || got.String() != want.String() {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if _, err := Greeting(t.Context(), Config{DialTimeout: 100_000_000}, silence(t)); !errors.Is(err, ErrUnreachable) {
		t.Errorf("of a silent server: %v", err)
	}
}
