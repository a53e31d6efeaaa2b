package store_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
	"github.com/kolide/databalancer/server"
)

var update = flag.Bool("update", false, "write what is in testdata")

// fixture names a file of testdata/upgrade. There are three of a version of the
// schema: a catalog that a program of that version has made (.sql), what a
// program of that version sends (.session.sql), and what this program sees in
// the first (.golden). Of the first two only those of this version are ever
// written.
func fixture(version int, suffix string) string {
	return fmt.Sprintf("testdata/upgrade/v%d%s", version, suffix)
}

// versions are those that have fixtures: not the second, of which there was
// never a program.
func versions(t *testing.T) (versions []int) {
	t.Helper()
	for v := 1; v <= store.SchemaVersion; v++ {
		if _, err := os.Stat(fixture(v, ".sql")); err == nil {
			versions = append(versions, v)
		} else if v != 2 {
			t.Errorf("version %d of the schema has no fixture: go test ./catalog/store -update makes this program's", v)
		}
	}
	return versions
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v: go test ./catalog/store -update", err)
	}
	return string(text)
}

// golden compares with a file, or writes it.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if want := readFile(t, path); got != want {
		t.Errorf("%s: %s", path, firstDifference(got, want))
	}
}

func firstDifference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is\n%s\nnot\n%s", i+1, a[i], b[i])
		}
	}
	return fmt.Sprintf("%d lines, not %d", len(a), len(b))
}

// onMariaDB reports whether the server is one whose spelling of tables and
// numbering of rows the files have.
func onMariaDB(t *testing.T, d *database) bool {
	t.Helper()
	return server.Parse(query(t, d.DB, "SELECT VERSION()")[0][0].String).Vendor == server.MariaDB
}

// What this program writes is what its version of the schema stands for: who
// writes something else makes a new version (docs/catalog.md).
func TestFixture(t *testing.T) {
	d := newDatabase(t)
	fill(t, d)
	if onMariaDB(t, d) {
		golden(t, fixture(store.SchemaVersion, ".sql"), dump(t, d))
	}
	if t.Failed() {
		t.Logf("this program writes a catalog other than its version of the schema, %d, stands for: that makes a new version", store.SchemaVersion)
	}
}

// A catalog of any version is what it was, and what was left unfinished in it
// is finished.
func TestUpgrade(t *testing.T) {
	for _, version := range versions(t) {
		t.Run(fmt.Sprintf("v%d", version), func(t *testing.T) {
			d, shards := newDatabase(t), newFakeShards(t)
			load(t, d, readFile(t, fixture(version, ".sql")))
			c := d.open(t, store.Config{DDL: shards, Grace: time.Nanosecond})
			for table := range c.Snapshot().Tables {
				shards.have(t, table)
			}
			opened := "As it is opened\n\n" + describe(c)
			sweep, open := c.Sweeper(), c.Opener()
			for range 4 {
				sweep(t.Context())
				open(t.Context())
				refresh(t, c)
			}
			if left := c.Unfinished(); len(left) > 0 {
				t.Errorf("unfinished: %v", left)
			}
			golden(t, fixture(version, ".golden"), opened+"\nOnce all is finished\n\n"+describe(c))
			for table := range c.Snapshot().Tables {
				if table.Kind == catalog.Family {
					ensure(t, c, table.Name, text("later")...)
					shards.check(t, c.Snapshot(), table.Name, append(columnNames(table)[1:], "later")...)
				}
			}
		})
	}
}

// describe returns a snapshot as text, and the names of the families that
// someone must finish.
func describe(c *store.Store) string {
	var text strings.Builder
	s := c.Snapshot()
	fmt.Fprintf(&text, "collation: %s\n", c.Collation())
	for _, shard := range s.Shards() {
		fmt.Fprintf(&text, "%+v\n", shard)
	}
	raw, _ := s.Table(catalog.RawLogs)
	describeTable(&text, raw)
	for table := range s.Tables {
		describeTable(&text, table)
	}
	fmt.Fprintf(&text, "unfinished: %s\n", strings.Join(c.Unfinished(), " "))
	return text.String()
}

func describeTable(text *strings.Builder, t *catalog.Table) {
	fmt.Fprintf(text, "%s %s %d %s\n", t.Kind, t.Name, t.ID, t.Database)
	for _, p := range t.Placements {
		fmt.Fprintf(text, "  %+v\n", p)
	}
	for _, c := range t.Columns {
		fmt.Fprintf(text, "  %+v\n", c)
	}
	for _, ix := range t.Indexes {
		fmt.Fprintf(text, "  {Columns:%v}\n", ix.Columns)
	}
	for _, s := range t.Shadows {
		fmt.Fprintf(text, "  %+v\n", s)
	}
}
