package ingest

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// dataFiles returns the log files that the round trips read: those under the
// folder DATABALANCER_TEST_DATA, or else the project's own sample. They are
// newline-delimited JSON, also gzipped, a family a file.
func dataFiles(t testing.TB) []string {
	t.Helper()
	dir := os.Getenv("DATABALANCER_TEST_DATA")
	if dir == "" {
		dir = "testdata"
	}
	var files []string
	for _, pattern := range []string{"*/*.json", "*/*.json.gz"} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		t.Fatalf("no log files in %s", dir)
	}
	return files
}

// family is a log file's content.
type family struct {
	name   string
	lines  [][]byte
	events []map[string]any // numbers are json.Number
	fields []catalog.Field
}

func readFamily(t testing.TB, path string) *family {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var text io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if text, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	f := &family{name: name}
	lines := bufio.NewScanner(text)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		event := map[string]any{}
		d := json.NewDecoder(bytes.NewReader(lines.Bytes()))
		d.UseNumber()
		if err := d.Decode(&event); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		f.lines = append(f.lines, bytes.Clone(lines.Bytes()))
		f.events = append(f.events, event)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	f.infer()
	return f
}

// infer gives each field the narrowest type that holds all its values.
func (f *family) infer() {
	index := map[string]int{}
	for _, event := range f.events {
		for name, value := range event {
			found := typeOf(value)
			i, ok := index[name]
			switch {
			case found == "":
			case !ok:
				index[name] = len(f.fields)
				f.fields = append(f.fields, catalog.Field{Name: name, Type: found})
			case f.fields[i].Type != found:
				f.fields[i].Type = widen(f.fields[i].Type, found)
			}
		}
	}
}

func typeOf(value any) catalog.Type {
	switch v := value.(type) {
	case nil:
		return ""
	case bool:
		return catalog.Bool
	case json.Number:
		if _, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return catalog.Int
		}
		return catalog.Float
	case string:
		if _, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return catalog.Timestamp
		}
		return catalog.Text
	}
	return catalog.JSON
}

func widen(a, b catalog.Type) catalog.Type {
	both := [2]catalog.Type{min(a, b), max(a, b)}
	switch both {
	case [2]catalog.Type{catalog.Float, catalog.Int}:
		return catalog.Float
	case [2]catalog.Type{catalog.Text, catalog.Timestamp}:
		return catalog.Text
	}
	return catalog.JSON
}

// request returns the request that stores the events from one to another. Its
// schema has the fields that these events have.
func (f *family) request(from, to int) []byte {
	var schema []string
	for _, field := range f.fields {
		for _, event := range f.events[from:to] {
			if _, ok := event[field.Name]; ok {
				schema = append(schema, fmt.Sprintf("%q:%q", field.Name, field.Type))
				break
			}
		}
	}
	for _, event := range f.events[from:to] { // fields that are null everywhere
		for name := range event {
			if f.typeName(name) == "" {
				f.fields = append(f.fields, catalog.Field{Name: name, Type: catalog.Text})
				schema = append(schema, fmt.Sprintf("%q:%q", name, catalog.Text))
			}
		}
	}
	return []byte(`{"family":"` + f.name + `","schema":{` + strings.Join(schema, ",") + `},"logs":[` +
		string(bytes.Join(f.lines[from:to], []byte(","))) + `]}`)
}

func (f *family) typeName(field string) catalog.Type {
	for _, known := range f.fields {
		if known.Name == field {
			return known.Type
		}
	}
	return ""
}

// TestRoundTrip stores all events of all families and compares every value,
// and every raw log, with what was sent.
func TestRoundTrip(t *testing.T) {
	fx := newFixture(t, 2)
	for _, path := range dataFiles(t) {
		f := readFamily(t, path)
		t.Run(f.name, func(t *testing.T) {
			const step = 1000
			for from := 0; from < len(f.events); from += step {
				fx.put(t, string(f.request(from, min(from+step, len(f.events)))))
			}
			compare(t, fx, f)
			compareRaw(t, fx, f)
		})
	}
}

// compare reads the family's table and compares each value.
func compare(t *testing.T, fx *fixture, f *family) {
	t.Helper()
	columns := make([]string, len(f.fields))
	for i, field := range f.fields {
		columns[i] = server.QuoteName(catalog.FieldColumn(field.Name))
	}
	rows, err := fx.db(t, f.name).Query("SELECT " + strings.Join(columns, ", ") + " FROM " + server.QuoteName(f.name) + " ORDER BY id")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	values := make([]*string, len(columns))
	pointers := make([]any, len(columns))
	for i := range values {
		pointers[i] = &values[i]
	}
	exact := localtest.Backend(t).JSONIsText()
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(pointers...); err != nil {
			t.Fatal(err)
		}
		for i, field := range f.fields {
			if sent := f.events[n][field.Name]; !sameValue(field.Type, sent, values[i], exact) {
				t.Fatalf("event %d, field %s: sent %v, stored %s", n, field.Name, sent, pointed(values[i]))
			}
		}
	}
	if err := rows.Err(); err != nil || n != len(f.events) {
		t.Fatalf("%d rows of %d events: %v", n, len(f.events), err)
	}
}

func pointed(s *string) string {
	if s == nil {
		return "NULL"
	}
	return strconv.Quote(*s)
}

