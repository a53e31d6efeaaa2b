package test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

const (
	dogs = `{"family":"dog_registry","schema":{"name":"string","breed":"string","weight":"int"},"logs":[{"name":"spot","breed":"labrador","weight":100},{"name":"max","breed":"chihuahua","weight":3},{"name":"sprinkle","breed":"pitbull","weight":50}]}`
	cats = `{"family":"cat_registry","schema":{"age":"int","breed":"string","name":"string"},"logs":[{"age":4,"breed":"siamese","name":"tom"}]}`
)

// TestExample is the README's example, to the letter.
func TestExample(t *testing.T) {
	for _, n := range []int{1, 3} {
		t.Run(fmt.Sprintf("%d shards", n), func(t *testing.T) { example(t, n) })
	}
}

func example(t *testing.T, n int) {
	addresses := localtest.Servers(t, n)
	database := localtest.Database(t, addresses...)
	s := harness.Start(t, append(harness.ShardFlags(addresses, database), "-log_events")...)
	got := string(s.Expect(200, "PUT", "/api/log", dogs).Body)
	if want := `{"family":"dog_registry","accepted":3,"created":true,"columns_added":["name","breed","weight"]}`; strings.TrimSpace(got) != want {
		t.Errorf("PUT /api/log:\n got %s\nwant %s", got, want)
	}
	s.Expect(200, "PUT", "/api/log", cats)

	got = string(s.Expect(200, "POST", "/api/query", "{\"query\":\"SELECT * FROM `dog_registry`;\"}").Body)
	want := `{"results":[{"id":1,"name":"spot","breed":"labrador","weight":100},{"id":2,"name":"max","breed":"chihuahua","weight":3},{"id":3,"name":"sprinkle","breed":"pitbull","weight":50}],`
	if !strings.HasPrefix(got, want) {
		t.Errorf("SELECT *:\n got %s\nwant %s…", got, want)
	}

	got = string(s.Expect(200, "GET", "/api/describe", nil).Body)
	want = `{"tables":[{"name":"cat_registry","columns":[{"name":"id","type":"int","nullable":false},{"name":"age","type":"int","nullable":true},{"name":"breed","type":"text","nullable":true},{"name":"name","type":"text","nullable":true}]`
	if !strings.HasPrefix(got, want) || !strings.Contains(got, `{"name":"dog_registry","columns":[{"name":"id","type":"int","nullable":false},{"name":"name","type":"text","nullable":true},{"name":"breed","type":"text","nullable":true},{"name":"weight","type":"int","nullable":true}]`) {
		t.Errorf("describe:\n got %s\nwant %s…", got, want)
	}

	db := shardOf(t, s, "dog_registry", addresses, database)
	if got, want := selectText(t, db, `select * from dog_registry where breed = "labrador" and name != "max" order by weight`), "1|spot|labrador|100"; got != want {
		t.Errorf("on the shard: got %q, want %q", got, want)
	}
	first := selectText(t, db, "select * from raw_logs where family = 'dog_registry' order by id limit 1")
	if _, rest, _ := strings.Cut(first, "|"); rest != `dog_registry|{"breed":"labrador","name":"spot","weight":100}` {
		t.Errorf("raw_logs: got %q", first)
	}

	s.Expect(200, "PUT", "/api/log", dogs)
	if got, want := s.Rows("SELECT id, name FROM dog_registry WHERE id > 3"), "[4,\"spot\"]\n[5,\"max\"]\n[6,\"sprinkle\"]"; got != want {
		t.Errorf("after the same request again:\n got %s\nwant %s", got, want)
	}
	for _, line := range []string{
		"Connected to MySQL as root at " + addresses[0],
		"Received logs for the dog_registry log family",
		"Log values for the field name of the dog_registry log will be of type string",
		"Handling a new log event for the dog_registry log family",
		"The value of the breed field in the dog_registry log event is labrador",
	} {
		if !strings.Contains(s.Log.String(), line) {
			t.Errorf("the log lacks the line %q", line)
		}
	}
}

// shardOf opens the shard that has the table.
func shardOf(t *testing.T, s *harness.Server, table string, addresses []string, database string) *sql.DB {
	t.Helper()
	type described struct{ Tables []struct{ Shards []string } }
	d := harness.Get[described](s, "/api/describe?table="+table)
	if len(d.Tables) != 1 || len(d.Tables[0].Shards) != 1 {
		t.Fatalf("%s is not on one shard: %+v", table, d)
	}
	return localtest.Open(t, addressOf(t, addresses, d.Tables[0].Shards[0]), database)
}

// addressOf returns the address of a shard.
func addressOf(t *testing.T, addresses []string, shard string) string {
	t.Helper()
	for i, address := range addresses {
		if harness.ShardName(i) == shard {
			return address
		}
	}
	t.Fatalf("unknown shard %s", shard)
	return ""
}

// selectText returns the rows with their values joined by | and NULL for
// NULL, one row a line.
func selectText(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	var lines []string
	for _, row := range localtest.Rows(t, db, query) {
		lines = append(lines, strings.Join(row, "|"))
	}
	return strings.Join(lines, "\n")
}
