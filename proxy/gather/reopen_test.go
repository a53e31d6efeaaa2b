package gather

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
)

// TestReopened names a WITH twice that reads a shipped table. The servers that
// cannot do that say so as a refusal, not as an error of the client's text.
func TestReopened(t *testing.T) {
	f := newFixture(t, 2)
	shop(t, f)
	const twice = "WITH c AS (SELECT id FROM t1) SELECT COUNT(*) AS n FROM c a JOIN c b ON a.id = b.id"
	got, err := f.run(t, gathering("s0", twice, shipping("s1", "t1", "SELECT id FROM customers", "id")))
	if fault.CodeOf(err) == fault.Unsupported {
		if !strings.Contains(err.Error(), "WITH more than once") {
			t.Error(err)
		}
	} else if err != nil || !slices.Equal(got.rows, []string{"4"}) {
		t.Errorf("got %q, %v", got.rows, err)
	}
	f.left(t, "test")
}
