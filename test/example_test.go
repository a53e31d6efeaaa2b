package test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"

	_ "github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/local/localtest"
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
	flags, addresses, database := onShards(t, n)
	s := startServer(t, append(flags, "-log_events")...)
	got := string(s.expect(200, "PUT", "/api/log", dogs).body)
	if want := `{"family":"dog_registry","accepted":3,"created":true,"columns_added":["name","breed","weight"]}`; strings.TrimSpace(got) != want {
		t.Errorf("PUT /api/log:\n got %s\nwant %s", got, want)
	}
	s.expect(200, "PUT", "/api/log", cats)

	got = string(s.expect(200, "POST", "/api/query", "{\"query\":\"SELECT * FROM `dog_registry`;\"}").body)
	want := `{"results":[{"id":1,"name":"spot","breed":"labrador","weight":100},{"id":2,"name":"max","breed":"chihuahua","weight":3},{"id":3,"name":"sprinkle","breed":"pitbull","weight":50}],`
	if !strings.HasPrefix(got, want) {
		t.Errorf("SELECT *:\n got %s\nwant %s…", got, want)
	}

	got = string(s.expect(200, "GET", "/api/describe", nil).body)
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

	s.expect(200, "PUT", "/api/log", dogs)
	if got, want := s.rows("SELECT id, name FROM dog_registry WHERE id > 3"), "[4,\"spot\"]\n[5,\"max\"]\n[6,\"sprinkle\"]"; got != want {
		t.Errorf("after the same request again:\n got %s\nwant %s", got, want)
	}
	for _, line := range []string{
		"Connected to MySQL as root at " + addresses[0],
		"Received logs for the dog_registry log family",
		"Log values for the field name of the dog_registry log will be of type string",
		"Handling a new log event for the dog_registry log family",
		"The value of the breed field in the dog_registry log event is labrador",
	} {
		if !strings.Contains(s.log.String(), line) {
			t.Errorf("the log lacks the line %q", line)
		}
	}
}

// shardOf opens the shard that has the table.
func shardOf(t *testing.T, s *server, table string, addresses []string, database string) *sql.DB {
	t.Helper()
	type described struct{ Tables []struct{ Shards []string } }
	d := decode[described](t, s.expect(200, "GET", "/api/describe?table="+table, nil).body)
	if len(d.Tables) != 1 || len(d.Tables[0].Shards) != 1 {
		t.Fatalf("%s is not on one shard: %+v", table, d)
	}
	for i, address := range addresses {
		if d.Tables[0].Shards[0] == fmt.Sprintf("s%d", i+1) {
			return open(t, address, database)
		}
	}
	t.Fatalf("unknown shard %v", d.Tables[0].Shards)
	return nil
}

// open connects to a server as a mysql client would.
func open(t testing.TB, address, database string) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", localtest.DSN(address, database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// selectText returns the rows with their values joined by | and NULL for
// NULL, one row a line.
func selectText(t testing.TB, db *sql.DB, query string) string {
	t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	defer rows.Close()
	names, _ := rows.Columns()
	values := make([]sql.NullString, len(names))
	targets := make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	var lines []string
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		line := make([]string, len(values))
		for i, v := range values {
			if line[i] = "NULL"; v.Valid {
				line[i] = v.String
			}
		}
		lines = append(lines, strings.Join(line, "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
