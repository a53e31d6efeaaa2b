package test

import (
	"database/sql"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// TestHelp holds the flags that users of the original know.
func TestHelp(t *testing.T) {
	output, err := exec.Command(harness.Binary(t), "-help").CombinedOutput()
	if err != nil {
		t.Fatalf("-help: %v", err)
	}
	for flag, fallback := range map[string]string{
		"mysql_address": `(default "localhost:3306")`, "mysql_database": `(default "databalancer")`,
		"mysql_password": "", "mysql_username": `(default "root")`, "server_address": `(default ":8080")`,
	} {
		_, rest, found := strings.Cut(string(output), "  -"+flag+" ")
		usage, _, _ := strings.Cut(rest, "\n  -")
		if !found || !strings.HasSuffix(strings.TrimSpace(usage), fallback) {
			t.Errorf("-%s: got %q, want it to end with %q", flag, usage, fallback)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, flags := range [][]string{
		{"-no_such_flag"}, {"-mysql_address", "a=h:1,a=h:2"}, {"-mysql_address", ","}, {"-mysql_password_file", "/no/such/file"},
		{"-mysql_database", "a/b"}, {"-log_format", "xml"}, {"argument"},
	} {
		err := exec.Command(harness.Binary(t), flags...).Run()
		if exit, ok := err.(*exec.ExitError); !ok || exit.ExitCode() != 2 {
			t.Errorf("%v: got %v, want exit status 2", flags, err)
		}
	}
}

// TestWaitsForServers starts before the server does: here, never.
func TestWaitsForServers(t *testing.T) {
	s := harness.Begin(t, "-mysql_address", filepath.Join(t.TempDir(), "none.sock"), "-mysql_password", "the-secret", "-start_timeout", "2s")
	if code := s.Wait(30 * time.Second); code != 1 {
		t.Errorf("exit status %d, want 1", code)
	}
	if n := strings.Count(s.Log.String(), "Waiting for MySQL at"); n < 2 {
		t.Errorf("%d messages about the tries:\n%s", n, s.Log)
	}
	if strings.Contains(s.Log.String(), "the-secret") {
		t.Errorf("the password is in the log:\n%s", s.Log)
	}
}

// account makes an account with a right, wherever it connects from, until the
// test ends.
func account(t *testing.T, admin *sql.DB, user, password, right string) {
	t.Helper()
	for _, host := range []string{"localhost", "%"} {
		name := "'" + user + "'@'" + host + "'"
		localtest.Exec(t, admin, "CREATE USER "+name+" IDENTIFIED BY '"+password+"'", "GRANT "+right+" TO "+name)
		t.Cleanup(func() { localtest.Exec(t, admin, "DROP USER "+name) })
	}
}

// TestSecrets looks for passwords wherever text comes out.
func TestSecrets(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	flags := harness.ShardFlags(addresses, localtest.Database(t, addresses...))
	admin := localtest.Open(t, addresses[0], "")
	account(t, admin, "secretive", "hush-hush-1", "ALL ON *.*")
	t.Setenv("DATABALANCER_MYSQL_PASSWORD", "hush-hush-1")
	s := harness.Start(t, append(flags, "-mysql_username", "secretive", "-log_level", "debug")...)
	s.Put("f", map[string]string{"n": "int"}, []any{})
	for _, path := range []string{"/metrics", "/readyz", "/api/shards", "/healthz"} {
		if res := s.Expect(200, "GET", path, nil); strings.Contains(string(res.Body), "hush-hush") {
			t.Errorf("%s shows the password:\n%s", path, res.Body)
		}
	}
	t.Setenv("DATABALANCER_MYSQL_PASSWORD", "hush-hush-2")
	wrong := harness.Begin(t, append(flags, "-mysql_username", "secretive", "-start_timeout", "2s")...)
	if code := wrong.Wait(30 * time.Second); code != 1 {
		t.Errorf("with a wrong password: exit status %d, want 1", code)
	}
	if log := s.Log.String() + wrong.Log.String(); strings.Contains(log, "hush-hush") {
		t.Errorf("the log shows a password:\n%s", log)
	}
}

// TestShutdown sends SIGTERM while a short query runs, which finishes, and
// while one runs that never would, which is cancelled on the shard.
func TestShutdown(t *testing.T) {
	for name, c := range map[string]struct {
		rows   int // rows² are counted
		limit  string
		status int
	}{"finishes": {1500, "30s", 200}, "is cancelled": {many, "1s", 503}} {
		t.Run(name, func(t *testing.T) {
			flags, addresses, _ := harness.OnShards(t, 1)
			s := harness.Start(t, append(flags, "-shutdown_timeout", c.limit)...)
			s.Put("numbers", map[string]string{"n": "int"}, numbers(c.rows))
			answered := make(chan harness.Response)
			go func() {
				answered <- s.Request("POST", "/api/query", `{"query":"SELECT COUNT(*) FROM numbers a, numbers b WHERE a.n <> b.n + 1"}`)
			}()
			running := localtest.Open(t, addresses[0], "")
			query := "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE '%databalancer query_id%numbers%' AND info NOT LIKE '%processlist%'"
			localtest.Eventually(t, 10*time.Second, "the query runs", func() bool { return selectText(t, running, query) == "1" })
			s.Terminate()
			if res := <-answered; res.Status != c.status {
				t.Errorf("the running query: got %d (%v) %s, want %d", res.Status, res.Err, res.Body, c.status)
			}
			if code := s.Wait(20 * time.Second); code != 0 {
				t.Errorf("exit status %d, want 0", code)
			}
			localtest.Eventually(t, 5*time.Second, "no statement is left", func() bool { return selectText(t, running, query) == "0" })
		})
	}
}

// many rows are so many that no server joins them with themselves in a test's
// time.
const many = 40_000

// numbers are n events with the field n.
func numbers(n int) []any {
	events := make([]any, n)
	for i := range events {
		events[i] = map[string]int{"n": i}
	}
	return events
}

// TestCancel stops a query through another process than the one that runs it.
func TestCancel(t *testing.T) {
	flags, addresses, _ := harness.OnShards(t, 1)
	servers := harness.StartTogether(t, 2, flags...)
	servers[0].Put("numbers", map[string]string{"n": "int"}, numbers(many))
	running := localtest.Open(t, addresses[0], "")
	const list = "SELECT info FROM information_schema.processlist WHERE info LIKE '/* databalancer query_id=%'"
	for i, canceller := range servers {
		answered := make(chan harness.Response)
		go func() {
			answered <- servers[0].Request("POST", "/api/query", `{"query":"SELECT COUNT(*) FROM numbers a, numbers b WHERE a.n <> b.n + 1"}`)
		}()
		var id string
		localtest.Eventually(t, 10*time.Second, "the query runs", func() bool {
			info := selectText(t, running, list)
			_, rest, _ := strings.Cut(info, "query_id=")
			id, _, _ = strings.Cut(rest, " ")
			return id != ""
		})
		if res := canceller.Request("DELETE", "/api/query/"+id, nil); res.Status >= 300 {
			t.Errorf("canceller %d: DELETE: %d %s", i, res.Status, res.Body)
		}
		res := <-answered
		if p := res.Problem(); p.Code != "cancelled" {
			t.Errorf("canceller %d: the query ended with %d %s", i, res.Status, res.Body)
		}
		localtest.Eventually(t, 10*time.Second, "no statement is left", func() bool { return selectText(t, running, list) == "" })
	}
	servers[0].Expect(http.StatusNotFound, "DELETE", "/api/query/0123456789abcdef", nil)
}
