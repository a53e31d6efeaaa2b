package store_test

import (
	"errors"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/store"
)

func TestOpenAgain(t *testing.T) {
	d := newDatabase(t)
	first := d.open(t, store.Config{})
	addShards(t, first, 1)
	second := d.open(t, store.Config{})
	if first.ID() == "" || first.ID() != second.ID() {
		t.Errorf("identities %q and %q", first.ID(), second.ID())
	}
	if got := len(second.Snapshot().Shards()); got != 1 {
		t.Errorf("%d shards", got)
	}
	if other := newDatabase(t).open(t, store.Config{}); other.ID() == first.ID() {
		t.Error("two catalogs of one identity")
	}
}

// A migration that crashed anywhere is begun anew, over what it left.
func TestMigrateAgain(t *testing.T) {
	d := newDatabase(t)
	id := d.open(t, store.Config{}).ID()
	d.exec(t, "UPDATE meta SET schema_version = 0")
	d.exec(t, "DROP TABLE placements")
	c := d.open(t, store.Config{DDL: newFakeShards(t)})
	if c.ID() != id {
		t.Errorf("identity %q, was %q", c.ID(), id)
	}
	addShards(t, c, 1)
	ensure(t, c, "dogs", text("name")...)
}

func TestNewerSchema(t *testing.T) {
	d := newDatabase(t)
	d.open(t, store.Config{})
	d.exec(t, "UPDATE meta SET schema_version = ?", store.SchemaVersion+1)
	if _, err := store.Open(t.Context(), d.DB, store.Config{}); !errors.Is(err, catalog.ErrNewerSchema) {
		t.Errorf("open: %v, want ErrNewerSchema", err)
	}
}

// A catalog of the first version keeps what it has.
func TestMigrateFirstVersion(t *testing.T) {
	d, shards, c := newCatalog(t, 2)
	ensure(t, c, "dogs", text("name")...)
	for _, statement := range []string{
		"ALTER TABLE placements DROP COLUMN state", "ALTER TABLE shards DROP COLUMN since",
		"DROP TABLE sizes", "DROP TABLE `indexes`", "UPDATE meta SET schema_version = 1",
	} {
		d.exec(t, statement)
	}
	c = d.open(t, store.Config{DDL: shards})
	shards.check(t, c.Snapshot(), "dogs", "name")
	if w := c.Snapshot().Writable(mustTable(t, c.Snapshot(), "dogs")); len(w) != 1 || w[0].Fresh {
		t.Errorf("takes rows on %+v", w)
	}
	spread(t, c, "dogs", 2)
	addIndex(t, c, "dogs", "name")
	shards.check(t, c.Snapshot(), "dogs", "name")
}
