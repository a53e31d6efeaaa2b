package ingest

import (
	"fmt"
	"testing"
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