// sameValue compares a value as sent with what the server returns as text. It
// takes numbers in JSON by their values where the server keeps those: MySQL
// shows 1e2 as 100.0.
func sameValue(typ catalog.Type, sent any, stored *string, exact bool) bool {
	if sent == nil || stored == nil {
		return sent == nil && stored == nil
	}
	switch typ {
	case catalog.Text:
		return sent == *stored
	case catalog.Int:
		return sent.(json.Number).String() == *stored
	case catalog.Float:
		want, _ := sent.(json.Number).Float64()
		got, err := strconv.ParseFloat(*stored, 64)
		return err == nil && got == want
	case catalog.Bool:
		return *stored == map[bool]string{false: "0", true: "1"}[sent.(bool)]
	case catalog.Timestamp:
		at, err := time.Parse(time.RFC3339Nano, sent.(string))
		return err == nil && at.UTC().Truncate(time.Microsecond).Format("2006-01-02 15:04:05.000000") == *stored
	}
	var got any
	d := json.NewDecoder(strings.NewReader(*stored))
	d.UseNumber()
	if d.Decode(&got) != nil {
		return false
	}
	if !exact {
		got, sent = numbersByValue(got), numbersByValue(sent)
	}
	return reflect.DeepEqual(got, sent)
}

// numbersByValue returns a JSON value with its numbers spelled as fractions.
func numbersByValue(v any) any {
	switch v := v.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok {
			return json.Number(r.RatString())
		}
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = numbersByValue(v[i])
		}
		return list
	case map[string]any:
		object := make(map[string]any, len(v))
		for key := range v {
			object[key] = numbersByValue(v[key])
		}
		return object
	}
	return v
}

func compareRaw(t *testing.T, fx *fixture, f *family) {
	t.Helper()
	rows := fx.texts(t, f.name, "SELECT log FROM raw_logs WHERE family = ? ORDER BY id", f.name)
	if len(rows) != len(f.events) {
		t.Fatalf("%d raw logs of %d events", len(rows), len(f.events))
	}
	for i, row := range rows {
		checkCanonical(t, []byte(row[0]), f.events[i])
	}
}

// extremes are the values that come closest to what each type can hold.
var extremes = map[catalog.Type][]string{
	catalog.Int: {"0", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993"},
	catalog.Float: {"0", "0.1", "-1.5", "1e22", "123456789.123456789", "1.7976931348623157e308", "-1.7976931348623157e308",
		"5e-324", "2.2250738585072014e-308", "0.3333333333333333", "3.4028235e38"},
	catalog.Bool: {"true", "false"},
	catalog.Text: {`""`, `"a"`, `"null"`, `"\u0000"`, `"a\u0000b"`, `"\u0001\u001f\u007f\b\f\n\r\t"`, `"\"'\\\/"`, `"\\n \\u0041"`, `"%_ ?"`,
		`"é 😀 \ud83d\ude00 \udbff\udfff \uffff \u2028"`, `" spaces "`, `"[1]"`, `"{\"a\":1}"`, `"1e5"`,
		`"` + strings.Repeat("x", 70_000) + `"`, `"` + strings.Repeat(`😀\"\\\n`, 1<<17) + `"`},
	catalog.Timestamp: {`"1000-01-01T00:00:00Z"`, `"9999-12-31T23:59:59.999999Z"`, `"2024-02-29T12:00:00.1234567+05:30"`, `"1969-12-31T23:59:59.9-08:00"`},
	catalog.JSON: {"{}", "[]", "0", "-0.0", "1e2", `"text"`, `""`, "true", "[null]", `"\u0000\"\\\ud83d\ude00"`, nested(MaxDepth),
		strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth),
		`{"b":[1,2.50,{"d":null,"c":[[]]}],"a":"` + strings.Repeat("y", 70_000) + `"}`,
		"9223372036854775807"},
}

// TestExtremes stores extreme values in columns of their own, and in the
// hidden columns of a family that is wide.
func TestExtremes(t *testing.T) {
	fx := newFixture(t, 1)
	for name, schema := range map[string]string{"narrow": "", "wide": fillers()} {
		t.Run(name, func(t *testing.T) {
			f := &family{name: name}
			for typ, values := range extremes {
				field := "v_" + string(typ)
				f.fields = append(f.fields, catalog.Field{Name: field, Type: typ})
				for _, v := range append(values, "null") {
					f.lines = append(f.lines, []byte(`{"`+field+`":`+v+`}`))
					var event map[string]any
					readJSON(t, f.lines[len(f.lines)-1], &event)
					f.events = append(f.events, event)
				}
			}
			fx.put(t, `{"family":"`+name+`","schema":{`+schema+`},"logs":[]}`)
			fx.put(t, string(f.request(0, len(f.events))))
			if table, _ := fx.catalog.Snapshot().Table(name); table.Columns[len(table.Columns)-1].Group > 0 != (name == "wide" && !fx.plainRows(t)) {
				t.Fatal("the last field is in another kind of column than meant")
			}
			compare(t, fx, f)
			compareRaw(t, fx, f)
		})
	}
}

// fillers are the fields of a schema that leave no room in the row's page,
// not even for a bool.
func fillers() string {
	var fields []string
	for _, typ := range []string{"string", "int", "bool"} {
		for i := range 200 {
			fields = append(fields, fmt.Sprintf(`"%s_%d":"%s"`, typ, i, typ))
		}
	}
	return strings.Join(fields, ",")
}
