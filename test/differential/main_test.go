package differential

import (
	"testing"

	"github.com/kolide/databalancer/test/harness"
)

// The program under test has no race detector: the suites in test/ run one that
// does, and here speed buys queries.
func TestMain(m *testing.M) { harness.Main(m) }
