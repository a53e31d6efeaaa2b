package shard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

func TestSync(t *testing.T) {
	f := newFixture(t, 2)
	s0, s1 := f.shard(t, "s0"), f.shard(t, "s1")
	if all := f.All(); len(all) != 2 || all[0] != s0 || all[1] != s1 || s1.known.Number != 1 || s1.Address() != f.addresses[1] {
		t.Fatalf("got %v", all)
	}
	conn := open(t, s1)
	state := func(change func(s []catalog.Shard) []catalog.Shard) {
		snap := f.registry.snapshot()
		f.Sync(catalog.NewSnapshot(snap.Version, change(snap.Shards()), nil))
	}
	state(func(s []catalog.Shard) []catalog.Shard {
		s[0].Bytes, s[0].State, s[0].Weight = 5, catalog.ReadOnly, 3
		return s
	})
	if f.shard(t, "s0") != s0 || f.shard(t, "s1") != s1 {
		t.Error("what pools don't depend on replaced them")
	}
	state(func(s []catalog.Shard) []catalog.Shard { s[1].Address = "localhost:1"; return s })
	if f.shard(t, "s0") != s0 || f.shard(t, "s1") == s1 {
		t.Error("another address kept the pools, or replaced all")
	}
	if got := texts(t, conn, "SELECT 1"); got[0][0] != "1" {
		t.Error("a connection in use was closed")
	}
	if _, err := s1.Conn(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("the replaced pool gave %v", err)
	}
	state(func(s []catalog.Shard) []catalog.Shard { return s[:1] })
	if _, err := f.Shard("s1"); !errors.Is(err, ErrUnknown) || len(f.All()) != 1 {
		t.Errorf("a shard that is gone gave %v", err)
	}
	conn.Close()
	if _, idle := s1.query.counts(); idle != 0 {
		t.Error("a replaced pool kept a connection")
	}
}

func TestSyncWithAnotherCatalog(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	f.Sync(f.registry.snapshot())
	if f.shard(t, "s0") != sh {
		t.Error("the same catalog replaced the shards")
	}
	f.registry.id = "another"
	f.Sync(f.registry.snapshot())
	var identity *IdentityError
	if _, err := f.shard(t, "s0").Conn(t.Context()); !errors.As(err, &identity) {
		t.Errorf("got %v", err)
	}
}

func TestClosedSet(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	f.Close()
	f.Sync(f.registry.snapshot())
	if _, err := f.Shard("s0"); !errors.Is(err, ErrUnknown) {
		t.Errorf("got %v", err)
	}
	if _, err := sh.Conn(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Each way to a server notices that it is not the one that the catalog means.
func TestSwappedAddressesAreNoticed(t *testing.T) {
	f := newFixture(t, 2)
	swapped := f.registry.snapshot().Shards()
	swapped[0].Address, swapped[1].Address = swapped[1].Address, swapped[0].Address
	f.Sync(catalog.NewSnapshot(9, swapped, nil))
	for i, sh := range f.All() {
		for what, try := range ways(sh) {
			var identity *IdentityError
			if err := try(t.Context()); !errors.As(err, &identity) {
				t.Errorf("%s of %s: got %v", what, sh.Name(), err)
				continue
			}
			if identity.Shard != sh.Name() || identity.Expected.Shard != swapped[i].Identity ||
				identity.Found.Shard != swapped[1-i].Identity || identity.Found.Name != swapped[1-i].Name {
				t.Errorf("%s of %s: got %+v", what, sh.Name(), identity)
			}
		}
	}
}

func ways(sh *Shard) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"Write":  func(ctx context.Context) error { return sh.Write().PingContext(ctx) },
		"Conn":   func(ctx context.Context) error { _, err := sh.Conn(ctx); return err },
		"Ping":   func(ctx context.Context) error { _, err := sh.Ping(ctx); return err },
		"Server": func(ctx context.Context) error { _, err := sh.Server(ctx); return err },
	}
}

