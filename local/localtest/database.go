package localtest

import (
	"crypto/rand"
	"database/sql"
	"errors"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// DSN returns the go-sql-driver data source name of root on a server, with
// utf8mb4 and UTC. The database may be empty.
func DSN(addr, database string) string {
	cfg := mysql.NewConfig()
	cfg.User = "root"
	cfg.Net, cfg.Addr = "tcp", addr
	if strings.Contains(addr, "/") {
		cfg.Net = "unix"
	}
	cfg.DBName = database
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		panic(err) // the option has no way to fail
	}
	return cfg.FormatDSN()
}

// Database creates a database with a name of its own on every server, and
// drops it, and the catalog database beside it, when the test ends.
func Database(t testing.TB, addrs ...string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	for _, addr := range addrs {
		execute(t, addr, "CREATE DATABASE "+name)
	}
	t.Cleanup(func() {
		for _, addr := range addrs {
			execute(t, addr, "DROP DATABASE IF EXISTS "+name, "DROP DATABASE IF EXISTS "+name+"_catalog")
		}
	})
	return name
}

func execute(t testing.TB, addr string, statements ...string) {
	t.Helper()
	db, err := sql.Open("mysql", DSN(addr, ""))
	if err != nil {
		t.Fatalf("server %s: %v", addr, err)
	}
	defer db.Close()
	for _, statement := range statements {
		if _, err := db.Exec(statement); err != nil {
			t.Errorf("server %s: %s: %v", addr, statement, err)
		}
	}
}

// alive reports whether a process exists, whoever's it is.
func alive(pid int) bool {
	process, err := os.FindProcess(pid)
	return err == nil && !errors.Is(process.Signal(syscall.Signal(0)), os.ErrProcessDone)
}
