package shard

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

func TestOpenDatabase(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	database := localtest.Database(t, addresses...) + "_catalog" // dropped with the other
	cfg := Config{Username: "root", Database: "unused", WriteConns: 3}
	for range 2 {
		db, err := OpenDatabase(t.Context(), cfg, addresses[0], database)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if got := localtest.Value[string](t, db, "SELECT CONCAT(DATABASE(), ' ', @@collation_database, ' ', @@time_zone, ' ', @@sql_mode)"); got !=
			database+" utf8mb4_unicode_ci +00:00 STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION" {
			t.Errorf("got %s", got)
		}
		if wait := localtest.Value[int](t, db, "SELECT @@innodb_lock_wait_timeout"); time.Duration(wait)*time.Second >= catalogPatience {
			t.Errorf("waits %d s for a lock, and no longer for the server", wait)
		}
		if n := db.Stats().MaxOpenConnections; n != 3 {
			t.Errorf("at most %d connections", n)
		}
	}
	if got := createDatabase("a`b", server.Collation); !strings.Contains(got, "`a``b`") {
		t.Errorf("got %s", got)
	}
}

func TestWait(t *testing.T) {
	up := localtest.Servers(t, 1)[0]
	cfg := Config{Username: "root", Database: "d"}
	tries := func(ctx context.Context, cfg Config, address string) (n int, err error) {
		err = Wait(ctx, cfg, address, func(err error) {
			n++
			if !errors.Is(err, ErrUnreachable) {
				t.Errorf("a try ended with %v", err)
			}
		})
		return n, err
	}
	if n, err := tries(t.Context(), cfg, up); n != 0 || err != nil {
		t.Errorf("up: %d tries failed, %v", n, err)
	}
	ctx, cancel := context.WithTimeoutCause(t.Context(), 400*time.Millisecond, errEnough)
	defer cancel()
	if n, err := tries(ctx, cfg, "127.0.0.1:1"); n == 0 || !errors.Is(err, errEnough) || !errors.Is(err, ErrUnreachable) {
		t.Errorf("down: %d tries failed, %v", n, err)
	}
	if n, err := tries(t.Context(), cfg, "a b"); n != 0 || err == nil {
		t.Errorf("invalid: %d tries failed, %v", n, err)
	}
	cfg.Username, cfg.Password = "nobody", "hunter2"
	n, err := tries(t.Context(), cfg, up)
	var server *ServerError
	if n != 0 || !errors.As(err, &server) || server.Number != 1045 || strings.Contains(err.Error(), "nobody") {
		t.Errorf("refused: %d tries failed, %v", n, err)
	}
}

