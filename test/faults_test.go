package test

import (
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// TestShardDown takes the second shard away and brings it back.
func TestShardDown(t *testing.T) {
	cluster := localtest.Dedicated(t, 2)
	flags := shardFlags(cluster.Sockets(), "databalancer")
	s := startServer(t, flags...)
	first, second := familyOn(s, "s1"), familyOn(s, "s2")
	cluster.Stop(1)
	if got := s.rows("SELECT n FROM " + first); got != "[1]" {
		t.Errorf("the shard that is up: got %s", got)
	}
	s.put(first, map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	p := s.refused(503, "shard_unavailable", "POST", "/api/query", map[string]any{"query": "SELECT n FROM " + second})
	if p.Shard != "s2" {
		t.Errorf("the error names the shard %q", p.Shard)
	}
	s.refused(503, "shard_unavailable", "POST", "/api/query", map[string]any{"query": "SELECT n FROM " + first + " UNION ALL SELECT n FROM " + second})
	p = s.refused(503, "shard_unavailable", "PUT", "/api/log", map[string]any{"family": second, "schema": map[string]string{"n": "int"}, "logs": numbers(1)})
	if p.Shard != "s2" {
		t.Errorf("the error of PUT names the shard %q", p.Shard)
	}
	if res := s.request("GET", "/readyz", nil); res.status != 200 && res.status != 503 {
		t.Errorf("readyz: %d", res.status)
	}
	// A process can start meanwhile.
	other := startServer(t, append(flags, "-start_timeout", "2s")...)
	if got := other.rows("SELECT n FROM " + first); got != "[1]\n[2]" {
		t.Errorf("the process that started meanwhile: got %s", got)
	}
	cluster.Resume(1)
	eventually(t, 15*time.Second, "the shard is used again", func() bool {
		return s.request("POST", "/api/query", map[string]any{"query": "SELECT n FROM " + second}).status == 200
	})
	s.put(second, map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	if got := s.rows("SELECT n FROM " + second); got != "[1]\n[2]" {
		t.Errorf("after it came back: got %s", got)
	}
}

// familyOn makes families until one is on the shard.
func familyOn(s *server, shard string) string {
	s.t.Helper()
	for i := range 8 {
		name := "f_" + shard + "_" + string(rune('a'+i))
		s.put(name, map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
		if strings.Contains(string(s.expect(200, "GET", "/api/describe?table="+name, nil).body), `"shards":["`+shard+`"]`) {
			return name
		}
	}
	s.t.Fatalf("no family on %s", shard)
	return ""
}

// TestCatalogDown takes the server of the catalog away: known families are
// stored and queried, and what needs the catalog says so.
func TestCatalogDown(t *testing.T) {
	cluster := localtest.Dedicated(t, 2)
	sockets := cluster.Sockets()
	s := startServer(t, append(shardFlags(sockets[1:], "databalancer"), "-catalog_address", sockets[0])...)
	s.put("known", map[string]string{"n": "int"}, []any{map[string]int{"n": 1}})
	cluster.Stop(0)
	s.put("known", map[string]string{"n": "int"}, []any{map[string]int{"n": 2}})
	if got := s.rows("SELECT n FROM known"); got != "[1]\n[2]" {
		t.Errorf("a known family: got %s", got)
	}
	s.refused(503, "catalog_unavailable", "PUT", "/api/log", map[string]any{"family": "new", "schema": map[string]string{"n": "int"}, "logs": numbers(1)})
	s.refused(503, "catalog_unavailable", "PUT", "/api/log", map[string]any{"family": "known", "schema": map[string]string{"m": "int"}, "logs": []any{}})
	s.refused(503, "catalog_unavailable", "DELETE", "/api/families/known", nil)
	cluster.Resume(0)
	eventually(t, 15*time.Second, "the catalog is used again", func() bool {
		return s.request("PUT", "/api/log", map[string]any{"family": "new", "schema": map[string]string{"n": "int"}, "logs": numbers(1)}).status == 200
	})
}

// TestOpenSelectDoesNotBlockWriters holds a SELECT open while a new field
// arrives: the ALTER must not make the other writers wait behind it.
func TestOpenSelectDoesNotBlockWriters(t *testing.T) {
	flags, addresses, database := onShards(t, 1)
	s := startServer(t, flags...)
	s.put("f", map[string]string{"n": "int"}, numbers(10))
	tx, err := open(t, addresses[0], database).Begin()
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback()
	if _, err := tx.Exec("SELECT * FROM f"); err != nil {
		t.Fatal(err)
	}
	altered := make(chan response, 1)
	go func() {
		altered <- s.request("PUT", "/api/log", map[string]any{"family": "f", "schema": map[string]string{"m": "int"}, "logs": []any{}})
	}()
	for start, n := time.Now(), 0; time.Since(start) < 6*time.Second; n++ {
		before := time.Now()
		s.put("f", map[string]string{"n": "int"}, numbers(1))
		if took := time.Since(before); took > 4*time.Second {
			t.Errorf("write %d waited %s behind the ALTER", n, took)
		}
		time.Sleep(50 * time.Millisecond)
	}
	_ = tx.Rollback()
	if res := <-altered; res.status != 200 {
		t.Errorf("the new field: got %d %s", res.status, res.body)
	}
}

// TestLocal runs the managed servers of -local through a crash.
func TestLocal(t *testing.T) {
	localtest.Servers(t, 1) // skips where there is no MariaDB
	flags := []string{"-local", "2", "-data_dir", t.TempDir()}
	s := startServer(t, flags...)
	s.put("f", map[string]string{"n": "int"}, numbers(3))
	second := launch(t, flags...)
	if code := second.wait(30 * time.Second); code != 1 || !strings.Contains(second.log.String(), flags[3]) {
		t.Errorf("a second process on the folder: exit status %d\n%s", code, second.log)
	}
	s.kill()
	s = startServer(t, flags...)
	if got := s.rows("SELECT n FROM f"); got != "[0]\n[1]\n[2]" {
		t.Errorf("after a crash: got %s", got)
	}
	if code := s.stop(); code != 0 {
		t.Errorf("exit status %d, want 0", code)
	}
}
