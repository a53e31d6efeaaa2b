package proxy

import (
	"errors"
	"testing"
)

// TestUnknownIndex: a hint that names an index which the table lacks is the
// query's own mistake, on every server.
func TestUnknownIndex(t *testing.T) {
	f := newFixture(t, 1)
	f.Exec(t, 0, "CREATE TABLE t (id INT PRIMARY KEY)")
	for _, hint := range []string{"USE", "FORCE", "IGNORE"} {
		_, _, err := f.run(t, single("SELECT id FROM t "+hint+" INDEX (missing)"), 0)
		if query := (*QueryError)(nil); !errors.As(err, &query) || query.Server.Number != 1176 {
			t.Errorf("%s INDEX: %v", hint, err)
		}
	}
}
