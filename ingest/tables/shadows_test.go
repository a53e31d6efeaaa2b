package tables

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// shadowedTable has a text and a timestamp, and shadows of both.
func shadowedTable() (t *catalog.Table, text, hour catalog.Shadow) {
	t = tableOf(5, "x", catalog.Column{Name: "a`b", Type: catalog.Text}, catalog.Column{Name: "at", Type: catalog.Timestamp})
	text = catalog.Shadow{Column: "a`b", Position: 1}
	hour = catalog.Shadow{Column: "at", Position: 2, Bucket: catalog.Hour}
	return t, text, hour
}

// columnNames returns the names of a table's columns, hidden ones included.
func (f *fixture) columnNames(t *testing.T) (names []string) {
	for _, row := range f.texts(t, `SELECT column_name FROM information_schema.columns
		WHERE table_schema = DATABASE() AND table_name = 'x' ORDER BY ordinal_position`) {
		names = append(names, row[0])
	}
	return names
}

// TestShadowAgain repeats each change of a shadow, from whatever is there.
func TestShadowAgain(t *testing.T) {
	f := newFixture(t)
	mine, text, hour := shadowedTable()
	if err := f.AddShadow(t.Context(), "s0", mine, text); err == nil {
		t.Error("a shadow in a missing table")
	}
	if err := f.DropShadow(t.Context(), "s0", mine, text); err != nil {
		t.Errorf("drop from a missing table: %v", err)
	}
	mine.Shadows = []catalog.Shadow{text}
	for range 2 {
		if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
			t.Fatal(err)
		}
		if err := f.AddShadow(t.Context(), "s0", mine, hour); err != nil {
			t.Fatal(err)
		}
	}
	f.exec(t, "ALTER TABLE x DROP INDEX sx_2h") // as after a crash
	if err := f.AddShadow(t.Context(), "s0", mine, hour); err != nil {
		t.Fatal(err)
	}
	if got := f.indexNames(t, "x"); !reflect.DeepEqual(got, []string{"sx_1t", "sx_2h"}) {
		t.Errorf("indexes %v", got)
	}
	f.exec(t, "INSERT INTO x (`a``b`, at) VALUES ('v', '2026-01-02 03:04:05.678')")
	if got := f.texts(t, "SELECT `#1t`, `#2h` FROM x"); !reflect.DeepEqual(got, [][]string{{"v", "2026-01-02 03:00:00.000000"}}) {
		t.Errorf("shadows %v", got)
	}
	if err := f.DropShadow(t.Context(), "s0", tableOf(6, "x", mine.Columns[1:]...), text); err != nil {
		t.Errorf("drop from another life's table: %v", err)
	}
	if f.dialect(t).DropsInSteps() { // as after a crash between the two
		f.exec(t, "ALTER TABLE x RENAME COLUMN `#1t` TO `#1tx`")
	}
	for range 2 {
		if err := f.DropShadow(t.Context(), "s0", mine, text); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.columnNames(t); slices.Contains(got, "#1t") || slices.Contains(got, "#1tx") || !slices.Contains(got, "#2h") {
		t.Errorf("columns %v", got)
	}
	if got := f.indexNames(t, "x"); !reflect.DeepEqual(got, []string{"sx_2h"}) {
		t.Errorf("indexes left: %v", got)
	}
	if err := f.AddShadow(t.Context(), "s0", tableOf(6, "x", mine.Columns[1:]...), text); !errors.Is(err, catalog.ErrNameTaken) {
		t.Errorf("a shadow in another life's table: %v", err)
	}
}

func (f *fixture) dialect(t *testing.T) server.Info {
	return server.Parse(f.texts(t, "SELECT VERSION()")[0][0])
}

// TestShadowRefusesWhatIsLonger has a server refuse texts that a shadow would
// cut, blanks at their end included, and a shadow refused where there is one.
func TestShadowRefusesWhatIsLonger(t *testing.T) {
	f := newFixture(t)
	mine, text, _ := shadowedTable()
	if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
		t.Fatal(err)
	}
	if err := f.AddShadow(t.Context(), "s0", mine, text); err != nil {
		t.Fatal(err)
	}
	longer := []string{strings.Repeat("x", 256), "x" + strings.Repeat(" ", 300), strings.Repeat("😀", 256), strings.Repeat(" ", 256)}
	insert := func(value string) error {
		_, err := f.db.Exec("INSERT INTO x (`a``b`) VALUES (?)", value)
		return err
	}
	for _, fits := range []string{"", strings.Repeat("😀", 255), "x" + strings.Repeat(" ", 254)} {
		if err := insert(fits); err != nil {
			t.Errorf("%d bytes: %v", len(fits), err)
		}
	}
	for _, value := range longer {
		if err := insert(value); !server.ClassOf(err).Has(server.Refused) {
			t.Errorf("%.5q…, of %d bytes: %v", value, len(value), err)
		}
	}
	if _, err := f.db.Exec("UPDATE x SET `a``b` = ?", longer[1]); !server.ClassOf(err).Has(server.Refused) {
		t.Errorf("a text that is made longer: %v", err)
	}
	if n := f.texts(t, "SELECT COUNT(*) FROM x WHERE NOT (`a``b` = `#1t` AND CHAR_LENGTH(`a``b`) = CHAR_LENGTH(`#1t`))")[0][0]; n != "0" {
		t.Errorf("%s shadows have another value than the text", n)
	}
	for _, value := range longer {
		if err := f.DropShadow(t.Context(), "s0", mine, text); err != nil {
			t.Fatal(err)
		}
		f.exec(t, "DELETE FROM x")
		if err := insert(value); err != nil {
			t.Fatal(err)
		}
		if err := f.AddShadow(t.Context(), "s0", mine, text); !errors.Is(err, catalog.ErrIndexRefused) {
			t.Errorf("a shadow beside %.5q…, of %d bytes: %v", value, len(value), err)
		}
	}
}

// TestRoomForShadows has a family of as many columns as are to leave room.
func TestRoomForShadows(t *testing.T) {
	f := newFixture(t)
	mine := widest(t)
	if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
		t.Fatal(err)
	}
	for i := range catalog.MaxShadows {
		s := catalog.Shadow{Column: mine.Columns[1+i].Name, Position: 1 + i}
		if mine.Columns[1+i].Type == catalog.Timestamp {
			s.Bucket = catalog.Minute
		}
		if err := f.AddShadow(t.Context(), "s0", mine, s); err != nil {
			t.Fatalf("shadow %d: %v", i, err)
		}
	}
}

// widest returns the table of most columns, with the longest names, that has
// room for shadows.
func widest(t *testing.T) *catalog.Table {
	l := catalog.NewLayout("x", nil, false)
	var columns []catalog.Column
	for i := 0; ; i++ {
		field := catalog.Field{Name: strings.Repeat("n", 61) + string(rune('a'+i/676)) + string(rune('a'+i/26%26)) + string(rune('a'+i%26)), Type: catalog.Text}
		if i%2 == 1 && i < catalog.MaxShadows {
			field.Type = catalog.Timestamp
		}
		c, _, err := l.Add(field)
		if err != nil {
			t.Fatal(err)
		}
		if !catalog.RoomForShadows(append(columns, c)) {
			return tableOf(5, "x", columns...)
		}
		columns = append(columns, c)
	}
}
