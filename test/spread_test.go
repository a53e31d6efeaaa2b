package test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/test/harness"
)

// family is the answer of GET /api/families/{family}.
type family struct {
	Indexes    []struct{ Columns []string }
	Placements []struct {
		Shard    string
		Number   int
		Writable bool
	}
	Rows int64
}

func familyOf(s *harness.Server, name string) family {
	return harness.Get[family](s, "/api/families/"+name)
}

// writable returns the shards to which the family's new rows go.
func (f family) writable() (shards []string) {
	for _, p := range f.Placements {
		if p.Writable {
			shards = append(shards, p.Shard)
		}
	}
	return shards
}

// onEach returns the number that a query gives on each of the servers.
func onEach(t testing.TB, addresses []string, database, query string) (numbers []int) {
	t.Helper()
	for _, address := range addresses {
		db := localtest.Open(t, address, database)
		n := 0
		if _, err := fmt.Sscan(selectText(t, db, query), &n); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		numbers = append(numbers, n)
		db.Close() // it may be asked often
	}
	return numbers
}

func sumOf(numbers []int) (sum int) {
	for _, n := range numbers {
		sum += n
	}
	return sum
}

// TestSpreadUnderLoad spreads a family over three shards while three processes
// store and read it. Whatever was acknowledged by one process is at once there
// for the others, in whole, on all its way from one shard to three.
func TestSpreadUnderLoad(t *testing.T) {
	t.Parallel()
	const batch = 3
	const patience = 4 * time.Minute // its hundred new columns take TiDB long
	flags, addresses, database := harness.OnShards(t, 3)
	servers := harness.StartTogether(t, 3, flags...)
	servers[0].Put("split", map[string]string{"w": "int", "n": "int"}, []any{})
	var stored, fields atomic.Int64
	var stop atomic.Bool
	var working sync.WaitGroup
	defer working.Wait()
	defer stop.Store(true)
	for w := range 6 {
		working.Go(func() {
			for n := 0; !stop.Load(); n++ {
				writer, reader := servers[(w+n)%3], servers[(w+n+1)%3]
				schema := map[string]string{"w": "int", "n": "int"}
				if n%40 == 0 && n < 800 { // columns race with the spread
					schema[fmt.Sprintf("f_%d_%d", w, n)] = "string"
					fields.Add(1)
				}
				event := map[string]int{"w": w, "n": n}
				writer.Put("split", schema, slices.Repeat([]any{event}, batch))
				stored.Add(batch)
				if got := countLines(reader.Rows("SELECT id FROM split WHERE w = ? AND n = ?", w, n)); got != batch {
					t.Errorf("request %d of writer %d: another process sees %d rows of %d", n, w, got, batch)
				}
			}
		})
	}
	// One process first: the others must find out by themselves.
	if f := harness.Decode[family](t, servers[0].Expect(200, "PUT", "/api/families/split/spread", `{"shards":2}`).Body); len(f.Placements) != 2 || len(f.writable()) != 1 {
		t.Errorf("at once: %+v", f)
	}
	time.Sleep(2 * time.Second)
	var spreading sync.WaitGroup
	for _, s := range servers {
		spreading.Go(func() {
			s.Expect(200, "PUT", "/api/families/split/spread", `{"shards":2}`)
			s.Expect(200, "PUT", "/api/families/split/indexes", `{"columns":["w","n"]}`)
		})
	}
	spreading.Wait()
	localtest.Eventually(t, patience, "two placements take rows", func() bool { return len(familyOf(servers[2], "split").writable()) == 2 })
	servers[1].Expect(200, "PUT", "/api/families/split/spread", `{"shards":3}`)
	localtest.Eventually(t, patience, "three placements take rows", func() bool { return len(familyOf(servers[0], "split").writable()) == 3 })
	localtest.Eventually(t, patience, "each shard has some rows", func() bool {
		return slices.Min(onEach(t, addresses, database, "SELECT COUNT(*) FROM split")) > 50
	})
	stop.Store(true)
	working.Wait()

	rows, raw := onEach(t, addresses, database, "SELECT COUNT(*) FROM split"), onEach(t, addresses, database, "SELECT COUNT(*) FROM raw_logs")
	if sumOf(rows) != int(stored.Load()) || !slices.Equal(rows, raw) {
		t.Errorf("%d rows were acknowledged; rows on the shards %v, raw logs %v", stored.Load(), rows, raw)
	}
	for p, s := range servers {
		ids := strings.Split(s.Rows("SELECT id FROM split"), "\n")
		slices.Sort(ids)
		if distinct := len(slices.Compact(ids)); distinct != int(stored.Load()) {
			t.Errorf("process %d sees %d ids", p, distinct)
		}
	}
	const columns = "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'split'"
	const indexes = "SELECT COUNT(DISTINCT index_name) FROM information_schema.statistics WHERE table_schema = DATABASE() AND table_name = 'split'"
	if got, want := onEach(t, addresses, database, columns), 3+int(fields.Load()); slices.Min(got) != want || slices.Max(got) != want {
		t.Errorf("columns on the shards %v, want %d", got, want)
	}
	if got := onEach(t, addresses, database, indexes); slices.Min(got) != 2 || slices.Max(got) != 2 {
		t.Errorf("indexes on the shards %v, want 2", got)
	}
	t.Logf("%d rows, on the shards %v", stored.Load(), rows)

	p := servers[0].Refused(409, "cannot_shrink", "PUT", "/api/families/split/spread", `{"shards":1}`)
	p2 := servers[0].Refused(422, "not_enough_shards", "PUT", "/api/families/split/spread", `{"shards":4}`)
	if p.Detail == "" || p2.Detail == "" {
		t.Errorf("no reasons: %+v, %+v", p, p2)
	}
	servers[0].Refused(404, "unknown_family", "PUT", "/api/families/none/spread", `{"shards":2}`)
	servers[0].Expect(204, "DELETE", "/api/families/split", nil)
	if left := onEach(t, addresses, database, "SELECT (SELECT COUNT(*) FROM raw_logs) + (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'split')"); sumOf(left) != 0 {
		t.Errorf("left after the family was dropped: %v", left)
	}
}

