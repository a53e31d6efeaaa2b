package ingest

import (
	"errors"
	"syscall"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

// TestHungCatalog suspends the catalog's server, which then neither answers
// nor refuses connections: a new family must not wait for it for long.
func TestHungCatalog(t *testing.T) {
	cluster := localtest.Dedicated(t, 1)
	f := fixtureOn(t, cluster.Sockets(), "databalancer")
	f.put(t, event())
	process, err := cluster.Process(0)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Signal(syscall.SIGCONT) }) // before the servers are stopped
	start := time.Now()
	_, err = f.Put(t.Context(), []byte(`{"family":"new","schema":{},"logs":[]}`))
	if took := time.Since(start); !errors.Is(err, catalog.ErrUnavailable) || took > 15*time.Second {
		t.Errorf("after %s: %v", took, err)
	}
	if err := process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	f.put(t, `{"family":"new","schema":{},"logs":[]}`)
}
