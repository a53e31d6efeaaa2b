//go:build unix

package local_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/local/localtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVariable); dir != "" {
		childMain(dir)
	}
	localtest.Main(m)
}

// start starts a cluster over a folder with what the package itself provides,
// installation included.
func start(t *testing.T, dir string, count int) *local.Cluster {
	t.Helper()
	c, err := local.Start(t.Context(), local.Config{Dir: dir, Count: count, Program: localtest.Program(t), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func closeCluster(t *testing.T, c *local.Cluster) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// query returns one value from a server.
func query(t *testing.T, socket, statement string) string {
	t.Helper()
	db := localtest.Open(t, socket, "")
	defer db.Close() // before the server ends
	return localtest.Value[string](t, db, statement)
}

func execute(t *testing.T, socket string, statements ...string) {
	t.Helper()
	db := localtest.Open(t, socket, "")
	defer db.Close()
	localtest.Exec(t, db, statements...)
}

// processes returns the ids of the processes whose command line holds text.
func processes(t *testing.T, text string) []int {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil || len(files) == 0 {
		t.Skip("SKIPPED: this system has no /proc to look for processes in")
	}
	var found []int
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil || !strings.Contains(string(line), text) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, pid)
	}
	return found
}

// eventually waits for a condition, half a minute at most.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	localtest.Eventually(t, 30*time.Second, what, holds)
}

func TestDataSurviveCloseAndStart(t *testing.T) {
	dir := t.TempDir()
	c := start(t, dir, 2)
	before := c.Sockets()
	for i, socket := range before {
		execute(t, socket,
			"CREATE DATABASE d",
			"CREATE TABLE d.t (a INT) ENGINE=InnoDB",
			"INSERT INTO d.t VALUES ("+strconv.Itoa(i)+")")
	}
	closeCluster(t, c)
	if left := processes(t, dir); len(left) > 0 {
		t.Fatalf("after Close these processes are left: %v", left)
	}

	c = start(t, dir, 3)
	after := c.Sockets()
	if len(after) != 3 || after[0] != before[0] || after[1] != before[1] {
		t.Fatalf("sockets %v became %v", before, after)
	}
	for i, socket := range before {
		if got := query(t, socket, "SELECT a FROM d.t"); got != strconv.Itoa(i) {
			t.Errorf("server %d holds %s", i, got)
		}
	}
	if got := query(t, after[2], "SELECT COUNT(*) FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'd'"); got != "0" {
		t.Error("the new third server has the others' data")
	}
	closeCluster(t, c)
}

// notTiDB skips a test of what MariaDB's and MySQL's servers alone have.
func notTiDB(t *testing.T, what string) {
	t.Helper()
	if localtest.Program(t).Kind == local.TiDB {
		t.Skip("SKIPPED: TiDB has no " + what)
	}
}

func TestServersAreClosedToTheWorld(t *testing.T) {
	notTiDB(t, "setting for it")
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	socket := start(t, dir, 1).Sockets()[0]
	if got := query(t, socket, "SELECT @@skip_networking"); got != "1" {
		t.Errorf("skip_networking is %s", got)
	}
	if got := query(t, socket, "SELECT @@innodb_flush_log_at_trx_commit"); got != "1" {
		t.Errorf("innodb_flush_log_at_trx_commit is %s: a commit is not on the disk when acknowledged", got)
	}
	info, err := os.Stat(filepath.Dir(socket))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o700 {
		t.Errorf("the folder of the socket has mode %v", info.Mode())
	}
}

func TestKilledServerComesBack(t *testing.T) {
	dir := t.TempDir()
	sockets := start(t, dir, 2).Sockets()
	execute(t, sockets[0], "CREATE DATABASE d", "CREATE TABLE d.t (a INT) ENGINE=InnoDB", "INSERT INTO d.t VALUES (7)")
	other := processes(t, "--socket="+sockets[1])
	for range 2 {
		before := processes(t, "--socket="+sockets[0])
		if len(before) != 1 {
			t.Fatalf("the server is processes %v", before)
		}
		if err := syscall.Kill(before[0], syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "another process", func() bool {
			now := processes(t, "--socket="+sockets[0])
			return len(now) == 1 && now[0] != before[0]
		})
		db := localtest.Open(t, sockets[0], "")
		eventually(t, "an answer", func() bool { return db.Ping() == nil })
		db.Close()
		if got := query(t, sockets[0], "SELECT a FROM d.t"); got != "7" {
			t.Errorf("after a kill the server holds %s", got)
		}
	}
	if now := processes(t, "--socket="+sockets[1]); !slices.Equal(now, other) {
		t.Errorf("the other server was restarted too: %v became %v", other, now)
	}
}

func TestSecondClusterIsRefused(t *testing.T) {
	program := localtest.Program(t)
	dir := t.TempDir()
	c := start(t, dir, 1)
	_, err := local.Start(t.Context(), local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet})
	if !errors.Is(err, local.ErrLocked) || !strings.Contains(err.Error(), dir) {
		t.Errorf("second start: %v", err)
	}
	query(t, c.Sockets()[0], "SELECT 1") // the refused start did no harm
	closeCluster(t, c)
	closeCluster(t, start(t, dir, 1))
}