// TestSplitShardDown takes a shard away under load: the family's requests go to
// the other one.
func TestSplitShardDown(t *testing.T) {
	t.Parallel()
	cluster := localtest.Dedicated(t, 2)
	addresses := cluster.Sockets()
	s := harness.Start(t, harness.ShardFlags(addresses, "databalancer")...)
	s.Put("split", map[string]string{"n": "int"}, []any{})
	s.Expect(200, "PUT", "/api/families/split/spread", `{"shards":2}`)
	localtest.Eventually(t, time.Minute, "two placements take rows", func() bool { return len(familyOf(s, "split").writable()) == 2 })
	body, _ := json.Marshal(map[string]any{"family": "split", "schema": map[string]string{"n": "int"}, "logs": []any{map[string]int{"n": 1}}})
	var stored, refused, unknown atomic.Int64
	// load stores single events with eight clients while do runs.
	load := func(do func()) {
		var stop atomic.Bool
		var working sync.WaitGroup
		for range 8 {
			working.Go(func() {
				for !stop.Load() {
					switch res := s.Request("PUT", "/api/log", body); {
					case res.Status == http.StatusOK:
						stored.Add(1)
					case strings.Contains(string(res.Body), "outcome_unknown"):
						unknown.Add(1)
					default:
						refused.Add(1)
					}
				}
			})
		}
		do()
		stop.Store(true)
		working.Wait()
	}
	briefly := func() { time.Sleep(200 * time.Millisecond) }
	load(func() { briefly(); cluster.Stop(1); briefly() })
	// Only what was under way to the shard when it went can have failed.
	if failed := refused.Load() + unknown.Load(); stored.Load() == 0 || failed > 16 {
		t.Errorf("%d stored, %d refused, %d of unknown outcome", stored.Load(), refused.Load(), unknown.Load())
	}
	before := refused.Load() + unknown.Load()
	load(briefly)
	if failed := refused.Load() + unknown.Load() - before; failed > 0 {
		t.Errorf("%d requests failed while the shard was away", failed)
	}
	cluster.Resume(1)
	there := onEach(t, addresses[1:], "databalancer", "SELECT COUNT(*) FROM split")[0]
	localtest.Eventually(t, 30*time.Second, "the shard that is back gets rows", func() bool {
		load(briefly)
		return onEach(t, addresses[1:], "databalancer", "SELECT COUNT(*) FROM split")[0] > there
	})
	all := sumOf(onEach(t, addresses, "databalancer", "SELECT COUNT(*) FROM split"))
	if least, most := int(stored.Load()), int(stored.Load()+unknown.Load()); all < least || all > most {
		t.Errorf("%d rows, want %d to %d", all, least, most)
	}
	t.Logf("%d stored, %d refused, %d of unknown outcome", stored.Load(), refused.Load(), unknown.Load())
}

