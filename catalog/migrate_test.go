package catalog_test

import (
	"errors"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

func TestOpenAgain(t *testing.T) {
	d := newDatabase(t)
	first := d.open(t, catalog.Config{})
	addShards(t, first, 1)
	second := d.open(t, catalog.Config{})
	if first.ID() == "" || first.ID() != second.ID() {
		t.Errorf("identities %q and %q", first.ID(), second.ID())
	}
	if got := len(second.Snapshot().Shards()); got != 1 {
		t.Errorf("%d shards", got)
	}
	if other := newDatabase(t).open(t, catalog.Config{}); other.ID() == first.ID() {
		t.Error("two catalogs of one identity")
	}
}

// A migration that crashed anywhere is begun anew, over what it left.
func TestMigrateAgain(t *testing.T) {
	d := newDatabase(t)
	id := d.open(t, catalog.Config{}).ID()
	d.exec(t, "UPDATE meta SET schema_version = 0")
	d.exec(t, "DROP TABLE placements")
	c := d.open(t, catalog.Config{DDL: newFakeShards(t)})
	if c.ID() != id {
		t.Errorf("identity %q, was %q", c.ID(), id)
	}
	addShards(t, c, 1)
	ensure(t, c, "dogs", text("name")...)
}

func TestNewerSchema(t *testing.T) {
	d := newDatabase(t)
	d.open(t, catalog.Config{})
	d.exec(t, "UPDATE meta SET schema_version = ?", catalog.SchemaVersion+1)
	if _, err := catalog.Open(t.Context(), d.DB, catalog.Config{}); !errors.Is(err, catalog.ErrNewerSchema) {
		t.Errorf("open: %v, want ErrNewerSchema", err)
	}
}

// A catalog of the first version keeps what it has.
func TestMigrateFirstVersion(t *testing.T) {
	d, shards := newDatabase(t), newFakeShards(t)
	c := d.open(t, catalog.Config{DDL: shards})
	addShards(t, c, 2)
	ensure(t, c, "dogs", text("name")...)
	for _, statement := range []string{
		"ALTER TABLE placements DROP COLUMN state", "ALTER TABLE shards DROP COLUMN since",
		"DROP TABLE sizes", "DROP TABLE `indexes`", "UPDATE meta SET schema_version = 1",
	} {
		d.exec(t, statement)
	}
	c = d.open(t, catalog.Config{DDL: shards})
	shards.check(t, c.Snapshot(), "dogs", "name")
	if w := c.Snapshot().Writable(mustTable(t, c.Snapshot(), "dogs")); len(w) != 1 || w[0].Fresh {
		t.Errorf("takes rows on %+v", w)
	}
	spread(t, c, "dogs", 2)
	addIndex(t, c, "dogs", "name")
	shards.check(t, c.Snapshot(), "dogs", "name")
}
