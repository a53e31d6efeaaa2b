package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

type shardList struct {
	Shards []struct {
		Name, Address, State string
		Families             int
	}
}

func shards(s *harness.Server) shardList { return harness.Get[shardList](s, "/api/shards") }

// TestBalance spreads a burst of new families evenly, and follows a shard's
// state.
func TestBalance(t *testing.T) {
	s := harness.StartOn(t, 3)
	for i := range 9 {
		s.Put(fmt.Sprintf("family_%d", i), map[string]string{"n": "int"}, []any{map[string]int{"n": i}})
	}
	for _, shard := range shards(s).Shards {
		if shard.Families != 3 {
			t.Errorf("shard %s has %d families, want 3", shard.Name, shard.Families)
		}
	}
	s.Expect(200, "PATCH", "/api/shards/s2", `{"state":"readonly"}`)
	for i := range 4 {
		s.Put(fmt.Sprintf("later_%d", i), map[string]string{"n": "int"}, []any{map[string]int{"n": i}})
	}
	for _, shard := range shards(s).Shards {
		if want := map[bool]int{true: 3, false: 5}[shard.Name == "s2"]; shard.Families != want {
			t.Errorf("shard %s has %d families, want %d", shard.Name, shard.Families, want)
		}
	}
	if got := s.Rows("SELECT n FROM family_1"); got != "[1]" {
		t.Errorf("a family on a read-only shard: got %s", got)
	}
	s.Put("family_1", map[string]string{"n": "int"}, []any{map[string]int{"n": 7}})
}

// onThree returns a process with the families f0 to f2, one on each shard.
func onThree(t *testing.T) *harness.Server {
	t.Helper()
	s := harness.StartOn(t, 3)
	for i := range 3 {
		s.Put(fmt.Sprintf("f%d", i), map[string]string{"n": "int", "s": "string"},
			[]any{map[string]any{"n": i, "s": "a"}, map[string]any{"n": i + 10, "s": "b"}})
	}
	return s
}

// TestConcat asks for rows of several shards one after the other.
func TestConcat(t *testing.T) {
	s := onThree(t)
	got := s.Rows("SELECT n, s FROM f0 WHERE s = 'a' UNION ALL SELECT n, s FROM f1 UNION ALL (SELECT n, s FROM f2 ORDER BY n DESC LIMIT 1)")
	if want := "[0,\"a\"]\n[1,\"a\"]\n[11,\"b\"]\n[12,\"b\"]"; got != want {
		t.Errorf("UNION ALL:\n got %s\nwant %s", got, want)
	}
	lines := strings.Split(s.Rows("SELECT family, log FROM raw_logs WHERE family <> 'f1'"), "\n")
	slices.Sort(lines)
	want := []string{`["f0",{"n":0,"s":"a"}]`, `["f0",{"n":10,"s":"b"}]`, `["f2",{"n":12,"s":"b"}]`, `["f2",{"n":2,"s":"a"}]`}
	if !slices.Equal(lines, want) {
		t.Errorf("raw_logs:\n got %q\nwant %q", lines, want)
	}
}

// TestGather asks for what several shards have in common, which is refused where
// rows are not gathered.
func TestGather(t *testing.T) {
	backend := localtest.Backend(t)
	s := onThree(t)
	for sql, want := range map[string]string{
		"SELECT n FROM f0 UNION SELECT n FROM f1 ORDER BY n":               "[0]\n[1]\n[10]\n[11]",
		"SELECT n FROM f0 UNION ALL SELECT n FROM f1 ORDER BY n LIMIT 1":   "[0]",
		"SELECT f0.n, f1.n FROM f0 JOIN f1 ON f0.n + 1 = f1.n ORDER BY 1":  "[0,1]\n[10,11]",
		"SELECT n FROM f0 WHERE n + 1 IN (SELECT n FROM f1) ORDER BY n":    "[0]\n[10]",
		"SELECT (SELECT MAX(n) FROM f1) FROM f0":                           "[11]\n[11]",
		"SELECT family, COUNT(*) FROM raw_logs GROUP BY family ORDER BY 1": "[\"f0\",2]\n[\"f1\",2]\n[\"f2\",2]",
		"SELECT family FROM raw_logs ORDER BY family DESC LIMIT 1":         "[\"f2\"]",
		"SELECT n FROM f0 UNION ALL SELECT s FROM f1 ORDER BY 1":           "[\"0\"]\n[\"10\"]\n[\"a\"]\n[\"b\"]",
	} {
		if !backend.Gathers() {
			if p := s.Refused(422, "unsupported", "POST", "/api/query", map[string]any{"query": sql}); !strings.Contains(p.Detail, string(backend.Vendor)) {
				t.Errorf("%s: refused without a reason: %s", sql, p.Detail)
			}
			continue
		}
		if got := s.Rows(sql); got != want {
			t.Errorf("%s:\n got %s\nwant %s", sql, got, want)
		}
	}
	p := s.Refused(422, "unsupported", "POST", "/api/query", map[string]any{"query": "SELECT RAND(1) FROM f0 JOIN f1 ON f0.n = f1.n"})
	if p.Detail == "" {
		t.Error("a refusal without detail")
	}
}

// TestAddShard adds a server at run time.
func TestAddShard(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 2)
	first := harness.Start(t, harness.ShardFlags(addresses[:1], database)...)
	first.Put("one", map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
	second := harness.Start(t, harness.ShardFlags(addresses[:1], database)...)
	first.Expect(200, "PUT", "/api/shards/s2", map[string]any{"address": addresses[1], "weight": 2})
	first.Put("two", map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	if got := second.Rows("SELECT n FROM one UNION ALL SELECT n FROM two"); got != "[1]\n[2]" {
		t.Errorf("through the other process: got %s", got)
	}
	first.Refused(409, "name_taken", "PUT", "/api/shards/s3", map[string]any{"address": addresses[1]})
	harness.Start(t, flags...)
}

// TestSwappedAddresses starts with addresses that contradict the catalog.
func TestSwappedAddresses(t *testing.T) {
	_, addresses, database := harness.OnShards(t, 2)
	harness.Start(t, harness.ShardFlags(addresses, database)...).Put("f", map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
	swapped := []string{addresses[1], addresses[0]}
	for name, flags := range map[string][]string{
		"order":                 {"-mysql_address", "s2=" + addresses[1] + ",s1=" + addresses[0], "-mysql_database", database},
		"names":                 append(harness.ShardFlags(swapped, database), "-catalog_address", addresses[0]),
		"one server, two names": {"-mysql_address", "s1=" + addresses[0] + ",s9=" + addresses[1], "-mysql_database", database},
	} {
		s := harness.Begin(t, append(flags, "-start_timeout", "10s")...)
		if code := s.Wait(60e9); code != 1 {
			t.Errorf("%s: exit status %d, want 1\n%s", name, code, s.Log)
		}
	}
	if names := selectText(t, localtest.Open(t, addresses[1], ""), "SHOW DATABASES LIKE '"+database+"%'"); names != database {
		t.Errorf("databases on the second server: %q: a second catalog was started", names)
	}
}
