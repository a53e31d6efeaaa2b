package localtest

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local"
)

func TestMain(m *testing.M) { Main(m) }

func TestServersAreShared(t *testing.T) {
	Installed(t)
	t.Setenv(shardsVariable, "")
	one, two := Servers(t, 1), Servers(t, 2)
	if one[0] != two[0] || two[0] == two[1] {
		t.Errorf("servers %v, then %v", one, two)
	}
}

func TestGivenServers(t *testing.T) {
	t.Setenv(shardsVariable, "db:1,db:2")
	if got := Servers(t, 1); !slices.Equal(got, []string{"db:1"}) {
		t.Errorf("got %v", got)
	}
	outcome := record(t, func(t testing.TB) { Servers(t, 3) })
	if !strings.HasPrefix(outcome, "skip: ") || !strings.Contains(outcome, "names 2 servers, this test needs 3") {
		t.Errorf("too few servers: %s", outcome)
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	addrs := Servers(t, 1)
	var name string
	t.Run("use", func(t *testing.T) {
		name = Database(t, addrs...)
		if other := Database(t, addrs...); other == name {
			t.Errorf("two databases are called %s", name)
		}
		execute(t, addrs[0], "CREATE DATABASE "+name+"_catalog", "CREATE TABLE "+name+".t (a INT)")
	})
	db, err := sql.Open("mysql", DSN(addrs[0], ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var left int
	err = db.QueryRow("SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE ?", name+"%").Scan(&left)
	if err != nil || left != 0 {
		t.Errorf("%d databases are left, %v", left, err)
	}
}

func TestDSN(t *testing.T) {
	for addr, want := range map[string]string{
		"/run/x.sock":    "root@unix(/run/x.sock)/d?",
		"127.0.0.1:3306": "root@tcp(127.0.0.1:3306)/d?",
	} {
		if got := DSN(addr, "d"); !strings.HasPrefix(got, want) || !strings.Contains(got, "charset=utf8mb4") {
			t.Errorf("%s: %s", addr, got)
		}
	}
}

// TestMissingServer tells apart the machines on which a missing server is a
// failure.
func TestMissingServer(t *testing.T) {
	missing := fmt.Errorf("x: %w", local.ErrNotInstalled)
	for _, test := range []struct{ ci, require, want string }{
		{"", "", "skip: "},
		{"true", "", "fatal: "},
		{"", "1", "fatal: "},
	} {
		t.Setenv("CI", test.ci)
		t.Setenv(requireVariable, test.require)
		got := record(t, func(t testing.TB) { need(t, missing) })
		if !strings.HasPrefix(got, test.want) || !strings.Contains(got, "mariadb-server-core") {
			t.Errorf("CI=%q %s=%q: %s", test.ci, requireVariable, test.require, got)
		}
	}
}

func TestSweep(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("SKIPPED: no way to know whether a process is alive")
	}
	t.Setenv("TMPDIR", t.TempDir())
	folder := func(pid int) string {
		path := filepath.Join(os.TempDir(), folderPrefix+strconv.Itoa(pid)+"-1")
		if err := os.MkdirAll(filepath.Join(path, "1", "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		return path
	}
	dead, live := folder(1<<30), folder(os.Getpid()) // no system counts to 2^30
	sweep()
	if _, err := os.Stat(dead); err == nil {
		t.Error("the folder of a dead process is still there")
	}
	if _, err := os.Stat(live); err != nil {
		t.Errorf("the folder of a live process: %v", err)
	}
}

// A recorder is a testing.TB that notes how a test ends.
type recorder struct {
	testing.TB
	outcome string
}

func (r *recorder) Fatalf(format string, args ...any) { r.end("fatal: "+format, args) }
func (r *recorder) Skipf(format string, args ...any)  { r.end("skip: "+format, args) }

func (r *recorder) end(format string, args []any) {
	r.outcome = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

// record tells how a test would end.
func record(t *testing.T, test func(testing.TB)) string {
	r := &recorder{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		test(r)
	}()
	<-done
	return r.outcome
}
