package test

import (
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// TestShardDown takes the second shard away and brings it back.
func TestShardDown(t *testing.T) {
	cluster := localtest.Dedicated(t, 2)
	flags := harness.ShardFlags(cluster.Sockets(), "databalancer")
	s := harness.Start(t, flags...)
	first, second := familyOn(t, s, "s1"), familyOn(t, s, "s2")
	cluster.Stop(1)
	if got := s.Rows("SELECT n FROM " + first); got != "[1]" {
		t.Errorf("the shard that is up: got %s", got)
	}
	s.Put(first, map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	p := s.Refused(503, "shard_unavailable", "POST", "/api/query", map[string]any{"query": "SELECT n FROM " + second})
	if p.Shard != "s2" {
		t.Errorf("the error names the shard %q", p.Shard)
	}
	s.Refused(503, "shard_unavailable", "POST", "/api/query", map[string]any{"query": "SELECT n FROM " + first + " UNION ALL SELECT n FROM " + second})
	p = s.Refused(503, "shard_unavailable", "PUT", "/api/log", map[string]any{"family": second, "schema": map[string]string{"n": "int"}, "logs": numbers(1)})
	if p.Shard != "s2" {
		t.Errorf("the error of PUT names the shard %q", p.Shard)
	}
	if res := s.Request("GET", "/readyz", nil); res.Status != 200 && res.Status != 503 {
		t.Errorf("readyz: %d", res.Status)
	}
	// A process can start meanwhile.
	other := harness.Start(t, append(flags, "-start_timeout", "2s")...)
	if got := other.Rows("SELECT n FROM " + first); got != "[1]\n[2]" {
		t.Errorf("the process that started meanwhile: got %s", got)
	}
	cluster.Resume(1)
	localtest.Eventually(t, 15*time.Second, "the shard is used again", func() bool {
		return s.Request("POST", "/api/query", map[string]any{"query": "SELECT n FROM " + second}).Status == 200
	})
	s.Put(second, map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	if got := s.Rows("SELECT n FROM " + second); got != "[1]\n[2]" {
		t.Errorf("after it came back: got %s", got)
	}
}

// familyOn makes families until one is on the shard.
func familyOn(t *testing.T, s *harness.Server, shard string) string {
	t.Helper()
	for i := range 8 {
		name := "f_" + shard + "_" + string(rune('a'+i))
		s.Put(name, map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
		if strings.Contains(string(s.Expect(200, "GET", "/api/describe?table="+name, nil).Body), `"shards":["`+shard+`"]`) {
			return name
		}
	}
	t.Fatalf("no family on %s", shard)
	return ""
}

// TestCatalogDown takes the server of the catalog away: known families are
// stored and queried, and what needs the catalog says so.
func TestCatalogDown(t *testing.T) {
	cluster := localtest.Dedicated(t, 2)
	sockets := cluster.Sockets()
	s := harness.Start(t, append(harness.ShardFlags(sockets[1:], "databalancer"), "-catalog_address", sockets[0])...)
	s.Put("known", map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
	cluster.Stop(0)
	s.Put("known", map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	if got := s.Rows("SELECT n FROM known"); got != "[1]\n[2]" {
		t.Errorf("a known family: got %s", got)
	}
	s.Refused(503, "catalog_unavailable", "PUT", "/api/log", map[string]any{"family": "new", "schema": map[string]string{"n": "int"}, "logs": numbers(1)})
	s.Refused(503, "catalog_unavailable", "PUT", "/api/log", map[string]any{"family": "known", "schema": map[string]string{"m": "int"}, "logs": []any{}})
	s.Refused(503, "catalog_unavailable", "DELETE", "/api/families/known", nil)
	cluster.Resume(0)
	localtest.Eventually(t, 15*time.Second, "the catalog is used again", func() bool {
		return s.Request("PUT", "/api/log", map[string]any{"family": "new", "schema": map[string]string{"n": "int"}, "logs": numbers(1)}).Status == 200
	})
}

// TestOpenSelectDoesNotBlockWriters holds a SELECT open while a new field
// arrives: the ALTER must not make the other writers wait behind it.
func TestOpenSelectDoesNotBlockWriters(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 1)
	s := harness.Start(t, flags...)
	s.Put("f", map[string]string{"n": "int"}, numbers(10))
	tx, err := localtest.Open(t, addresses[0], database).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("SELECT * FROM f"); err != nil {
		t.Fatal(err)
	}
	altered := make(chan harness.Response, 1)
	go func() {
		altered <- s.Request("PUT", "/api/log", map[string]any{"family": "f", "schema": map[string]string{"m": "int"}, "logs": []any{}})
	}()
	for start, n := time.Now(), 0; time.Since(start) < 6*time.Second; n++ {
		before := time.Now()
		s.Put("f", map[string]string{"n": "int"}, numbers(1))
		if took := time.Since(before); took > 4*time.Second {
			t.Errorf("write %d waited %s behind the ALTER", n, took)
		}
		time.Sleep(50 * time.Millisecond)
	}
	_ = tx.Rollback()
	if res := <-altered; res.Status != 200 {
		t.Errorf("the new field: got %d %s", res.Status, res.Body)
	}
}

// TestLocal runs the managed servers of -local through a crash.
func TestLocal(t *testing.T) {
	localtest.Servers(t, 1) // skips where there is no MariaDB
	flags := []string{"-local", "2", "-data_dir", t.TempDir()}
	s := harness.Start(t, flags...)
	s.Put("f", map[string]string{"n": "int"}, numbers(3))
	second := harness.Begin(t, flags...)
	if code := second.Wait(30 * time.Second); code != 1 || !strings.Contains(second.Log.String(), flags[3]) {
		t.Errorf("a second process on the folder: exit status %d\n%s", code, second.Log)
	}
	s.Kill()
	s = harness.Start(t, flags...)
	if got := s.Rows("SELECT n FROM f"); got != "[0]\n[1]\n[2]" {
		t.Errorf("after a crash: got %s", got)
	}
	if code := s.Stop(); code != 0 {
		t.Errorf("exit status %d, want 0", code)
	}
}
