package tables

import (
	"errors"
	"reflect"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

var _ store.DDL = (*Families)(nil)

func tableOf(id int64, name string, columns ...catalog.Column) *catalog.Table {
	t := &catalog.Table{ID: id, Name: name, Kind: catalog.Family, Columns: []catalog.Column{{Name: "id", Type: catalog.Int}}}
	for i, c := range columns {
		c.Position, c.Nullable = i+1, true
		t.Columns = append(t.Columns, c)
	}
	return t
}

var first = catalog.Placement{Shard: "s0"}

func TestCreateTableAgain(t *testing.T) {
	f := newFixture(t)
	a := catalog.Column{Name: "a", Type: catalog.Text}
	b := catalog.Column{Name: "b", Type: catalog.JSON}
	c := catalog.Column{Name: "c", Type: catalog.Int, Group: 1}
	for range 2 {
		if err := f.CreateTable(t.Context(), "s0", tableOf(5, "x", a), catalog.Placement{Number: 3}); err != nil {
			t.Fatal(err)
		}
	}
	f.exec(t, "INSERT INTO x (a) VALUES ('first')")
	// As after a crash: some columns are there, others not.
	for range 2 {
		if err := f.CreateTable(t.Context(), "s0", tableOf(5, "x", a, b), catalog.Placement{Number: 3}); err != nil {
			t.Fatal(err)
		}
		if err := f.AddColumns(t.Context(), "s0", tableOf(5, "x", a, b, c), []catalog.Column{c}); err != nil {
			t.Fatal(err)
		}
	}
	got := f.texts(t, "SELECT id, a, b, c FROM x")
	if !reflect.DeepEqual(got, [][]string{{"3298534883329", "first", "NULL", "NULL"}}) {
		t.Errorf("rows %v", got)
	}
}

// indexNames returns the names of a table's indexes but the key's, in order.
func (f *fixture) indexNames(t *testing.T, table string) (names []string) {
	for _, row := range f.texts(t, `SELECT DISTINCT index_name FROM information_schema.statistics
		WHERE table_schema = DATABASE() AND table_name = ? AND index_name <> 'PRIMARY' ORDER BY 1`, table) {
		names = append(names, row[0])
	}
	return names
}

// TestIndexAgain repeats each change of an index, from whatever is there.
func TestIndexAgain(t *testing.T) {
	f := newFixture(t)
	mine := tableOf(5, "x", catalog.Column{Name: "a", Type: catalog.Text}, catalog.Column{Name: "b-c", Type: catalog.Int},
		catalog.Column{Name: "d", Type: catalog.Timestamp})
	a, both := catalog.Index{Columns: []string{"a"}}, catalog.Index{Columns: []string{"b-c", "a", "d", "id"}}
	if err := f.AddIndex(t.Context(), "s0", mine, a); err == nil {
		t.Error("an index of a missing table")
	}
	if err := f.DropIndex(t.Context(), "s0", mine, a); err != nil {
		t.Errorf("drop from a missing table: %v", err)
	}
	mine.Indexes = []catalog.Index{a}
	for range 2 {
		if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
			t.Fatal(err)
		}
	}
	if got := f.indexNames(t, "x"); !reflect.DeepEqual(got, []string{"ix_1"}) {
		t.Errorf("created with the indexes %v", got)
	}
	for range 2 {
		if err := f.AddIndex(t.Context(), "s0", mine, both); err != nil {
			t.Fatal(err)
		}
	}
	mine.Indexes = append(mine.Indexes, both, catalog.Index{Columns: []string{"d"}})
	if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil { // as after a crash
		t.Fatal(err)
	}
	if got := f.indexNames(t, "x"); !reflect.DeepEqual(got, []string{"ix_1", "ix_2_1_3_0", "ix_3"}) {
		t.Errorf("indexes %v", got)
	}
	for range 2 {
		if err := f.DropIndex(t.Context(), "s0", mine, a); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.DropIndex(t.Context(), "s0", tableOf(6, "x", mine.Columns[1:]...), both); err != nil {
		t.Errorf("drop from another life's table: %v", err)
	}
	if got := f.indexNames(t, "x"); !reflect.DeepEqual(got, []string{"ix_2_1_3_0", "ix_3"}) {
		t.Errorf("indexes left: %v", got)
	}
	if err := f.AddIndex(t.Context(), "s0", tableOf(6, "x", mine.Columns[1:]...), a); !errors.Is(err, catalog.ErrNameTaken) {
		t.Errorf("an index of another life's table: %v", err)
	}
}

// TestLargestIndex has as many texts as an index may have, in a table with
// generated columns.
func TestLargestIndex(t *testing.T) {
	f := newFixture(t)
	var columns []catalog.Column
	var largest, refused catalog.Index
	for i := range 2 * catalog.MaxIndexColumns {
		name := string(rune('a' + i))
		columns = append(columns, catalog.Column{Name: name, Type: catalog.Text})
		if i < catalog.MaxIndexColumns {
			largest.Columns = append(largest.Columns, name)
		}
		refused.Columns = append(refused.Columns, name)
	}
	mine := tableOf(5, "x", append(columns, catalog.Column{Name: "hidden", Type: catalog.Text, Group: 1})...)
	if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
		t.Fatal(err)
	}
	f.exec(t, "INSERT INTO x (a, `#1`) VALUES (REPEAT('x', 200), '{\"v\":\"y\"}')")
	if err := f.AddIndex(t.Context(), "s0", mine, largest); err != nil {
		t.Error(err)
	}
	if err := f.AddIndex(t.Context(), "s0", mine, refused); !errors.Is(err, catalog.ErrIndexRefused) {
		t.Errorf("an index of %d texts: %v", len(refused.Columns), err)
	}
	if got := f.indexNames(t, "x"); len(got) != 1 {
		t.Errorf("indexes %v", got)
	}
}

