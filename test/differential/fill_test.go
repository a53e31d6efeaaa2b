package differential

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

// create is the statement that makes a registered table, with the server's
// own collation, which is that of families too, and those that the server has
// in the place of others.
func (t *table) create(collations *strings.Replacer) string {
	var parts []string
	for _, f := range t.fields {
		parts = append(parts, "`"+f.name+"` "+collations.Replace(f.kind))
	}
	if t.keys != "" {
		parts = append(parts, t.keys)
	}
	return fmt.Sprintf("CREATE TABLE `%s` (%s) ENGINE=InnoDB CHARACTER SET utf8mb4",
		t.name, strings.Join(parts, ", "))
}

// collationsOf puts a collation of the server's for which blanks at the end of a
// text count, and that is not its default, in the place of noPad, and the binary
// ones in that of others that it lacks.
func collationsOf(t testing.TB, db *sql.DB) *strings.Replacer {
	t.Helper()
	replaced := []string{noPad, localtest.Value[string](t, db, "SELECT collation_name FROM information_schema.collations"+
		" WHERE collation_name IN ('utf8mb4_unicode_nopad_ci', 'utf8mb4_0900_as_ci', 'utf8mb4_0900_ai_ci')"+
		" ORDER BY collation_name DESC LIMIT 1")}
	for _, c := range []string{latin, ascii} {
		if localtest.Value[int](t, db, "SELECT COUNT(*) FROM information_schema.collations WHERE collation_name = ?", c) == 0 {
			charset, _, _ := strings.Cut(c, "_")
			replaced = append(replaced, c, charset+"_bin")
		}
	}
	return strings.NewReplacer(replaced...)
}

// insert is the statement that fills a registered table, or nothing. The same
// seed gives the same rows, but for dates without a month or a day where they
// are not wanted: a server whose own sql_mode does not let them in makes
// 0000-00-00 of them in temporary tables of its own, now and then.
func (t *table) insert(seed uint64, partialDates bool) string {
	r := t.source(seed)
	var rows []string
	for n := range t.rows {
		var values []string
		for _, f := range t.fields {
			values = append(values, f.pool(r, n))
		}
		rows = append(rows, "("+strings.Join(values, ", ")+")")
	}
	if len(rows) == 0 {
		return ""
	}
	text := strings.Join(rows, ", ")
	if !partialDates {
		text = strings.NewReplacer("'2024-00-15'", "'2024-01-15'", "'2024-02-00'", "'2024-02-10'").Replace(text)
	}
	return "INSERT INTO `" + t.name + "` VALUES " + text
}

func (t *table) source(seed uint64) source {
	hash := uint64(14695981039346656037)
	for _, c := range []byte(t.name) {
		hash = (hash ^ uint64(c)) * 1099511628211
	}
	return rand.New(rand.NewPCG(seed, hash))
}

// logs are a family's events from one to another, as JSON.
func (t *table) logs(seed uint64, from, to int) []json.RawMessage {
	r := t.source(seed)
	events := []json.RawMessage{}
	for n := range to {
		var members []string
		for _, f := range t.fields {
			members = append(members, fmt.Sprintf("%q:%s", f.name, f.pool(r, n)))
		}
		if n >= from {
			events = append(events, json.RawMessage("{"+strings.Join(members, ",")+"}"))
		}
	}
	return events
}

// put stores events of a family. The first time, even without any, it makes
// the family.
func (t *table) put(tb testing.TB, s *service, events []json.RawMessage) {
	tb.Helper()
	var schema []string // in the order of the fields, which is that of the columns
	for _, f := range t.fields {
		schema = append(schema, fmt.Sprintf("%q:%q", f.name, f.kind))
	}
	s.Expect(200, "PUT", "/api/log", map[string]any{
		"family": t.name, "schema": json.RawMessage("{" + strings.Join(schema, ",") + "}"), "logs": events,
	})
}

// execute runs those of the statements that are not empty.
func execute(t testing.TB, db *sql.DB, statements ...string) {
	t.Helper()
	localtest.Exec(t, db, slices.DeleteFunc(statements, func(s string) bool { return s == "" })...)
}

// storedColumns returns a table's columns that hold values of their own,
// hidden ones included, quoted.
func storedColumns(t testing.TB, db *sql.DB, table string) []string {
	t.Helper()
	var names []string
	for _, row := range localtest.Rows(t, db, "SELECT column_name FROM information_schema.columns"+
		" WHERE table_schema = DATABASE() AND table_name = ? AND COALESCE(generation_expression, '') = '' ORDER BY ordinal_position", table) {
		names = append(names, "`"+row[0]+"`")
	}
	if len(names) == 0 {
		t.Fatalf("%s has no columns", table)
	}
	return names
}

// copyRows copies those of a table's rows for which a condition holds from one
// database to another, in their binary form, and adds a number to their ids.
func copyRows(t testing.TB, from, to *sql.DB, table, where string, shift int64) int {
	t.Helper()
	names := storedColumns(t, from, table)
	list := strings.Join(names, ", ")
	read, err := from.Prepare("SELECT " + list + " FROM `" + table + "` WHERE " + where) // prepared: exact doubles
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	rows, err := read.Query()
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	write, err := to.PrepareContext(context.Background(), fmt.Sprintf("INSERT INTO `%s` (%s) VALUES (?%s)",
		table, list, strings.Repeat(", ?", len(names)-1)))
	if err != nil {
		t.Fatalf("%s: %v", table, err)
	}
	defer write.Close()
	values, targets := make([]any, len(names)), make([]any, len(names))
	for i := range values {
		targets[i] = &values[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(targets...); err != nil {
			t.Fatal(err)
		}
		if id, ok := values[0].(int64); ok {
			values[0] = id + shift
		}
		if _, err := write.Exec(values...); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}
