package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
)

// kept and broken are what a next version of the schema might do. The first
// keep processes of this one working, the others don't.
var (
	kept = map[string][]string{
		"a table":                     {"CREATE TABLE IF NOT EXISTS purges (family_id BIGINT NOT NULL PRIMARY KEY)"},
		"a column with a default":     {"ALTER TABLE placements ADD COLUMN moving_to VARCHAR(255) NOT NULL DEFAULT ''"},
		"a column that may be absent": {"ALTER TABLE families ADD COLUMN purged_at DATETIME(6) NULL"},
		"a key":                       {"ALTER TABLE placements ADD KEY shard (shard)"},
		"more room":                   {"ALTER TABLE placements MODIFY COLUMN state VARCHAR(32) NOT NULL DEFAULT 'active'"},
	}
	broken = map[string][]string{
		"a column that wants a value": {"ALTER TABLE families ADD COLUMN owner VARCHAR(16) NOT NULL"},
		"a column less":               {"ALTER TABLE shards DROP COLUMN placed"},
		"another name for a column":   {"ALTER TABLE families CHANGE COLUMN state phase VARCHAR(16) NOT NULL"},
		"another name for a table":    {"RENAME TABLE sizes TO measures"},
		"a unique key":                {"ALTER TABLE placements ADD UNIQUE KEY shard (shard)"},
		"less room":                   {"ALTER TABLE families MODIFY COLUMN name VARCHAR(3) NOT NULL"},
		"another default":             {"ALTER TABLE placements ALTER COLUMN state SET DEFAULT 'fresh'"},
		"another word for a state":    {"UPDATE placements SET state = 'open' WHERE state = 'active'"},
	}
)

// next returns this program's migrations and one more.
func next(statements []string) [][]string {
	return append(slices.Clone(store.Migrations), statements)
}

// Whatever a process of an earlier version sends means the same when a newer
// one has migrated the catalog, before or meanwhile.
func TestOlderProcesses(t *testing.T) {
	for _, version := range versions(t) {
		t.Run(fmt.Sprintf("v%d", version), func(t *testing.T) {
			t.Parallel()
			if err := alone(t, version).older(t, store.Migrations); err != nil {
				t.Errorf("a process of version %d no longer works: %v", version, err)
			}
		})
	}
	last := alone(t, store.SchemaVersion)
	for name, statements := range kept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if err := last.older(t, next(statements)); err != nil {
				t.Error(err)
			}
		})
	}
	for name, statements := range broken {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if last.older(t, next(statements)) == nil {
				t.Error("nobody notices")
			}
		})
	}
}

// isCollation tells the line that depends on when a catalog without a shard is
// migrated: then its collation is the server's.
func isCollation(line string) bool { return strings.HasPrefix(line, "collation: ") }

// recorded is the session of a process that knows a version of the schema, and
// what comes of each statement in a catalog that is not migrated meanwhile.
type recorded struct {
	version int
	session []string
	results []string
}

func alone(t *testing.T, version int) *recorded {
	t.Helper()
	r := &recorded{version: version, session: strings.Split(strings.TrimSuffix(readFile(t, fixture(version, ".session.sql")), ";\n"), ";\n")}
	var err error
	if r.results, err = r.replay(t, store.Migrations, len(r.session)); err != nil {
		t.Fatalf("without a migration: %v", err)
	}
	return r
}

// older replays the session in a catalog that is migrated further at its
// beginning, and halfway through. It returns what is not as without that.
func (r *recorded) older(t *testing.T, migrations [][]string) error {
	t.Helper()
	half := len(r.session)/2 + slices.Index(r.session[len(r.session)/2:], "BEGIN")
	for _, at := range []int{0, half} {
		got, err := r.replay(t, migrations, at)
		if err != nil {
			return fmt.Errorf("migrated before statement %d: %w", at, err)
		}
		got, want := slices.DeleteFunc(got, isCollation), slices.DeleteFunc(slices.Clone(r.results), isCollation)
		if !slices.Equal(got, want) {
			return fmt.Errorf("migrated before statement %d: %s", at, firstDifference(strings.Join(got, "\n"), strings.Join(want, "\n")))
		}
	}
	return nil
}

