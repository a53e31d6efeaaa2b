package ingest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

// TestThousandStrings stores what InnoDB would refuse: rows of 1,000 strings
// of 40 bytes.
func TestThousandStrings(t *testing.T) {
	fx := newFixture(t, 1)
	f := &family{name: "thousand"}
	for i := range catalog.MaxFields {
		f.fields = append(f.fields, catalog.Field{Name: fmt.Sprintf("f.%d", i), Type: catalog.Text})
	}
	for row := range 8 {
		event := map[string]any{}
		var members []string
		for i, field := range f.fields {
			value := fmt.Sprintf("%03d-%d-%s", i, row, strings.Repeat("é", 17)) // 40 bytes
			if row == 5 && i%3 != 0 {
				continue // sparse
			}
			if row == 6 { // empty but for one of the hidden ones
				if i != 999 {
					continue
				}
			}
			event[field.Name] = value
			members = append(members, fmt.Sprintf("%q:%q", field.Name, value))
		}
		f.events = append(f.events, event)
		f.lines = append(f.lines, []byte("{"+strings.Join(members, ",")+"}"))
	}
	result := fx.put(t, string(f.request(0, len(f.events))))
	if !result.Created || len(result.ColumnsAdded) != catalog.MaxFields {
		t.Errorf("created %v, %d columns", result.Created, len(result.ColumnsAdded))
	}
	compare(t, fx, f)
	compareRaw(t, fx, f)
	columns, err := fx.db(t, f.name).Query("SELECT * FROM thousand LIMIT 0")
	if err != nil {
		t.Fatal(err)
	}
	defer columns.Close()
	names, _ := columns.Columns()
	if len(names) != 1+catalog.MaxFields || names[0] != "id" || names[1] != "f.0" || names[1000] != "f.999" {
		t.Errorf("%d columns: %.3s …", len(names), names)
	}
}

// TestWideGrows adds fields of all types to a family, until and after its
// rows are full.
func TestWideGrows(t *testing.T) {
	fx := newFixture(t, 1)
	values := map[string]string{
		"string": `"a \"quoted\" 😀 text"`, "int": "-9223372036854775808", "float": "0.1", "bool": "true",
		"timestamp": `"2024-02-29T23:59:59.999999Z"`, "json": `{"k":[1,"two",null]}`,
	}
	f := &family{name: "grows"}
	var previous []string
	for step := range 6 {
		var members []string
		for typ, value := range values {
			for i := range 25 {
				name := fmt.Sprintf("%s_%d_%d", typ, step, i)
				parsed, _ := catalog.ParseFieldType(typ)
				f.fields = append(f.fields, catalog.Field{Name: name, Type: parsed})
				members = append(members, fmt.Sprintf("%q:%s", name, value))
			}
		}
		line := "{" + strings.Join(append(members, previous...), ",") + "}"
		event := map[string]any{}
		readJSON(t, []byte(line), &event)
		f.lines = append(f.lines, []byte(line))
		f.events = append(f.events, event)
		previous = members
		fx.put(t, string(f.request(step, step+1)))
	}
	if table, _ := fx.catalog.Snapshot().Table("grows"); table.Groups() < 5 {
		t.Fatalf("only %d groups", table.Groups())
	}
	compare(t, fx, f)
	compareRaw(t, fx, f)
}

// TestLongNames goes to the edge of what MariaDB's table definitions hold:
// the catalog must refuse what the server would.
func TestLongNames(t *testing.T) {
	fx := newFixture(t, 1)
	for _, tt := range []struct {
		typ  string
		n    int
		name int
		fits bool
	}{
		{"string", 1000, 11, true}, {"string", 1000, 12, false}, {"int", 1000, 35, true}, {"int", 1000, 36, false},
		{"bool", 1000, 64, false}, {"json", 600, 12, true}, {"json", 600, 13, false}, {"json", 1000, 4, false},
	} {
		var fields []string
		for i := range tt.n {
			fields = append(fields, fmt.Sprintf(`"%0*d":"%s"`, tt.name, i, tt.typ))
		}
		family := fmt.Sprintf("%s_%d_%d", tt.typ, tt.n, tt.name)
		_, err := fx.Put(t.Context(), []byte(`{"family":"`+family+`","schema":{`+strings.Join(fields, ",")+`},"logs":[{}]}`))
		tooMany, refused := errors.AsType[*catalog.TooManyColumnsError](err)
		if refused == tt.fits || refused && !tooMany.LongNames || !refused && err != nil {
			t.Errorf("%s: %v", family, err)
		}
	}
}