func TestReadIdentityOfNoShard(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	database := localtest.Database(t, addresses...)
	for name, setUp := range map[string]string{
		database + "_missing": "SELECT 1",
		database:              "SELECT 1",
		database + "_catalog": "CREATE DATABASE " + database + "_catalog",
	} {
		db := localtest.Open(t, addresses[0], "")
		if _, err := db.Exec(setUp); err != nil {
			t.Fatal(err)
		}
		id, err := ReadIdentity(t.Context(), Config{Username: "root", Database: name}, addresses[0])
		if err != nil || id != (Identity{}) {
			t.Errorf("%s: got %+v, %v", name, id, err)
		}
	}
	if _, err := ReadIdentity(t.Context(), Config{Username: "root", Database: database}, "127.0.0.1:1"); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestHasDatabase(t *testing.T) {
	addresses := localtest.Servers(t, 1)
	database := localtest.Database(t, addresses...)
	cfg := Config{Username: "root", Database: "unused"}
	for name, want := range map[string]bool{database: true, database + "_missing": false} {
		if got, err := HasDatabase(t.Context(), cfg, addresses[0], name); got != want || err != nil {
			t.Errorf("%s: got %t, %v", name, got, err)
		}
	}
	if _, err := HasDatabase(t.Context(), cfg, "127.0.0.1:1", database); !errors.Is(err, ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

func TestDescribe(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	tests := []struct {
		declared, dataType string
		kind               catalog.Type
	}{
		{"TINYINT(1)", "tinyint", catalog.Int}, {"SMALLINT", "smallint", catalog.Int}, {"MEDIUMINT", "mediumint", catalog.Int},
		{"INT UNSIGNED", "int", catalog.Int}, {"BIGINT", "bigint", catalog.Int}, {"DECIMAL(5,2)", "decimal", catalog.Decimal},
		{"FLOAT", "float", catalog.Float}, {"DOUBLE", "double", catalog.Float}, {"CHAR(3)", "char", catalog.Text},
		{"VARCHAR(3)", "varchar", catalog.Text}, {"TINYTEXT", "tinytext", catalog.Text}, {"TEXT", "text", catalog.Text},
		{"MEDIUMTEXT", "mediumtext", catalog.Text}, {"LONGTEXT", "longtext", catalog.Text}, {"ENUM('a')", "enum", catalog.Text},
		{"SET('a')", "set", catalog.Text}, {"BINARY(3)", "binary", catalog.Bytes}, {"VARBINARY(3)", "varbinary", catalog.Bytes},
		{"TINYBLOB", "tinyblob", catalog.Bytes}, {"BLOB", "blob", catalog.Bytes}, {"MEDIUMBLOB", "mediumblob", catalog.Bytes},
		{"LONGBLOB", "longblob", catalog.Bytes}, {"JSON", "json", catalog.JSON}, {"BIT(3)", "bit", catalog.Bit},
		{"DATE", "date", catalog.Date}, {"TIME", "time", catalog.Time}, {"YEAR", "year", catalog.Year},
		{"DATETIME(6)", "datetime", catalog.Timestamp}, {"TIMESTAMP NULL", "timestamp", catalog.Timestamp},
		{"INT AS (1) VIRTUAL", "int", catalog.Int},
	}
	hidden, json := ", hidden INT INVISIBLE", "json"
	switch f.vendor(t) {
	case server.TiDB:
		hidden = ""
	case server.MariaDB:
		json = "longtext"
	}
	var columns []string
	for i, tt := range tests {
		columns = append(columns, "`c "+string(rune('A'+i))+"` "+tt.declared)
	}
	exec(t, sh, "CREATE TABLE d (id BIGINT PRIMARY KEY, "+strings.Join(columns, ", ")+hidden+")")
	for _, database := range []string{"", f.database} {
		name, got, err := sh.Describe(t.Context(), database, "D")
		if err != nil || name != "d" || len(got) != len(tests)+1 {
			t.Fatalf("got %s, %v, %v", name, got, err)
		}
		if want := (catalog.Column{Name: "id", Type: catalog.Int, DataType: "bigint"}); got[0] != want {
			t.Errorf("got %+v", got[0])
		}
		for i, tt := range tests {
			want := catalog.Column{Name: "c " + string(rune('A'+i)), Type: tt.kind, DataType: tt.dataType, Nullable: true, Position: i + 1}
			if tt.declared == "JSON" {
				want.DataType = json
			}
			if got[i+1] != want {
				t.Errorf("%s: got %+v", tt.declared, got[i+1])
			}
		}
	}
}

func TestDescribeRefuses(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	exec(t, sh, "CREATE TABLE d (a INT)", "CREATE VIEW v AS SELECT * FROM d")
	other := localtest.Database(t, f.addresses...) // of another databalancer
	exec(t, sh, createIdentity(other, server.Collation), "CREATE TABLE "+other+".d (a INT)",
		"CREATE DATABASE "+other+"_catalog", "CREATE TABLE "+other+"_catalog.meta (a INT)")
	sequence := ErrNoTable
	if f.vendor(t) == server.MariaDB {
		exec(t, sh, "CREATE SEQUENCE q")
		sequence = ErrNotBaseTable
	}
	tests := []struct {
		database, table string
		want            error
	}{
		{"", "missing", ErrNoTable}, {"missing", "d", ErrNoTable}, {"", "databalancer_shard", ErrNoTable},
		{"", "v", ErrNotBaseTable}, {"", "q", sequence},
		{"mysql", "user", ErrSystemDatabase}, {"MySQL", "user", ErrSystemDatabase}, {"information_schema", "tables", ErrSystemDatabase},
		{f.database + "_catalog", "meta", ErrOwnDatabase}, {strings.ToUpper(f.database) + "_CATALOG", "meta", ErrOwnDatabase},
		{other, "d", ErrOwnDatabase}, {other + "_catalog", "meta", ErrOwnDatabase},
		{"performance_schema", "threads", ErrSystemDatabase}, {"sys", "version", ErrSystemDatabase},
	}
	for _, tt := range tests {
		if name, got, err := sh.Describe(t.Context(), tt.database, tt.table); !errors.Is(err, tt.want) || name != "" || got != nil {
			t.Errorf("%s.%s: got %s, %v, %v", tt.database, tt.table, name, got, err)
		}
	}
}

// TestDescribeCase looks tables up by names in another case than theirs.
func TestDescribeCase(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	exec(t, sh, "CREATE TABLE plain (a INT)")
	names := map[string]string{"plain": "plain", "PLAIN": "plain", "Plain": "plain", "pläin": ""}
	if localtest.Value[int](t, sh.Write(), "SELECT @@lower_case_table_names") == 0 && f.vendor(t) != server.TiDB {
		exec(t, sh, "CREATE TABLE two (a INT)", "CREATE VIEW Two AS SELECT * FROM plain", "CREATE TABLE TWO (b INT)")
		names["two"], names["TWO"], names["tWO"] = "two", "TWO", ""
	}
	for asked, want := range names {
		got, columns, err := sh.Describe(t.Context(), "", asked)
		if got != want || (want == "") != errors.Is(err, ErrNoTable) || (want == "") != (len(columns) == 0) {
			t.Errorf("%s: got %q, %v, %v, want %q", asked, got, columns, err, want)
		}
	}
}

func TestSizes(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	exec(t, sh, "CREATE TABLE Dog (a LONGTEXT)", "CREATE VIEW v AS SELECT * FROM Dog", "CREATE TABLE databalancer_more (a INT)",
		"INSERT INTO Dog SELECT REPEAT('x', 1000) FROM "+numbers(3), "ANALYZE TABLE Dog")
	sizes, err := sh.Sizes(t.Context())
	if err != nil || len(sizes) != 2 || sizes[0].Name != "Dog" || sizes[1].Name != "raw_logs" {
		t.Fatalf("got %v, %v", sizes, err)
	}
	if s := sizes[0]; f.vendor(t) != server.TiDB && (s.Rows < 500 || s.Rows > 2000 || s.Bytes < 1_000_000 || s.Bytes > 5_000_000) {
		t.Errorf("got %+v", s) // TiDB collects its numbers in its own time
	}
}
