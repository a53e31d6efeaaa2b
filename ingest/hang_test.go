package ingest

import (
	"errors"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

// TestHungCatalog suspends the catalog's server, which then neither answers
// nor refuses connections: a new family must not wait for it for long.
func TestHungCatalog(t *testing.T) {
	f := fixtureOn(t, localtest.Dedicated(t, 1).Sockets(), "databalancer")
	f.put(t, event())
	process := serverOf(t, f)
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Signal(syscall.SIGCONT) }) // before the servers are stopped
	start := time.Now()
	_, err := f.Put(t.Context(), []byte(`{"family":"new","schema":{},"logs":[]}`))
	if took := time.Since(start); !errors.Is(err, catalog.ErrUnavailable) || took > 15*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
	if err := process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	f.put(t, `{"family":"new","schema":{},"logs":[]}`)
}

// serverOf returns the process of the fixture's server.
func serverOf(t *testing.T, f *fixture) *os.Process {
	t.Helper()
	file := f.texts(t, "", "SELECT @@pid_file")[0][0]
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	return process
}
