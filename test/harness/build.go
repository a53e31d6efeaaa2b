package harness

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

const binaryVariable = "DATABALANCER_TEST_BINARY"

// Build builds the program, with the flags of go build.
func Build(ctx context.Context, path string, flags ...string) error {
	args := append([]string{"build", "-o", path}, flags...)
	output, err := exec.CommandContext(ctx, "go", append(args, "github.com/kolide/databalancer/cmd/databalancer")...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("go build: %w\n%s", err, output)
	}
	return nil
}

// buildFlags are those that Main was given.
var buildFlags []string

// Main runs a package's tests as localtest.Main does. When one asks for the
// program it is built, once, with the flags of go build.
func Main(m *testing.M, flags ...string) {
	buildFlags = flags
	localtest.Main(m)
}

var built = sync.OnceValues(func() (string, error) {
	if path := os.Getenv(binaryVariable); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "databalancer-binary-")
	if err != nil {
		return "", err
	}
	localtest.OnExit(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "databalancer")
	return path, Build(context.Background(), path, buildFlags...)
})

// Binary returns the path of the program under test.
func Binary(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}