func TestServersThatAreNoShard(t *testing.T) {
	f := newFixture(t, 1)
	known := f.registry.snapshot().Shards()[0]
	tests := map[string]func(cfg *Config, catalogID *string){
		"database missing": func(cfg *Config, _ *string) { cfg.Database += "_missing" },
		"table missing":    func(cfg *Config, _ *string) { cfg.Database = localtest.Database(t, f.addresses...) },
		"another catalog":  func(_ *Config, id *string) { *id = "another" },
	}
	for name, change := range tests {
		cfg, known := f.cfg, known
		change(&cfg, &known.Catalog)
		sh := newShard(cfg, known)
		defer sh.close()
		var identity *IdentityError
		if _, err := sh.Conn(t.Context()); !errors.As(err, &identity) || identity.Expected.Catalog != known.Catalog {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func TestSessionSettings(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	readOnly := f.readOnly(t)
	query := "SELECT @@character_set_client, @@character_set_results, @@collation_connection, @@time_zone," +
		" @@autocommit, @@sql_mode, @@group_concat_max_len, @@lock_wait_timeout, @@innodb_lock_wait_timeout, " + readOnly + ", DATABASE()"
	want := func(mode, rowLockWait, readOnly string) string {
		return "utf8mb4 utf8mb4 utf8mb4_unicode_ci +00:00 1 " + mode + " 1048576 10 " + rowLockWait + " " + readOnly + " " + f.database
	}
	got := strings.Join(texts(t, open(t, sh), query)[0], " ")
	if got != want(open(t, sh).Server().QueryMode(), "50", map[bool]string{true: "1", false: "0"}[f.vendor(t) != server.TiDB]) {
		t.Errorf("queries: got %s", got)
	}
	values := make([]string, 11)
	into := make([]any, len(values))
	for i := range values {
		into[i] = &values[i]
	}
	if err := sh.Write().QueryRowContext(t.Context(), query).Scan(into...); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(values, " "); got != want("STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION", "10", "0") {
		t.Errorf("writing: got %s", got)
	}
}

func TestQueryConnectionsCannotWrite(t *testing.T) {
	f := newFixture(t, 1)
	if f.vendor(t) == server.TiDB {
		t.Skip("TiDB has no read-only sessions")
	}
	sh := f.shard(t, "s0")
	exec(t, sh, "CREATE TABLE w (a INT)")
	c := open(t, sh)
	for _, statement := range []string{
		"INSERT INTO w VALUES (1)", "CREATE TABLE v (a INT)", "DROP TABLE w", "TRUNCATE w", "SELECT 1; DROP TABLE w",
	} {
		var server *ServerError
		if err := run(t.Context(), c, statement); !errors.As(err, &server) {
			t.Errorf("%s: got %v", statement, err)
		}
	}
}

func TestQueryAccount(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	database := localtest.Database(t, addresses...)
	user := "q" + database[len(database)-8:]
	f := emptyFixture(t, database, func(c *Config) { c.QueryUsername, c.QueryPassword = user, "secret" })
	if _, err := f.Join(t.Context(), f.registry, "s0", addresses[0], JoinOptions{}); err != nil {
		t.Fatal(err)
	}
	f.Sync(f.registry.snapshot())
	sh := f.shard(t, "s0")
	_, err := sh.Conn(t.Context())
	var server *ServerError
	if !errors.As(err, &server) || server.Number != 1045 || strings.Contains(err.Error(), user) || strings.Contains(err.Error(), "secret") {
		t.Fatalf("without an account: got %v", err)
	}
	exec(t, sh, fmt.Sprintf("CREATE USER %s@'%%' IDENTIFIED BY 'secret'", user),
		fmt.Sprintf("GRANT SELECT ON %s.* TO %s@'%%'", database, user))
	t.Cleanup(func() { sh.Write().Exec(fmt.Sprintf("DROP USER %s@'%%'", user)) })
	c := open(t, sh)
	if got := texts(t, c, "SELECT CURRENT_USER()"); got[0][0] != user+"@%" {
		t.Errorf("queries run as %v", got)
	}
	// It may stop what it runs itself.
	tag := "/* " + database + " */ "
	if err := run(endWhenRunning(t, sh, tag), c, tag+"SELECT SLEEP(3000)"); !errors.Is(err, errEnough) {
		t.Errorf("got %v", err)
	}
	eventually(t, "the statement is gone", func() bool {
		n, err := sh.KillTagged(t.Context(), tag)
		return n == 0 && err == nil
	})
	if sizes, err := sh.Sizes(t.Context()); err != nil || len(sizes) != 1 || sizes[0].Name != "raw_logs" {
		t.Errorf("got sizes %v, %v", sizes, err)
	}
}

func TestPoolReusesLastConnection(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	a, b := open(t, sh), open(t, sh)
	if s := sh.Stats().Query; s.InUse != 2 || s.Idle != 0 {
		t.Errorf("got %+v", s)
	}
	second := b.session
	a.Close()
	b.Close()
	b.Close()
	if s := sh.Stats().Query; s.InUse != 0 || s.Idle != 2 {
		t.Errorf("got %+v", s)
	}
	c := open(t, sh)
	if c.session != second {
		t.Error("not the connection given back last")
	}
	// One that the server has closed meanwhile is replaced.
	idle := sh.query.idle[0]
	exec(t, sh, fmt.Sprintf("KILL %d", idle.id))
	eventually(t, "its end is seen", func() bool { return !idle.alive(t.Context()) })
	if got := texts(t, open(t, sh), "SELECT 1"); got[0][0] != "1" {
		t.Errorf("got %v", got)
	}
	// So is one that is old, and one that nobody needs is closed.
	c.Close()
	c = open(t, sh)
	c.session.created = time.Now().Add(-2 * maxAge)
	old := c.session
	c.Close()
	c = open(t, sh)
	if c.session == old {
		t.Error("an old connection was used again")
	}
	d := open(t, sh)
	d.Close()
	sh.query.idle[0].used = time.Now().Add(-2 * maxIdle)
	c.Close()
	if s := sh.Stats().Query; s.Idle != 1 {
		t.Errorf("a connection was kept too long: %+v", s)
	}
}

func TestHealthAndUnreachable(t *testing.T) {
	cluster := localtest.Dedicated(t, 1)
	address := cluster.Sockets()[0]
	var log strings.Builder
	f := emptyFixture(t, "health", func(c *Config) { c.Logger = textLogger(&log); c.DialTimeout = time.Second })
	if _, err := f.Join(t.Context(), f.registry, "s0", address, JoinOptions{}); err != nil {
		t.Fatal(err)
	}
	f.Sync(f.registry.snapshot())
	sh := f.shard(t, "s0")
	if h := sh.Health(); !h.Checked.IsZero() || h.Err != nil {
		t.Errorf("before a ping: %+v", h)
	}
	f.Check(t.Context())
	if h := sh.Health(); h.Checked.IsZero() || h.Err != nil || h.Latency <= 0 {
		t.Errorf("up: %+v", h)
	}
	c := open(t, sh)
	cluster.Stop(0)
	if err := run(t.Context(), c, "SELECT 1"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a statement on a lost connection: %v", err)
	}
	c.Close()
	if _, err := sh.Conn(t.Context()); !errors.Is(err, ErrUnreachable) {
		t.Errorf("a new connection: %v", err)
	}
	if err := Wrap("s0", sh.Write().PingContext(t.Context())); !errors.Is(err, ErrUnreachable) {
		t.Errorf("writing: %v", err)
	}
	f.Check(t.Context())
	f.Check(t.Context())
	if h := sh.Health(); !errors.Is(h.Err, ErrUnreachable) || h.Latency <= 0 {
		t.Errorf("down: %+v", h)
	}
	cluster.Resume(0)
	f.Check(t.Context())
	if h := sh.Health(); h.Err != nil {
		t.Errorf("up again: %+v", h)
	}
	if n := strings.Count(log.String(), "shard does not answer"); n != 1 || !strings.Contains(log.String(), "shard answers again") {
		t.Errorf("logged %s", log.String())
	}
	if got := texts(t, open(t, sh), "SELECT 1"); got[0][0] != "1" {
		t.Errorf("got %v", got)
	}
}

// A server that takes connections and says nothing is unreachable in time.
func TestSilentServer(t *testing.T) {
	address := silence(t)
	cfg := Config{Username: "root", Database: "d", DialTimeout: 100 * time.Millisecond}.withDefaults()
	sh := newShard(cfg, catalog.Shard{Name: "silent", Address: address})
	defer sh.close()
	for what, try := range ways(sh) {
		if err := Wrap("silent", try(t.Context())); !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: got %v", what, err)
		}
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errEnough)
	if _, err := sh.Ping(ctx); !errors.Is(err, errEnough) {
		t.Errorf("got %v", err)
	}
	if h := sh.Health(); !errors.Is(h.Err, ErrUnreachable) {
		t.Errorf("a caller's cancelled ping changed the health to %+v", h)
	}
}

func TestInvalidAddressInCatalog(t *testing.T) {
	f := emptyFixture(t, "d")
	f.Sync(catalog.NewSnapshot(1, []catalog.Shard{{Name: "s0", Address: "root:hunter2@host"}}, nil))
	for what, try := range ways(f.shard(t, "s0")) {
		if err := try(t.Context()); !errors.Is(err, errAccountInAddress) || !errors.Is(err, ErrUnreachable) {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestWatch(t *testing.T) {
	f := newFixture(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.Watch(ctx, time.Millisecond) }()
	sh := f.shard(t, "s0")
	eventually(t, "pinged", func() bool { return !sh.Health().Checked.IsZero() })
	first := sh.Health().Checked
	eventually(t, "pinged again", func() bool { return sh.Health().Checked.After(first) })
	cancel()
	<-done
}
