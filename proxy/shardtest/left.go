package shardtest

import (
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/shard"
)

// Idle checks that no statement with the tag goes on on any shard, and that
// all connections were given back.
func (s *Shards) Idle(t testing.TB, tag string) {
	t.Helper()
	s.AwaitEnded(t, tag)
	for _, sh := range s.Set.All() {
		if n := sh.Stats().Query.InUse; n != 0 {
			t.Errorf("shard %s: %d connections still in use", sh.Name(), n)
		}
		release, err := sh.Reserve(t.Context(), admission.Asker{}, sh.Stats().Query.Max)
		if err != nil {
			t.Errorf("shard %s: reservations left: %v", sh.Name(), err)
			continue
		}
		release()
	}
}

// Clean checks that the pools' sessions hold no temporary tables and have
// their settings.
func (s *Shards) Clean(t testing.TB) {
	t.Helper()
	for _, sh := range s.Set.All() {
		n := sh.Stats().Query.Idle
		release, err := sh.Reserve(t.Context(), admission.Asker{}, max(n, 1))
		if err != nil {
			t.Fatal(err)
		}
		var conns []*shard.Conn
		for range n {
			c, err := sh.Conn(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			conns = append(conns, c)
			s.cleanSession(t, sh, c)
		}
		for _, c := range conns {
			c.Close()
		}
		release()
	}
}

func (s *Shards) cleanSession(t testing.TB, sh *shard.Shard, c *shard.Conn) {
	t.Helper()
	readOnly, transactions, isolation := "@@transaction_read_only", "(SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID())", "@@transaction_isolation"
	if c.Server().LiftsReadOnly() { // MariaDB, whose list of transactions is a little late
		readOnly, transactions, isolation = "@@tx_read_only", "@@in_transaction", "@@tx_isolation"
	}
	got := strings.Join(One(t, c, "SELECT "+readOnly+", @@sql_mode, @@collation_connection, @@character_set_results, @@time_zone, "+transactions+
		", @@max_heap_table_size = @@global.max_heap_table_size, "+isolation+", DATABASE()"), " ")
	if want := "1 " + c.Server().QueryMode() + " utf8mb4_unicode_ci utf8mb4 +00:00 0 1 REPEATABLE-READ " + s.Database; got != want {
		t.Errorf("shard %s: a session was left with %s", sh.Name(), got)
	}
	for _, name := range []string{"t1", "t2", "t3", "databalancer_shape_1"} {
		if _, err := c.Query(t.Context(), "SELECT 1 FROM "+name+" LIMIT 0"); err == nil {
			t.Errorf("shard %s: a session was left with the table %s", sh.Name(), name)
		}
	}
}

// One returns the only row of a query.
func One(t testing.TB, c *shard.Conn, query string) []string {
	t.Helper()
	rows, err := c.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	var row []string
	for rows.Next() {
		for _, v := range rows.Values() {
			row = append(row, string(v))
		}
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return row
}

// NoTables checks that no server has a connection but those that the pools
// keep, which Clean looks at: a temporary table goes with its connection.
func (s *Shards) NoTables(t testing.TB) {
	t.Helper()
	const control = 2 // connections that send KILL
	for n, sh := range s.Set.All() {
		db := s.DB(t, n)
		count, allowed := 0, 0
		for range 500 { // a server needs a moment to notice that a connection is gone
			if err := db.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE db = ?", s.Database).Scan(&count); err != nil {
				t.Fatal(err)
			}
			if allowed = sh.Stats().Query.Idle + control + db.Stats().OpenConnections; count <= allowed {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		if count > allowed {
			t.Errorf("shard s%d: %d connections, want at most %d", n, count, allowed)
		}
	}
}
