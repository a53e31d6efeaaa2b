package tables

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// older makes a table as servers without the bug have it, with a row of empty
// strings. It returns whether its server loses them.
func (f *fixture) older(t *testing.T) (table *catalog.Table, loses bool) {
	t.Helper()
	_, info, err := f.server(t.Context(), "s0")
	if err != nil {
		t.Fatal(err)
	}
	if !info.HasJSONValue() {
		t.Skipf("%s reads all texts alike", info)
	}
	table = tableOf(5, "x", catalog.Column{Name: "a", Type: catalog.Text}, catalog.Column{Name: "h", Type: catalog.Text, Group: 1},
		catalog.Column{Name: "I", Type: catalog.Text, Group: 1}, catalog.Column{Name: "n", Type: catalog.Int, Group: 1})
	f.exec(t, dialect{server.Parse("10.11.13-MariaDB"), server.Collation}.createTable(table, first, nil),
		"INSERT INTO x (a, `#1`) VALUES ('', '{\"c\":\"\",\"d\":\"\"}')")
	_, loses = info.LosesEmptyText()
	return table, loses
}

// shows checks what the row is.
func (f *fixture) shows(t *testing.T, when, h, i string) {
	t.Helper()
	if got := f.texts(t, "SELECT a, h, i FROM x"); !reflect.DeepEqual(got, [][]string{{"", h, i}}) {
		t.Errorf("%s: %q", when, got)
	}
}

// check looks at what would be lost.
func (f *fixture) check(t *testing.T, when string, table *catalog.Table, want ...string) {
	t.Helper()
	loss, err := f.Loss(t.Context(), "s0", table)
	if err != nil {
		t.Errorf("%s: %v", when, err)
	}
	var lost []string
	for _, c := range table.Columns {
		if loss.Has(c.Name) {
			lost = append(lost, c.Name)
		}
	}
	if !reflect.DeepEqual(lost, want) {
		t.Errorf("%s: %v are lost, want %v", when, lost, want)
	}
}

// TestLossEnds looks at a table of before, and adds columns to it.
func TestLossEnds(t *testing.T) {
	f := newFixture(t)
	table, loses := f.older(t)
	if loses {
		f.shows(t, "before", "NULL", "NULL")
	}
	f.check(t, "at first", table)
	f.shows(t, "looked at", "", "")
	wider := tableOf(5, "x", append(table.Columns[1:], catalog.Column{Name: "o", Type: catalog.Text, Group: 1})...)
	if err := f.AddColumns(t.Context(), "s0", wider, nil); err != nil {
		t.Fatal(err)
	}
	f.check(t, "with a new column", wider)
}

// TestLossWhenAltered adds a column to a table of before.
func TestLossWhenAltered(t *testing.T) {
	f := newFixture(t)
	table, _ := f.older(t)
	wider := tableOf(5, "x", append(table.Columns[1:], catalog.Column{Name: "o", Type: catalog.Text, Group: 1})...)
	if err := f.AddColumns(t.Context(), "s0", wider, nil); err != nil {
		t.Fatal(err)
	}
	f.shows(t, "altered", "", "")
}

// TestLossStays has an index that only its maker can have made: the loss stays,
// which keeps nobody from adding columns, until the index is gone.
func TestLossStays(t *testing.T) {
	f := newFixture(t)
	table, loses := f.older(t)
	if !loses {
		f.check(t, "a server without the bug", table)
		return
	}
	f.exec(t, "CREATE INDEX mine ON x (h(8))")
	f.check(t, "with an index", table, "h", "I")
	f.shows(t, "with an index", "NULL", "NULL")
	wider := tableOf(5, "x", append(table.Columns[1:], catalog.Column{Name: "o", Type: catalog.Text, Group: 1})...)
	if err := f.AddColumns(t.Context(), "s0", wider, nil); err != nil {
		t.Fatal(err)
	}
	f.check(t, "with an index and a new column", wider, "h", "I")
	f.exec(t, "DROP INDEX mine ON x")
	f.check(t, "looked at just before", wider, "h", "I")
	f.looks.of("s0", wider).at = time.Now().Add(-lookPeriod)
	f.check(t, "without the index", wider)
	f.shows(t, "without the index", "", "")
}

// TestLossUnknown looks at tables that can't be mended, or not even be seen.
func TestLossUnknown(t *testing.T) {
	f := newFixture(t)
	table, loses := f.older(t)
	f.check(t, "another family's table", tableOf(6, "x", table.Columns[1:]...))
	f.check(t, "a missing table", tableOf(7, "y", table.Columns[1:]...))
	f.read(t, "x")
	if loses {
		f.check(t, "a table in use", table, "h", "I")
	}
	loss, err := f.Loss(t.Context(), "s1", table)
	if !errors.Is(err, shard.ErrUnknown) || loss.Has("a") || !loss.Has("h") || !loss.Has("i") || loss.Has("n") {
		t.Errorf("of an unknown shard: %+v, %v", loss, err)
	}
}
