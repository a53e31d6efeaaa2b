package differential

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

// binary is the path of the program under test. It has no race detector: the
// suites in test/ run one that does, and here speed buys queries.
var binary string

// binaryVariable names a program that is there already, such as an older
// version's.
const binaryVariable = "DATABALANCER_TEST_BINARY"

func TestMain(m *testing.M) {
	if binary = os.Getenv(binaryVariable); binary != "" {
		localtest.Main(m)
	}
	dir, err := os.MkdirTemp("", "databalancer-differential-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "databalancer")
	output, err := exec.Command("go", "build", "-o", binary, "../../cmd/databalancer").CombinedOutput()
	if err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, output)
		os.RemoveAll(dir)
		os.Exit(1)
	}
	localtest.OnExit(func() { os.RemoveAll(dir) })
	localtest.Main(m)
}