// TestSplitBytes lets a family grow beyond its shard, and has its size and
// that of a registered table measured.
func TestSplitBytes(t *testing.T) {
	if b := localtest.Backend(t); b.Vendor == server.TiDB {
		t.Skipf("SKIPPED: the sizes of %s's tables are estimates that leave texts out", b)
	}
	t.Parallel()
	flags, addresses, database := harness.OnShards(t, 2)
	s := harness.Start(t, append(flags, "-split_bytes", "2000000", "-size_interval", "1s")...)
	other := localtest.Database(t, addresses[1])
	localtest.Exec(t, localtest.Open(t, addresses[1], other),
		"CREATE TABLE reference (a INT PRIMARY KEY)", "INSERT INTO reference VALUES (1),(2),(3)", "ANALYZE TABLE reference",
		"GRANT SELECT ON reference TO "+harness.AccountName("mysql_query", database)+"@'%'")
	s.Expect(200, "PUT", "/api/tables/reference", map[string]string{"shard": "s2", "database": other})
	s.Put("small", map[string]string{"text": "string"}, []any{map[string]string{"text": "x"}})
	events := slices.Repeat([]any{map[string]string{"text": strings.Repeat("x", 400)}}, 2000)
	for range 5 {
		s.Put("large", map[string]string{"text": "string"}, events)
	}
	localtest.Eventually(t, time.Minute, "a second placement takes all rows", func() bool {
		f := familyOf(s, "large")
		return len(f.Placements) == 2 && slices.Equal(f.writable(), []string{f.Placements[1].Shard})
	})
	second := addressOf(t, addresses, familyOf(s, "large").Placements[1].Shard)
	before := onEach(t, []string{second}, database, "SELECT COUNT(*) FROM large")[0]
	s.Put("large", map[string]string{"text": "string"}, events[:10])
	if after := onEach(t, []string{second}, database, "SELECT COUNT(*) FROM large")[0]; before != 0 || after != 10 {
		t.Errorf("the second placement has %d rows, had %d", after, before)
	}
	if f := familyOf(s, "small"); len(f.Placements) != 1 {
		t.Errorf("a small family was split: %+v", f)
	}
	sizes := selectText(t, localtest.Open(t, addresses[0], database+"_catalog"),
		"SELECT name_key, number, row_count FROM sizes WHERE name_key IN ('large', 'reference') AND number = 0 ORDER BY 1")
	var large, referenced int
	if _, err := fmt.Sscanf(sizes, "large|0|%d\nreference|0|%d", &large, &referenced); err != nil || large < 5000 || large > 20000 || referenced != 3 {
		t.Errorf("sizes in the catalog: %s (%v)", sizes, err)
	}
}

// TestCutOff takes the catalog's server away for longer than a new placement
// waits for its first rows: the process serves on, but says that it is stale.
func TestCutOff(t *testing.T) {
	t.Parallel()
	cluster := localtest.Dedicated(t, 2)
	sockets := cluster.Sockets()
	s := harness.Start(t, append(harness.ShardFlags(sockets[1:], "databalancer"), "-catalog_address", sockets[0])...)
	s.Put("known", map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
	s.Expect(200, "GET", "/readyz", nil)
	cluster.Stop(0)
	if res := s.Request("GET", "/readyz", nil); res.Status != 200 || !strings.Contains(string(res.Body), "degraded") {
		t.Errorf("at first: %d %s", res.Status, res.Body)
	}
	localtest.Eventually(t, 40*time.Second, "the process is stale", func() bool {
		res := s.Request("GET", "/readyz", nil)
		return res.Status == 503 && strings.Contains(string(res.Body), `"status":"stale"`)
	})
	s.Put("known", map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	if got := s.Rows("SELECT n FROM known"); got != "[1]\n[2]" {
		t.Errorf("while it is cut off: got %s", got)
	}
	cluster.Resume(0)
	localtest.Eventually(t, 30*time.Second, "the process is ready again", func() bool { return s.Request("GET", "/readyz", nil).Status == 200 })
}

// usesIndex matches the plans that MariaDB, MySQL and TiDB print.
var usesIndex = regexp.MustCompile(`\|ix_|using ix_|index:ix_`)

func TestIndexes(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 2)
	s := harness.Start(t, flags...)
	s.Put("dns", map[string]string{"uid": "string", "port": "int", "meta": "json"}, []any{map[string]any{"uid": "a", "port": 53}})
	const path = "/api/families/dns/indexes"
	for range 2 {
		s.Expect(200, "PUT", path, `{"columns":["uid"]}`)
	}
	s.Expect(200, "PUT", path, `{"columns":["port","UID"]}`)
	want := `"indexes":[{"columns":["uid"]},{"columns":["port","uid"]}]`
	for _, path := range []string{"/api/describe?table=dns", "/api/families/dns"} {
		// Whether the index of a text has whole values is up to another test.
		if got := strings.ReplaceAll(string(s.Expect(200, "GET", path, nil).Body), `,"whole":true`, ""); !strings.Contains(got, want) && !strings.Contains(got, `"indexes":[{"columns":["port","uid"]},{"columns":["uid"]}]`) {
			t.Errorf("%s: %s", path, got)
		}
	}
	address := addressOf(t, addresses, familyOf(s, "dns").Placements[0].Shard)
	plan := selectText(t, localtest.Open(t, address, database), "EXPLAIN SELECT * FROM dns WHERE uid = 'a'")
	if !usesIndex.MatchString(plan) {
		t.Errorf("the server doesn't use the index: %s", plan)
	}
	for body, code := range map[string]string{
		`{"columns":["meta"]}`: "cannot_index", `{"columns":["id"]}`: "cannot_index", `{"columns":["uid","uid"]}`: "cannot_index",
	} {
		if p := s.Refused(422, code, "PUT", path, body); p.Detail == "" {
			t.Errorf("%s: no reason", body)
		}
	}
	s.Refused(400, "unknown_column", "PUT", path, `{"columns":["none"]}`)
	s.Refused(404, "unknown_family", "PUT", "/api/families/none/indexes", `{"columns":["a"]}`)
	s.Expect(204, "DELETE", path, `{"columns":["uid"]}`)
	s.Refused(404, "unknown_index", "DELETE", path, `{"columns":["uid"]}`)
	if f := familyOf(s, "dns"); len(f.Indexes) != 1 {
		t.Errorf("left: %+v", f.Indexes)
	}
}