func TestUnfinishedInstallationIsRedone(t *testing.T) {
	dir := t.TempDir()
	unfinished := filepath.Join(dir, "1", "data.unfinished")
	if err := os.MkdirAll(unfinished, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(unfinished, "ibdata1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, dir, 1)
	query(t, c.Sockets()[0], "SELECT COUNT(*) FROM mysql.user")
	if _, err := os.Stat(unfinished); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the unfinished installation is still there: %v", err)
	}
}

func TestCancelledInstallationLeavesNothing(t *testing.T) {
	notTiDB(t, "installation")
	program := localtest.Program(t)
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	_, err := local.Start(ctx, local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("start: %v", err)
	}
	eventually(t, "the installer to be gone", func() bool { return len(processes(t, dir)) == 0 })
	if _, err := os.Stat(filepath.Join(dir, "1", "data")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a cancelled installation left data: %v", err)
	}
}

func TestDeepFolderHasShortSockets(t *testing.T) {
	t.Setenv("TMPDIR", "/tmp")
	dir := filepath.Join(t.TempDir(), strings.Repeat("deep/", 25))
	var sockets []string
	for range 2 {
		c := start(t, dir, 1)
		query(t, c.Sockets()[0], "SELECT 1")
		sockets = append(sockets, c.Sockets()...)
		info, err := os.Stat(filepath.Dir(sockets[0]))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("folder of the sockets: %v %v", info, err)
		}
		closeCluster(t, c)
	}
	if sockets[0] != sockets[1] || len(sockets[0]) > 100 {
		t.Errorf("sockets %q", sockets)
	}
	if _, err := os.Stat(filepath.Dir(sockets[0])); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder of the sockets is left: %v", err)
	}
}

func TestServerThatCannotStart(t *testing.T) {
	notTiDB(t, "last words that name an option: it prints all of them")
	program := localtest.Program(t)
	dir := t.TempDir()
	_, err := local.Start(t.Context(), local.Config{Dir: dir, Count: 1, Program: program, Logger: quiet, Args: []string{"--no-such-option"}})
	if err == nil || !strings.Contains(err.Error(), "no-such-option") {
		t.Errorf("the error does not quote the server's log: %v", err)
	}
	if left := processes(t, dir); len(left) > 0 {
		t.Errorf("these processes are left: %v", left)
	}
	closeCluster(t, start(t, dir, 1))
}

// TestNamedTimeZones compares with Go's idea of the zone: before and after each
// change of its clocks.
func TestNamedTimeZones(t *testing.T) {
	socket := start(t, t.TempDir(), 1).Sockets()[0]
	for _, name := range []string{"Europe/Berlin", "America/New_York", "Asia/Kolkata", "US/Eastern", "Australia/Lord_Howe"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []time.Time{time.Date(1975, 7, 1, 12, 0, 0, 0, time.UTC), time.Date(2024, 1, 15, 23, 30, 0, 0, time.UTC), time.Date(2024, 7, 15, 0, 30, 0, 0, time.UTC)} {
			want := at.In(zone).Format(time.DateTime)
			if got := query(t, socket, "SELECT CAST(CONVERT_TZ('"+at.Format(time.DateTime)+"', 'UTC', '"+name+"') AS CHAR)"); got != want {
				t.Errorf("%s in %s is %s, not %s", at, name, got, want)
			}
		}
	}
}

// TestDataOfAnotherKind starts no server over what another vendor's made.
func TestDataOfAnotherKind(t *testing.T) {
	notTiDB(t, "data that another server could mistake")
	dir := t.TempDir()
	closeCluster(t, start(t, dir, 1))
	other := localtest.Program(t)
	other.Kind = local.MariaDB + local.MySQL - other.Kind
	_, err := local.Start(t.Context(), local.Config{Dir: dir, Count: 1, Program: other, Logger: quiet})
	if err == nil || !strings.Contains(err.Error(), "holds the data of a "+localtest.Program(t).Kind.String()+" server") {
		t.Errorf("start: %v", err)
	}
}

func TestFindNamedProgram(t *testing.T) {
	program := localtest.Program(t)
	named, err := local.Find(program.Path)
	if err != nil || named.Kind != program.Kind {
		t.Errorf("%s: %+v %v", program.Path, named, err)
	}
	for _, path := range []string{"/no/such/mysqld", "/bin/true"} {
		if _, err := local.Find(path); err == nil || !strings.Contains(err.Error(), path) || errors.Is(err, local.ErrNotInstalled) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestStartWithoutServerProgram(t *testing.T) {
	t.Cleanup(local.OnlyPath())
	t.Setenv("PATH", t.TempDir())
	_, err := local.Start(t.Context(), local.Config{Dir: t.TempDir(), Count: 1})
	if !errors.Is(err, local.ErrNotInstalled) {
		t.Errorf("start: %v", err)
	}
}

func TestConfigValidate(t *testing.T) {
	for _, cfg := range []local.Config{{Count: 1}, {Dir: "x"}, {Dir: "x", Count: -1}} {
		if _, err := local.Start(t.Context(), cfg); err == nil {
			t.Errorf("%+v was accepted", cfg)
		}
	}
}
