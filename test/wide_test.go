package test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/test/harness"
)

// TestWideFamily stores 1,000 strings of 40 bytes an event, which no InnoDB
// row of 1,000 text columns could hold.
func TestWideFamily(t *testing.T) {
	const fields, events = 1000, 20
	s := harness.StartOn(t, 1)
	var schema strings.Builder
	for f := range fields {
		fmt.Fprintf(&schema, `,"field__%04d":"string"`, f)
	}
	var logs strings.Builder
	for e := range events {
		fmt.Fprintf(&logs, "%s{", map[bool]string{true: ",", false: ""}[e > 0])
		for f := range fields {
			fmt.Fprintf(&logs, `%s"field__%04d":%q`, map[bool]string{true: ",", false: ""}[f > 0], f, wideValue(e, f))
		}
		logs.WriteString("}")
	}
	s.Expect(200, "PUT", "/api/log", fmt.Sprintf(`{"family":"wide","schema":{%s},"logs":[%s]}`, schema.String()[1:], logs.String()))

	all := s.Query("SELECT * FROM wide ORDER BY id")
	if len(all.Columns) != 1+fields || len(all.Rows) != events {
		t.Fatalf("SELECT *: %d columns, %d rows", len(all.Columns), len(all.Rows))
	}
	for e, row := range all.Rows {
		for f := range fields {
			if want := wideValue(e, f); row[1+f] != want || all.Columns[1+f].Name != fmt.Sprintf("field__%04d", f) {
				t.Fatalf("event %d, field %d: got %v in %s, want %q", e, f, row[1+f], all.Columns[1+f].Name, want)
			}
		}
	}
	if got, want := s.Rows("SELECT w.id FROM wide w WHERE w.field__0999 = ?", wideValue(7, 999)), "[8]"; got != want {
		t.Errorf("a filter on the last field: got %s, want %s", got, want)
	}
	if got := s.Rows("SELECT COUNT(DISTINCT field__0500), MAX(LENGTH(field__0998)) FROM wide"); got != "[20,40]" {
		t.Errorf("aggregates: got %s", got)
	}
	s.Refused(400, "unknown_column", "POST", "/api/query", map[string]any{"query": "SELECT `#1` FROM wide"})
	res := s.Request("PUT", "/api/log", `{"family":"wide","schema":{"one_more":"int"},"logs":[]}`)
	if res.Status < 400 || res.Status >= 500 {
		t.Errorf("field 1,001: got %d %s", res.Status, res.Body)
	}
}

// TestLongNames asks for more than the definition of a table can hold: 1,000
// strings with the longest names. That must be refused before anything is
// made, and leave the name free.
func TestLongNames(t *testing.T) {
	s := harness.StartOn(t, 1)
	schema := map[string]string{}
	for f := range 1000 {
		schema[fmt.Sprintf("%04d%s", f, strings.Repeat("x", 60))] = "string"
	}
	s.Refused(400, "too_many_columns", "PUT", "/api/log", map[string]any{"family": "long", "schema": schema, "logs": []any{}})
	s.Refused(404, "unknown_family", "GET", "/api/families/long", nil)
	s.Put("long", map[string]string{"n": "int"}, numbers(1))
}

// wideValue is 40 bytes that differ by event and field.
func wideValue(event, field int) string {
	return fmt.Sprintf("%04d-%04d-%s", event, field, strings.Repeat("é", 15))
}