func TestForeignTable(t *testing.T) {
	f := newFixture(t)
	f.exec(t, "CREATE TABLE x (a INT)", "INSERT INTO x VALUES (1)")
	mine := tableOf(5, "x", catalog.Column{Name: "b", Type: catalog.Text})
	for what, err := range map[string]error{
		"create": f.CreateTable(t.Context(), "s0", mine, first),
		"add":    f.AddColumns(t.Context(), "s0", mine, nil),
	} {
		if !errors.Is(err, catalog.ErrNameTaken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := f.DropTable(t.Context(), "s0", mine, first); err != nil {
		t.Error(err)
	}
	if got := f.texts(t, "SELECT * FROM x"); !reflect.DeepEqual(got, [][]string{{"1"}}) {
		t.Errorf("the foreign table holds %v", got)
	}
	if err := f.AddColumns(t.Context(), "s0", tableOf(6, "missing"), nil); err == nil {
		t.Error("columns were added to a table that doesn't exist")
	}
}

// TestDropTable repeats a drop from each point at which it may have ended.
func TestDropTable(t *testing.T) {
	f := newFixture(t)
	mine := tableOf(5, "x", catalog.Column{Name: "a", Type: catalog.Text})
	newer := tableOf(6, "x", catalog.Column{Name: "a", Type: catalog.Text})
	for point, ended := range map[string][]string{
		"start":      nil,
		"fenced":     {fenceTable(mine)},
		"dropped":    {fenceTable(mine), dropTable(mine)},
		"everything": {fenceTable(mine), dropTable(mine), "DELETE FROM raw_logs WHERE family = 'x'"},
	} {
		t.Run(point, func(t *testing.T) {
			if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
				t.Fatal(err)
			}
			f.exec(t, "INSERT INTO raw_logs (family, log) VALUES ('x','{}'),('x','{}'),('y','{}')")
			f.exec(t, ended...)
			for range 2 {
				if err := f.DropTable(t.Context(), "s0", mine, first); err != nil {
					t.Fatal(err)
				}
			}
			left := f.texts(t, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"+
				" AND (table_name = 'x' OR table_name LIKE '%drop%')")
			if len(left) > 0 {
				t.Errorf("tables %v", left)
			}
			if got := f.texts(t, "SELECT DISTINCT family FROM raw_logs"); !reflect.DeepEqual(got, [][]string{{"y"}}) {
				t.Errorf("raw logs of %v", got)
			}
		})
	}
	if err := f.CreateTable(t.Context(), "s0", newer, first); err != nil {
		t.Fatal(err)
	}
	if err := f.DropTable(t.Context(), "s0", mine, first); err != nil {
		t.Fatal(err)
	}
	if n := localtest.Value[int](t, f.db, "SELECT COUNT(*) FROM x"); n != 0 {
		t.Errorf("the newer family's table has %d rows", n)
	}
}

func TestManyRawLogsDropped(t *testing.T) {
	f := newFixture(t)
	mine := tableOf(5, "x")
	f.exec(t, "INSERT INTO raw_logs (family, log) VALUES ('x','{}'),('x','{}'),('y','{}')")
	for range 12 {
		f.exec(t, "INSERT INTO raw_logs (family, log) SELECT family, log FROM raw_logs")
	}
	if err := f.DropTable(t.Context(), "s0", mine, first); err != nil {
		t.Fatal(err)
	}
	if got := f.texts(t, "SELECT family, COUNT(*) FROM raw_logs GROUP BY family"); !reflect.DeepEqual(got, [][]string{{"y", "4096"}}) {
		t.Errorf("raw logs left: %v", got)
	}
}

// TestBusyTable holds a table in a transaction: no change may wait for it for
// long, as all users would queue behind.
func TestBusyTable(t *testing.T) {
	if b := localtest.Backend(t); b.Vendor == server.TiDB {
		t.Skipf("SKIPPED: a schema change of %s waits for transactions however long they take", b)
	}
	f := newFixture(t)
	mine := tableOf(5, "x", catalog.Column{Name: "a", Type: catalog.Text})
	if err := f.CreateTable(t.Context(), "s0", mine, first); err != nil {
		t.Fatal(err)
	}
	reader := f.read(t, "x")
	wider := tableOf(5, "x", mine.Columns[1], catalog.Column{Name: "b", Type: catalog.Int})
	for what, err := range map[string]error{
		"add":   f.AddColumns(t.Context(), "s0", wider, nil),
		"index": f.AddIndex(t.Context(), "s0", mine, catalog.Index{Columns: []string{"a"}}),
		"drop":  f.DropTable(t.Context(), "s0", mine, first),
	} {
		if !errors.Is(err, catalog.ErrBusy) {
			t.Errorf("%s: %v", what, err)
		}
	}
	reader.Rollback()
	if err := f.AddColumns(t.Context(), "s0", wider, nil); err != nil {
		t.Errorf("after the transaction: %v", err)
	}
	for range 8 { // each of the pool's connections has its own setting back
		var wait string
		sh, _ := f.set.Shard("s0")
		if err := sh.Write().QueryRow("SELECT @@lock_wait_timeout").Scan(&wait); err != nil || wait == lockWait {
			t.Errorf("lock_wait_timeout %s: %v", wait, err)
		}
	}
}
