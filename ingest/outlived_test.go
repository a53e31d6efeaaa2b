package ingest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// TestDroppedBetweenRequests has a connection hold a statement for a table that
// another process drops, which TiDB will not run again. The next request, whose
// process does not know yet, creates the family anew.
func TestDroppedBetweenRequests(t *testing.T) {
	fx := newFixture(t, 1)
	dropper := fx.beside(t)
	for round := range 3 {
		fx.put(t, event(fmt.Sprint(round)))
		if got := fx.texts(t, "q", "SELECT v FROM q"); len(got) != 1 || got[0][0] != fmt.Sprint(round) {
			t.Errorf("stored %v in round %d", got, round)
		}
		if err := dropper.catalog.DropFamily(t.Context(), "q"); err != nil {
			t.Fatal(err)
		}
	}
	// Without the family's table, but with the family, it is the server's error
	// that tells, and not one of a statement that was prepared once.
	fx.put(t, event("x"))
	fx.exec(t, "q", "DROP TABLE q")
	if _, err := fx.Put(t.Context(), []byte(event("y"))); !isServerError(err, 1146) {
		t.Errorf("without a table: %v", err)
	}
}

// dropping is a catalog whose family others drop so often as soon as a request
// knows of it.
type dropping struct {
	Catalog
	drop  func(name string)
	times int
}

func (d *dropping) EnsureFamily(ctx context.Context, name string, fields []catalog.Field) (*catalog.Change, error) {
	change, err := d.Catalog.EnsureFamily(ctx, name, fields)
	if d.times--; d.times >= 0 {
		d.drop(name)
	}
	return change, err
}

func TestDroppedAgainAndAgain(t *testing.T) {
	var others *dropping
	fx := newFixture(t, 1, func(c *Config) {
		others = &dropping{Catalog: c.Catalog}
		c.Catalog = others
	})
	dropper := fx.beside(t)
	others.drop = func(name string) {
		if err := dropper.catalog.DropFamily(t.Context(), name); err != nil {
			t.Error(err)
		}
	}
	others.times = maxDeliveries - 1
	fx.put(t, event("x"))
	if got := fx.texts(t, "q", "SELECT v FROM q"); len(got) != 1 {
		t.Errorf("stored %v", got)
	}
	others.times = maxDeliveries
	if _, err := fx.Put(t.Context(), []byte(event("y"))); !errors.Is(err, ErrChanging) || fault.Of(err).Code != fault.TableBusy {
		t.Errorf("a family that is dropped in each attempt: %v", err)
	}
}
