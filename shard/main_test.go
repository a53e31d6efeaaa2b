package shard

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

func TestMain(m *testing.M) { localtest.Main(m) }

// registry is a catalog in memory, with the catalog's rules for shards.
type registry struct {
	id        string
	collation string // empty: that of old catalogs

	mu      sync.Mutex
	version uint64
	shards  []catalog.Shard
	failing error // what the next SetShardState returns
}

func (r *registry) ID() string { return r.id }

func (r *registry) Collation() string { return cmp.Or(r.collation, server.Collation) }

func (r *registry) Refresh(context.Context) (*catalog.Snapshot, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.snapshot(), nil
}

func (r *registry) snapshot() *catalog.Snapshot {
	shards := slices.Clone(r.shards)
	for i := range shards {
		shards[i].Catalog, shards[i].Collation = r.id, r.collation
	}
	return catalog.NewSnapshot(r.version, shards, nil)
}

func (r *registry) AddShard(_ context.Context, s catalog.Shard) (*catalog.Shard, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, known := range r.shards {
		name, identity := known.Name == s.Name, known.Identity == s.Identity
		if name && identity {
			return &known, nil
		}
		if name || identity {
			return nil, &catalog.ShardConflictError{Offered: s, Stored: known}
		}
	}
	s.Number = len(r.shards)
	r.shards = append(r.shards, s)
	r.version++
	return &s, nil
}

func (r *registry) SetShard(_ context.Context, name, address string, weight float64) error {
	return r.change(name, func(s *catalog.Shard) {
		if address != "" {
			s.Address = address
		}
		if weight != 0 {
			s.Weight = weight
		}
	})
}

func (r *registry) SetShardState(_ context.Context, name string, state catalog.ShardState) error {
	if err := r.failing; err != nil {
		r.failing = nil
		return err
	}
	return r.change(name, func(s *catalog.Shard) { s.State = state })
}

func (r *registry) change(name string, change func(*catalog.Shard)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.shards {
		if r.shards[i].Name == name {
			change(&r.shards[i])
			r.version++
			return nil
		}
	}
	return catalog.ErrUnknownShard
}

// rawLogs stands in for the tables that every shard has.
type rawLogs struct {
	refusal error // what Check returns

	mu      sync.Mutex
	failing error // what the next Create returns, after it has done its work
	created []int // the numbers of the shards, in the order of the calls
}

func (r *rawLogs) Check(context.Context, *sql.DB, string) error { return r.refusal }

func (r *rawLogs) Create(ctx context.Context, db *sql.DB, _ server.Info, database, _ string, number int) error {
	if _, err := db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS "+inDatabase(database, "raw_logs")+" (id INT)"); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.created = append(r.created, number)
	err := r.failing
	r.failing = nil
	return err
}

// fixture is a set of shards named s0, s1 … in a database of the test's own.
type fixture struct {
	*Set
	registry  *registry
	rawLogs   *rawLogs
	addresses []string
	database  string
}

func newFixture(t testing.TB, n int, change ...func(*Config)) *fixture {
	t.Helper()
	addresses := localtest.Servers(t, n)
	database := localtest.Database(t, addresses...)
	f := emptyFixture(t, database, change...)
	f.addresses = addresses
	for i, address := range addresses {
		if _, err := f.Join(t.Context(), f.registry, fmt.Sprintf("s%d", i), address, JoinOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	f.Sync(f.registry.snapshot())
	return f
}

func emptyFixture(t testing.TB, database string, change ...func(*Config)) *fixture {
	t.Helper()
	raw := new(rawLogs)
	cfg := Config{Username: "root", Database: database, Tables: raw}
	for _, c := range change {
		c(&cfg)
	}
	set, err := NewSet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	return &fixture{Set: set, registry: &registry{id: "catalog-of-" + database}, rawLogs: raw, database: database}
}

func (f *fixture) shard(t testing.TB, name string) *Shard {
	t.Helper()
	sh, err := f.Shard(name)
	if err != nil {
		t.Fatal(err)
	}
	return sh
}

// vendor returns what the servers are, for what differs between them.
func (f *fixture) vendor(t testing.TB) server.Vendor {
	t.Helper()
	info, err := f.shard(t, "s0").Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.Vendor
}

// readOnly names the variable that tells whether a session only reads.
func (f *fixture) readOnly(t testing.TB) string {
	t.Helper()
	if f.vendor(t) == server.MariaDB {
		return "@@tx_read_only"
	}
	return "@@transaction_read_only"
}

// numbers is a table with the column n, from 0 to 10^digits - 1.
func numbers(digits int) string {
	return "(SELECT seq AS n FROM " + localtest.Numbers(0, int(math.Pow10(digits))-1) + " AS s) AS numbers"
}

// exec runs statements on a shard's write pool.
func exec(t testing.TB, sh *Shard, statements ...string) {
	t.Helper()
	localtest.Exec(t, sh.Write(), statements...)
}

// open takes a query connection, and closes it when the test ends.
func open(t testing.TB, sh *Shard) *Conn {
	t.Helper()
	c, err := sh.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// texts returns all rows of a query as strings; NULL is "NULL".
func texts(t testing.TB, c *Conn, query string) [][]string {
	t.Helper()
	rows, err := c.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var all [][]string
	for rows.Next() {
		var row []string
		for _, v := range rows.Values() {
			if v == nil {
				row = append(row, "NULL")
			} else {
				row = append(row, string(v))
			}
		}
		all = append(all, row)
	}
	if rows.Err() != nil {
		t.Fatalf("%s: %v", query, rows.Err())
	}
	return all
}

// run runs a statement to its end, for its error.
func run(ctx context.Context, c *Conn, statement string) error {
	rows, err := c.Query(ctx, statement)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return rows.Err()
}

// eventually waits up to 10 s until ok returns true.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	localtest.Eventually(t, 10*time.Second, what, ok)
}

func textLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// silence is the address of a server that takes connections and says nothing.
func silence(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String()
}
