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
	"time"

	"github.com/kolide/databalancer/local"
)

func TestMain(m *testing.M) { Main(m) }

func TestServersAreShared(t *testing.T) {
	Program(t)
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
		Exec(t, Open(t, addrs[0], ""), "CREATE DATABASE "+name+"_catalog", "CREATE TABLE "+name+".t (a INT)")
	})
	if left := Rows(t, Open(t, addrs[0], ""), "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE ?", name+"%"); len(left) > 0 {
		t.Errorf("databases %v are left", left)
	}
}

// TestDedicated takes servers down and up again, each by itself.
func TestDedicated(t *testing.T) {
	c := Dedicated(t, 2)
	var dbs []*sql.DB
	for _, socket := range c.Sockets() {
		dbs = append(dbs, Open(t, socket, ""))
		Exec(t, dbs[len(dbs)-1], "CREATE DATABASE d", "CREATE TABLE d.t (a INT) ENGINE=InnoDB", "INSERT INTO d.t VALUES (7)")
	}
	check := func() {
		t.Helper()
		for i, db := range dbs {
			if got := Value[int](t, db, "SELECT a FROM d.t"); got != 7 {
				t.Errorf("server %d holds %d", i, got)
			}
		}
	}
	if err := c.Kill(0); err != nil {
		t.Fatal(err)
	}
	if err := c.Kill(0); err != nil { // before it is there again
		t.Error(err)
	}
	Eventually(t, time.Minute, "the killed server answers", func() bool { return dbs[0].Ping() == nil })
	check()
	c.Stop(1)
	c.Stop(1)
	if err := c.Kill(1); err != nil {
		t.Errorf("kill of a stopped server: %v", err)
	}
	time.Sleep(300 * time.Millisecond) // longer than a server that was killed is left alone
	if dbs[1].Ping() == nil {
		t.Error("the stopped server answers")
	}
	c.Resume(1)
	check()
	c.Stop(1) // and the end of the test must not wait for it
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

func TestFreeMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "meminfo")
	if err := os.WriteFile(file, []byte("MemTotal:       24684140 kB\nMemAvailable:   16684140 kB\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := freeMemory(file); got != 16684140<<10 {
		t.Errorf("%d bytes", got)
	}
	if got := freeMemory(file + "x"); got != 0 {
		t.Errorf("%d bytes of a system that has no such file", got)
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
