package tables

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// insertOne stores a row and returns its id.
func (f *fixture) insertOne(t *testing.T) int64 {
	t.Helper()
	f.exec(t, "INSERT INTO raw_logs (family, log) VALUES ('f', '{}')")
	return localtest.Value[int64](t, f.db, "SELECT MAX(id) FROM raw_logs")
}

// TestRawLogsIDs joins two shards, and the second again with whatever happened
// to its table meanwhile: its ids are never those of the first.
func TestRawLogsIDs(t *testing.T) {
	addresses := localtest.Servers(t, 2)
	f := fixtureOn(t, addresses[0], localtest.Database(t, addresses...))
	on := []*fixture{f, {db: localtest.Open(t, addresses[1], localtest.Value[string](t, f.db, "SELECT DATABASE()"))}}
	for number, address := range addresses {
		if err := f.join(t, fmt.Sprintf("s%d", number), address); err != nil {
			t.Fatal(err)
		}
		if got := on[number].insertOne(t); got != firstID(number) {
			t.Errorf("the first id of placement %d is %d", number, got)
		}
	}
	second := on[1]
	for _, tt := range []struct {
		what       string
		statements []string
		next       int64
	}{
		{"nothing", nil, firstID(1) + 1},
		{"higher ids than the shard's own", []string{fmt.Sprintf("INSERT INTO raw_logs (id, family, log) VALUES (%d, 'f', '{}')", int64(3)<<40)}, 3<<40 + 1},
		{"a restored table", []string{"DROP TABLE raw_logs", dialect{server.Info{}, server.Collation}.createRawLogs(localtest.Value[string](t, f.db, "SELECT DATABASE()"), 0)}, firstID(1)},
	} {
		second.exec(t, tt.statements...)
		if err := f.join(t, "s1", addresses[1]); err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		if got := second.insertOne(t); got != tt.next {
			t.Errorf("%s: the next id was %d", tt.what, got)
		}
	}
	if n := localtest.Value[int](t, f.db, `SELECT COUNT(*) FROM information_schema.columns
		WHERE table_schema = DATABASE() AND collation_name <> ?`, f.cat.Collation()); n != 0 {
		t.Errorf("%d columns have another collation", n)
	}
}

func TestForeignRawLogs(t *testing.T) {
	address := localtest.Servers(t, 1)[0]
	for table, says := range map[string]string{
		"(a INT)": "no column",
		"(id BIGINT PRIMARY KEY, family VARCHAR(64), log LONGTEXT)":                        "no column id of type BIGINT AUTO_INCREMENT",
		"(id INT AUTO_INCREMENT PRIMARY KEY, family VARCHAR(64), log LONGTEXT)":            "no column id of type BIGINT AUTO_INCREMENT",
		"(id BIGINT AUTO_INCREMENT PRIMARY KEY, family VARCHAR(64), log TEXT)":             "no column log of type LONGTEXT",
		"(id BIGINT AUTO_INCREMENT PRIMARY KEY, family VARCHAR(64), log LONGTEXT, at INT)": "other columns",
	} {
		f := fixtureOn(t, address, localtest.Database(t, address))
		f.exec(t, "CREATE TABLE raw_logs "+table)
		err := f.join(t, "s0", address)
		if !errors.Is(err, ErrRawLogs) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v", table, err)
		}
		if snapshot, err := f.cat.Refresh(t.Context()); err != nil || len(snapshot.Shards()) != 0 {
			t.Errorf("%s: joined as %v, %v", table, snapshot.Shards(), err)
		}
	}
}