// replay runs the session's statements in a catalog of its version that is
// migrated before the statement of that number. It returns each one's result,
// and what a new process sees in the end.
func (r *recorded) replay(t *testing.T, migrations [][]string, at int) (results []string, err error) {
	t.Helper()
	d := newDatabase(t)
	if err := store.Migrate(t.Context(), d.DB, migrations[:r.version]); err != nil {
		t.Fatal(err)
	}
	d.exec(t, "UPDATE meta SET identity = 'the catalog'")
	conn, err := d.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for i, statement := range append(slices.Clone(r.session), "DO 0") {
		if i == at {
			if err := store.Migrate(t.Context(), localtest.Open(t, d.addr, d.name), migrations); err != nil {
				t.Fatal(err)
			}
		}
		result, err := perform(t.Context(), conn, statement)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", statement, err)
		}
		results = append(results, statement+": "+result)
	}
	c, err := store.Open(t.Context(), localtest.Open(t, d.addr, d.name), store.Config{}.WithMigrations(migrations))
	if err != nil {
		return nil, err
	}
	return append(results, describe(c)), nil
}

// perform runs a statement and returns what comes of it, as text.
func perform(ctx context.Context, conn *sql.Conn, statement string) (string, error) {
	if !strings.HasPrefix(statement, "SELECT") {
		result, err := conn.ExecContext(ctx, statement)
		if err != nil {
			return "", err
		}
		id, _ := result.LastInsertId()
		n, _ := result.RowsAffected()
		return fmt.Sprintf("%d rows, id %d", n, id), nil
	}
	rows, err := conn.QueryContext(ctx, statement)
	if err != nil {
		return "", err
	}
	all, err := scanAll(rows)
	return fmt.Sprint(all), err
}

// A process that has opened the catalog before another one migrated it goes on
// with it, and both see what either does; only a start comes too late.
func TestOldAndNewProcess(t *testing.T) {
	for name, statements := range kept {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d, shards := newDatabase(t), newFakeShards(t)
			old := d.open(t, store.Config{DDL: shards})
			addShards(t, old, 2)
			ensure(t, old, "dogs", text("name")...)
			young := d.open(t, store.Config{DDL: shards}.WithMigrations(next(statements)))
			if young.ID() != old.ID() {
				t.Fatal("two catalogs")
			}
			both := []*store.Store{old, young}
			for i, c := range both {
				ensure(t, c, "dogs", text(fmt.Sprintf("field%d", i))...)
				addIndex(t, c, "dogs", fmt.Sprintf("field%d", i))
				ensure(t, c, fmt.Sprintf("cats%d", i), text("name")...)
				spread(t, c, fmt.Sprintf("cats%d", i), 2)
			}
			err := errors.Join(
				young.DropFamily(t.Context(), "cats0"), old.DropFamily(t.Context(), "cats1"),
				young.DropIndex(t.Context(), "dogs", catalog.Index{Columns: []string{"field0"}}),
				old.SetShardState(t.Context(), "s1", catalog.ReadOnly),
				young.RegisterTable(t.Context(), registered("owners", "s0", "")),
				old.UnregisterTable(t.Context(), "owners"),
				old.RecordSizes(t.Context(), "s0", everything, []catalog.TableSize{{Name: "dogs", Rows: 1 << 20}}),
			)
			if err != nil {
				t.Error(err)
			}
			shards.check(t, refresh(t, old), "dogs", "name", "field0", "field1")
			refresh(t, young)
			if a, b := describe(old), describe(young); a != b {
				t.Errorf("the new process and the old differ: %s", firstDifference(b, a))
			}
			if _, err := store.Open(t.Context(), d.DB, store.Config{}); !errors.Is(err, catalog.ErrNewerSchema) {
				t.Errorf("an old program's start: %v, want ErrNewerSchema", err)
			}
		})
	}
}

// Every version of the schema leads to this one.
func TestMigrateFromEachVersion(t *testing.T) {
	for version := range store.SchemaVersion {
		d, shards := newDatabase(t), newFakeShards(t)
		if err := store.Migrate(t.Context(), d.DB, store.Migrations[:version]); err != nil {
			t.Fatal(err)
		}
		c := d.open(t, store.Config{DDL: shards})
		addShards(t, c, 2)
		ensure(t, c, "dogs", text("name")...)
		spread(t, c, "dogs", 2)
		addIndex(t, c, "dogs", "name")
		shards.check(t, c.Snapshot(), "dogs", "name")
	}
}
