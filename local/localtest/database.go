package localtest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Database creates a database with a name of its own on every server, and
// drops it, and the catalog database beside it, when the test ends.
func Database(t testing.TB, addrs ...string) string {
	t.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	for _, addr := range addrs {
		db := Open(t, addr, "")
		Exec(t, db, "CREATE DATABASE "+name)
		t.Cleanup(func() {
			Exec(t, db, "DROP DATABASE IF EXISTS "+name, "DROP DATABASE IF EXISTS "+name+"_catalog")
		})
	}
	return name
}

// Open returns root's connections to a server, with utf8mb4, UTC and further
// settings of the session, such as "autocommit=1", to be closed when the test
// ends. The database may be empty.
func Open(t testing.TB, addr, database string, settings ...string) *sql.DB {
	t.Helper()
	cfg := mysql.NewConfig()
	cfg.User, cfg.Net, cfg.Addr, cfg.DBName = "root", "tcp", addr, database
	if strings.Contains(addr, "/") {
		cfg.Net = "unix"
	}
	if err := cfg.Apply(mysql.Charset("utf8mb4", "")); err != nil {
		t.Fatal(err)
	}
	cfg.Params = map[string]string{"time_zone": "'+00:00'"}
	for _, s := range settings {
		name, value, _ := strings.Cut(s, "=")
		cfg.Params[name] = value
	}
	cfg.Logger = &mysql.NopLogger{} // tests end servers that connections are open to
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		t.Fatalf("server %s: %v", addr, err)
	}
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

// execer is connections, one of them, or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

// Exec runs statements that must succeed.
func Exec(t testing.TB, on execer, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if _, err := on.ExecContext(context.Background(), statement); err != nil {
			t.Fatalf("%.1000s: %v", statement, err)
		}
	}
}

// Value returns the one value of a query that must succeed.
func Value[T any](t testing.TB, db *sql.DB, query string, args ...any) (v T) {
	t.Helper()
	if err := db.QueryRow(query, args...).Scan(&v); err != nil {
		t.Fatalf("%.1000s: %v", query, err)
	}
	return v
}

// Rows returns the rows of a query that must succeed: values as texts, NULL as
// NULL.
func Rows(t testing.TB, db *sql.DB, query string, args ...any) [][]string {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatalf("%.1000s: %v", query, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values, targets := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	var all [][]string
	for rows.Next() {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		row := make([]string, len(values))
		for i, v := range values {
			if row[i] = "NULL"; v.Valid {
				row[i] = v.String
			}
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%.1000s: %v", query, err)
	}
	return all
}

// Numbers is a derived table, yet without an alias, of the whole numbers from
// first to last in a column seq, on any server.
func Numbers(first, last int) string {
	const digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4" +
		" UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
	var sum, tables []string
	for i, power := 0, 1; i == 0 || power <= last-first; i, power = i+1, power*10 {
		sum = append(sum, fmt.Sprintf("%d * n%d.d", power, i))
		tables = append(tables, fmt.Sprintf("%s AS n%d", digits, i))
	}
	seq := fmt.Sprintf("%d + %s", first, strings.Join(sum, " + "))
	return fmt.Sprintf("(SELECT %s AS seq FROM %s WHERE %[1]s <= %[3]d)", seq, strings.Join(tables, ", "), last)
}
