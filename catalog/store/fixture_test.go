package store_test

import (
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

// fill makes a catalog that has something of everything: shards of all states,
// a family of all types, one with groups, a split one, a registered table, and
// an unfinished intent of each kind. It is the same each time.
func fill(t *testing.T, d *database) {
	t.Helper()
	shards := newFakeShards(t)
	c := d.open(t, store.Config{DDL: shards, Grace: time.Hour})
	addShards(t, c, 4)
	ensure(t, c, "Events", everyType...)
	addIndex(t, c, "events", "text")
	addIndex(t, c, "events", "time", "Int")
	ensure(t, c, "wide", append(text(names("field", 170)...), catalog.Field{Name: "more", Type: catalog.JSON})...)
	ensure(t, c, "split", text("name")...)
	addIndex(t, c, "split", "name", "id")
	spread(t, c, "split", 2)
	open := d.open(t, store.Config{Grace: time.Nanosecond}).Opener()
	open(t.Context()) // sees it
	open(t.Context()) // and lets writers in
	spread(t, c, "split", 3)
	owners := registered("Owners", "s1", "crm", catalog.Column{Name: "Owner", Type: catalog.Text, DataType: "varchar"},
		catalog.Column{Name: "size", Type: catalog.Decimal, DataType: "decimal", Nullable: true, Position: 1})
	owners.Placements[0].Rows, owners.Placements[0].Bytes = 7, 16384
	err := errors.Join(
		c.RegisterTable(t.Context(), owners),
		c.RegisterTable(t.Context(), registered("empty", "s0", "")),
		c.SetShard(t.Context(), "s1", "moved:3306", 2.5),
		c.SetShardState(t.Context(), "s3", catalog.ReadOnly),
		c.RecordSizes(t.Context(), "s0", 1, []catalog.TableSize{{Name: "Events", Rows: 5000, Bytes: 1 << 21}, {Name: "raw_logs", Rows: 9, Bytes: 1 << 14}}),
		c.RecordSizes(t.Context(), "s2", everything, []catalog.TableSize{{Name: "split", Rows: 3, Bytes: 1 << 14}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	leaveUnfinished(t, d, c)
	for _, statement := range []string{ // what differs from run to run
		"UPDATE meta SET identity = 'the-identity-of-the-catalog', sized_at = '2026-01-01', collation = 'the-collation-of-the-catalog'",
		"UPDATE shards SET since = '2026-01-02 03:04:05.678901'",
		"UPDATE shards SET sized_at = '2026-01-02 03:04:05.678901' WHERE sized_at IS NOT NULL",
	} {
		d.exec(t, statement)
	}
}

var everyType = []catalog.Field{
	{Name: "Int", Type: catalog.Int}, {Name: "float", Type: catalog.Float}, {Name: "bool", Type: catalog.Bool},
	{Name: "text", Type: catalog.Text}, {Name: "time", Type: catalog.Timestamp}, {Name: "json", Type: catalog.JSON},
	{Name: "id", Type: catalog.Text}, {Name: "Ünïcode 'q`", Type: catalog.Text},
}

func names(prefix string, n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("%s%d", prefix, i))
	}
	return names
}

// leaveUnfinished leaves intents of each kind behind, each in a family of its
// own, and several in one.
func leaveUnfinished(t *testing.T, d *database, c *store.Store) {
	t.Helper()
	for _, name := range []string{"adding", "indexing", "unindexing", "shadowing", "unshadowing", "spreading", "dropping", "all"} {
		ensure(t, c, name, append(text("name"), catalog.Field{Name: "at", Type: catalog.Timestamp})...)
		addIndex(t, c, name, "name")
	}
	spread(t, c, "dropping", 2)
	for _, change := range []func(dying *store.Store) error{
		func(c *store.Store) error { return errorOf(c.EnsureFamily(t.Context(), "creating", text("name"))) },
		func(c *store.Store) error {
			return errorOf(c.EnsureFamily(t.Context(), "adding", text("more", "most")))
		},
		func(c *store.Store) error {
			return errorOf(c.AddIndex(t.Context(), "indexing", catalog.Index{Columns: []string{"name", "id"}}))
		},
		func(c *store.Store) error {
			return c.DropIndex(t.Context(), "unindexing", catalog.Index{Columns: []string{"name"}})
		},
		func(c *store.Store) error {
			return errorOf(c.AddIndex(t.Context(), "shadowing", catalog.Index{Columns: []string{"at"}, Bucket: catalog.Hour}))
		},
		func(c *store.Store) error { return errorOf(c.Unshadow(t.Context(), "unshadowing", []string{"name"})) },
		func(c *store.Store) error { return errorOf(c.Spread(t.Context(), "spreading", 3)) },
		func(c *store.Store) error { return c.DropFamily(t.Context(), "dropping") },
		func(c *store.Store) error { return errorOf(c.EnsureFamily(t.Context(), "all", text("more"))) },
		func(c *store.Store) error {
			return errorOf(c.AddIndex(t.Context(), "all", catalog.Index{Columns: []string{"id", "name"}}))
		},
		func(c *store.Store) error {
			return c.DropIndex(t.Context(), "all", catalog.Index{Columns: []string{"name"}})
		},
		func(c *store.Store) error { return errorOf(c.Spread(t.Context(), "all", 2)) },
	} {
		dying := d.open(t, store.Config{Grace: time.Hour}.WithFailpoint(crashAt("proposed")))
		if err := change(dying); !errors.Is(err, errCrash) {
			t.Fatalf("crash ended in %v", err)
		}
	}
}

func errorOf[T any](_ T, err error) error { return err }

// dump returns the database as statements that make it anew on any server.
func dump(t *testing.T, d *database) string {
	t.Helper()
	var text strings.Builder
	for _, table := range query(t, d.DB, "SHOW TABLES") {
		name := table[0].String
		create := query(t, d.DB, "SHOW CREATE TABLE `"+name+"`")[0][1].String
		fmt.Fprintf(&text, "%s;\n", create)
		rows := query(t, d.DB, "SELECT * FROM `"+name+"`")
		if len(rows) == 0 {
			continue
		}
		literals := make([]string, len(rows))
		for i, row := range rows {
			literals[i] = "(" + strings.Join(literalsOf(row), ", ") + ")"
		}
		fmt.Fprintf(&text, "INSERT INTO `%s` VALUES\n%s;\n", name, strings.Join(literals, ",\n"))
	}
	return text.String()
}

func literalsOf(row []sql.NullString) []string {
	literals := make([]string, len(row))
	for i, v := range row {
		if literals[i] = "NULL"; v.Valid {
			literals[i] = literal(v.String)
		}
	}
	return literals
}

// load runs the statements of a dump.
func load(t *testing.T, d *database, dump string) {
	t.Helper()
	for statement := range strings.SplitSeq(strings.TrimSuffix(dump, ";\n"), ";\n") {
		d.exec(t, statement)
	}
}

// query returns all rows of a query, in their order by their first columns.
func query(t *testing.T, db *sql.DB, text string) [][]sql.NullString {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	all, err := scanAll(rows)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return all
}

// scanAll returns the rows as the server spells their values, sorted.
func scanAll(rows *sql.Rows) (all [][]sql.NullString, err error) {
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		row, into := make([]sql.NullString, len(columns)), make([]any, len(columns))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		all = append(all, row)
	}
	slices.SortFunc(all, func(a, b []sql.NullString) int {
		return slices.CompareFunc(a, b, func(a, b sql.NullString) int { return compareValues(a.String, b.String) })
	})
	return all, rows.Err()
}

// compareValues puts numbers in their order, as shorter ones are smaller.
func compareValues(a, b string) int {
	numbers := strings.Trim(a+b, "0123456789") == ""
	if numbers && len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}
