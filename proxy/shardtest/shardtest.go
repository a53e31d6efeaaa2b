// Package shardtest gives tests of proxy and of proxy/gather shards on real
// servers, and looks at these from outside: what runs there, and what a query
// has left behind.
package shardtest

import (
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/shard"
)

// Shards are the shards s0, s1 …, one a server, in a database of their own.
type Shards struct {
	Set       *shard.Set
	Addresses []string
	Database  string
	dbs       map[int]*sql.DB // the test's own connections, by the server's number
}

// New returns n shards in a new database.
func New(t testing.TB, n int, change ...func(*shard.Config)) *Shards {
	t.Helper()
	addresses := localtest.Servers(t, n)
	return At(t, addresses, localtest.Database(t, addresses...), change...)
}

// At returns shards at these addresses, as one more process would have them.
func At(t testing.TB, addresses []string, database string, change ...func(*shard.Config)) *Shards {
	t.Helper()
	cfg := shard.Config{Username: "root", Database: database}
	for _, c := range change {
		c(&cfg)
	}
	set, err := shard.NewSet(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { set.Close() })
	var known []catalog.Shard
	for i, address := range addresses {
		known = append(known, catalog.Shard{Number: i, Name: fmt.Sprintf("s%d", i), Address: address})
	}
	set.Sync(catalog.NewSnapshot(1, known, nil))
	return &Shards{Set: set, Addresses: addresses, Database: database, dbs: map[int]*sql.DB{}}
}

// DB returns connections of the test's own to the nth server.
func (s *Shards) DB(t testing.TB, n int) *sql.DB {
	t.Helper()
	if s.dbs[n] != nil {
		return s.dbs[n]
	}
	s.dbs[n] = localtest.Open(t, s.Addresses[n], s.Database)
	t.Cleanup(func() { delete(s.dbs, n) })
	return s.dbs[n]
}

// Exec runs statements on the nth server.
func (s *Shards) Exec(t testing.TB, n int, statements ...string) {
	t.Helper()
	localtest.Exec(t, s.DB(t, n), statements...)
}

// running counts the statements on the nth server that begin with a tag and
// contain a text.
func (s *Shards) running(t testing.TB, n int, tag, text string) int {
	t.Helper()
	return localtest.Value[int](t, s.DB(t, n),
		"SELECT COUNT(*) FROM information_schema.processlist WHERE LEFT(info, ?) = ? AND INSTR(info, ?) > 0", len(tag), tag, text)
}

// patience is longer than a server needs to start or to stop a statement.
const patience = 20 * time.Second

// AwaitRunning waits until a statement with the tag and the text runs on the
// nth server.
func (s *Shards) AwaitRunning(t testing.TB, n int, tag, text string) {
	t.Helper()
	localtest.Eventually(t, patience, fmt.Sprintf("shard s%d runs %s %s", n, tag, text), func() bool { return s.running(t, n, tag, text) > 0 })
}

// AwaitEnded waits until nothing with the tag runs on any server. One may need
// a moment to act on a KILL that it has accepted.
func (s *Shards) AwaitEnded(t testing.TB, tag string) {
	t.Helper()
	for n := range s.Addresses {
		localtest.Eventually(t, patience, fmt.Sprintf("shard s%d runs nothing of %s", n, tag), func() bool { return s.running(t, n, tag, "") == 0 })
	}
}
