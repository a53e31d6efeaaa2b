package tables

import (
	"fmt"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// texts is a table of so many texts with names of 11 characters, of which the
// first 163 are stored as such.
func texts(n int) *catalog.Table {
	var columns []catalog.Column
	for i := range n {
		c := catalog.Column{Name: fmt.Sprintf("T%010d", i), Type: catalog.Text}
		if i >= 163 {
			c.Group = 1 + (i-163)/64
		}
		columns = append(columns, c)
	}
	return tableOf(5, "texts", columns...)
}

// spelled is what there is of a table whose first grouped texts are unquoted.
func spelled(t *catalog.Table, unquoted int) existing {
	now := existing{"id": ""}
	for i, name := range groupedTexts(t) {
		now[name] = "json_value(`#1`,'$.a')"
		if i < unquoted {
			now[name] = "json_unquote(json_extract(`#1`,'$.a'))"
		}
	}
	return now
}

func TestUnquotedTexts(t *testing.T) {
	const all = 837 // grouped ones of 1,000
	for _, tt := range []struct {
		what, version string
		columns       int
		now           existing
		want          int // unquoted; -1: too many columns
	}{
		{"a new table", "10.11.14-MariaDB", 300, existing{}, 137},
		{"a new table, the largest with room for all", "10.11.14-MariaDB", 853, existing{}, 690},
		{"a new table, as large as can be", "10.11.14-MariaDB", 1000, existing{}, 40},
		{"an older table", "10.11.14-MariaDB", 300, spelled(texts(300), 0), 137},
		{"a table that grows", "10.11.14-MariaDB", 853, spelled(texts(300), 137), 690},
		{"a table that grows large", "10.11.14-MariaDB", 900, spelled(texts(300), 137), 484},
		{"a table that grows beyond the room", "10.11.14-MariaDB", 1000, spelled(texts(853), 690), -1},
		{"a server that was mended", "10.11.15-MariaDB", 300, spelled(texts(300), 137), 137},
		{"a mended server that needs the room", "10.11.15-MariaDB", 1000, spelled(texts(853), 690), 0},
		{"a server without the bug", "10.11.13-MariaDB", 300, existing{}, 0},
		{"MySQL", "8.4.3", 300, existing{}, 0},
	} {
		table := texts(tt.columns)
		unquoted, err := dialect{server.Parse(tt.version), server.Collation}.unquoted(table, tt.now)
		if tt.want < 0 {
			if fault.CodeOf(err) != fault.TooManyColumns {
				t.Errorf("%s: %v", tt.what, err)
			}
			continue
		}
		if err != nil || len(unquoted) != tt.want {
			t.Errorf("%s: %d are unquoted, want %d; %v", tt.what, len(unquoted), tt.want, err)
		}
		for i, name := range groupedTexts(table) {
			if unquoted[name] != (i < tt.want) {
				t.Errorf("%s: %s, the %dth, is out of order", tt.what, name, i)
				break
			}
		}
	}
	if n := len(groupedTexts(texts(1000))); n != all {
		t.Errorf("%d grouped texts", n)
	}
}

// TestMendedServer fills a table, as a server that loses empty strings has it,
// once the server doesn't any more: all fields that the catalog accepts fit.
func TestMendedServer(t *testing.T) {
	f := newFixture(t)
	sh, info, err := f.server(t.Context(), "s0")
	if err != nil {
		t.Fatal(err)
	}
	if !info.HasJSONValue() {
		t.Skipf("%s reads all texts alike", info)
	}
	conn, err := sh.Write().Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	before, mended := dialect{server.Parse("10.11.14-MariaDB"), server.Collation}, dialect{server.Parse("10.11.15-MariaDB"), server.Collation}
	unquoted, err := before.unquoted(texts(853), existing{})
	if err != nil {
		t.Fatal(err)
	}
	f.exec(t, before.createTable(texts(853), first, unquoted), "INSERT INTO texts (`#1`) VALUES ('{\""+Member(164)+"\":\"x\"}')")
	s := &session{shard: "s0", conn: conn, dialect: mended}
	if err := s.complete(t.Context(), texts(1000)); err != nil {
		t.Fatal(err)
	}
	now, _, err := s.respell(t.Context(), texts(1000))
	if err != nil || len(now) != 1001+texts(1000).Groups() {
		t.Errorf("%d columns: %v", len(now), err)
	}
	for _, name := range groupedTexts(texts(1000)) {
		if now.unquoted(name) {
			t.Errorf("%s is unquoted", name)
		}
	}
	if got := localtest.Value[string](t, f.db, "SELECT T0000000163 FROM texts"); got != "x" {
		t.Errorf("got %q", got)
	}
}
