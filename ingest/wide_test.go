package ingest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/shard"
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
	each := 25
	if fx.plainRows(t) {
		each = 3 // a column of its own takes that server a quarter of a second
	}
	var previous []string
	for step := range 6 {
		var members []string
		for typ, value := range values {
			for i := range each {
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
	if table, _ := fx.catalog.Snapshot().Table("grows"); fx.plainRows(t) != (table.Groups() == 0) || !fx.plainRows(t) && table.Groups() < 5 {
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
		fits := tt.fits || tt.typ != "bool" && fx.plainRows(t) // no virtual column's expression takes room
		if refused == fits || refused && !tooMany.LongNames || !refused && err != nil {
			t.Errorf("%s: %v", family, err)
		}
	}
}

// TestEmptyStrings stores an empty string in every field of a wide family that
// grows, in columns of its own and in hidden ones.
func TestEmptyStrings(t *testing.T) {
	fx := newFixture(t, 1)
	f := &family{name: "empty"}
	each := 150
	if fx.plainRows(t) {
		each = 15 // as in TestWideGrows
	}
	for step := range 3 {
		var members []string
		for i := range each {
			f.fields = append(f.fields, catalog.Field{Name: fmt.Sprintf("f_%d_%d", step, i), Type: catalog.Text})
		}
		event := map[string]any{}
		for _, field := range f.fields {
			event[field.Name] = ""
			members = append(members, fmt.Sprintf("%q:%q", field.Name, ""))
		}
		f.events = append(f.events, event)
		f.lines = append(f.lines, []byte("{"+strings.Join(members, ",")+"}"))
		fx.put(t, string(f.request(step, step+1)))
	}
	compare(t, fx, f)
	compareRaw(t, fx, f)
}

// TestLostEmptyString stores empty strings in a family that fills the table's
// definition. A server that loses them there has no room to keep all: the
// others are refused, and nothing else is.
func TestLostEmptyString(t *testing.T) {
	fx := newFixture(t, 1)
	var fields []string
	for i := range catalog.MaxFields {
		fields = append(fields, fmt.Sprintf(`"%011d":"string"`, i))
	}
	put := func(events string) error {
		_, err := fx.Put(t.Context(), []byte(`{"family":"full","schema":{`+strings.Join(fields, ",")+`},"logs":[`+events+`]}`))
		return err
	}
	if err := put(`{"00000000000":"","00000000200":"","00000000999":null},{"00000000999":"x"}`); err != nil {
		t.Fatal(err)
	}
	sh, _ := fx.shards.Shard("s0")
	info, err := sh.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	mended, loses := info.LosesEmptyText()
	err = put(`{"00000000999":"x"},{"00000000001":"","00000000999":"","00000000998":""}`)
	want := [][]string{{"", "", "NULL"}, {"NULL", "NULL", "x"}}
	if !loses {
		want = append(want, []string{"NULL", "NULL", "x"}, []string{"NULL", "NULL", ""})
	}
	if invalid, refused := errors.AsType[*InvalidError](err); refused != loses || !refused && err != nil {
		t.Errorf("%s: %v", info, err)
	} else if refused {
		e := invalid.Errors[0]
		if invalid.Total != 2 || e.Event != 1 || e.Field != "00000000999" || e.Code != fault.EmptyString ||
			!strings.Contains(e.Detail, info.String()) || !strings.Contains(e.Detail, mended) || !strings.Contains(e.Detail, "MDEV-37428") {
			t.Errorf("refused %d: %+v", invalid.Total, e)
		}
	}
	if got := fx.texts(t, "full", "SELECT `00000000000`, `00000000200`, `00000000999` FROM full ORDER BY id"); !reflect.DeepEqual(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}

// elsewhere asks a shard that doesn't exist.
type elsewhere struct{ Tables }

func (e elsewhere) Loss(ctx context.Context, _ string, t *catalog.Table) (tables.Loss, error) {
	return e.Tables.Loss(ctx, "gone", t)
}

// TestLossUnknown has a shard that can't be asked: only what might be lost there
// is kept from being stored.
func TestLossUnknown(t *testing.T) {
	fx := newFixture(t, 1, func(c *Config) { c.Tables = elsewhere{c.Tables} })
	if fx.plainRows(t) {
		t.Skip("SKIPPED: nothing is ever lost of rows without hidden columns")
	}
	schema := `{"family":"wide","schema":{` + fillers() + `,"v":"string","w":"timestamp"},"logs":`
	fx.put(t, schema+`[{"v":"x","string_0":""},{"v":null},{"w":"2024-01-02T03:04:05Z"}]}`)
	if _, err := fx.Put(t.Context(), []byte(schema+`[{"v":"x"},{"v":""}]}`)); !errors.Is(err, shard.ErrUnknown) {
		t.Errorf("an empty string: %v", err)
	}
	if n := fx.count(t, "wide", "wide"); n != 3 {
		t.Errorf("%d rows", n)
	}
}

// TestGrowsBeyondRoom adds fields to a family in whose definition a server that
// loses empty strings has no room for them. It goes on with those that it has.
func TestGrowsBeyondRoom(t *testing.T) {
	fx := newFixture(t, 1)
	if fx.plainRows(t) {
		t.Skip("SKIPPED: nothing is ever lost of rows without hidden columns")
	}
	put := func(n int, event string) error {
		var fields []string
		for i := range n {
			fields = append(fields, fmt.Sprintf(`"%011d":"string"`, i))
		}
		_, err := fx.Put(t.Context(), []byte(`{"family":"grown","schema":{`+strings.Join(fields, ",")+`},"logs":[`+event+`]}`))
		return err
	}
	if err := put(850, `{"00000000849":""}`); err != nil {
		t.Fatal(err)
	}
	sh, _ := fx.shards.Shard("s0")
	info, err := sh.Server(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, loses := info.LosesEmptyText()
	if err := put(1000, `{}`); (fault.CodeOf(err) == fault.TooManyColumns) != loses || !loses && err != nil {
		t.Errorf("%s: %v", info, err)
	}
	if err := put(850, `{"00000000200":"x","00000000849":""}`); err != nil {
		t.Errorf("with the fields that there are: %v", err)
	}
	if got := fx.texts(t, "grown", "SELECT COUNT(*) FROM grown WHERE `00000000849` = ''"); !reflect.DeepEqual(got, [][]string{{"2"}}) {
		t.Errorf("empty strings: %v", got)
	}
}
