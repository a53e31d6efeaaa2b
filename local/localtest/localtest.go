// Package localtest gives tests real servers of the backend under test.
//
// The servers that Servers returns are shared by all tests of a test binary:
// started when first asked for, stopped by Main, with all their data removed.
// A test isolates itself by a database of its own (Database). A test that
// kills servers takes servers of its own (Dedicated).
//
// All servers of a binary begin as copies of one that was shut down. What they
// acknowledge survives their own death, but not the machine's: their data are
// in memory (/dev/shm) where the machine has plenty, and else in TMPDIR. TMPDIR
// wins if it is set.
//
// The environment may say otherwise:
//   - DATABALANCER_TEST_SHARDS=addr,addr names servers that run already
//     (host:port or a unix socket; root with an empty password). Servers
//     returns these; what Dedicated returns stays local.
//   - DATABALANCER_TEST_SERVER=path names the server program to start, a
//     mysqld, mariadbd or tidb-server, instead of the machine's.
//   - DATABALANCER_TEST_TEMPLATE=folder names what Template made with that
//     program, so that each test binary need not make its own.
//   - DATABALANCER_TEST_REQUIRE_SERVERS, or CI, set to anything: a machine
//     without a server program fails the tests that need one. Otherwise it
//     skips them.
package localtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/server"
)

const (
	shardsVariable  = "DATABALANCER_TEST_SHARDS"
	serverVariable  = "DATABALANCER_TEST_SERVER"
	requireVariable = "DATABALANCER_TEST_REQUIRE_SERVERS"

	templateVariable = "DATABALANCER_TEST_TEMPLATE"

	startTimeout = 2 * time.Minute
	folderPrefix = "databalancer-test-" // followed by the process's id
)

// shared are the files and servers of this test binary.
var shared binary

type binary struct {
	mu       sync.Mutex
	folder   string
	program  local.Program
	template string // the data folder that servers begin with; none for TiDB
	servers  []*instance
	onExit   []func()
}

// OnExit has Main call f after the tests, the last one registered first.
func OnExit(f func()) {
	shared.mu.Lock()
	defer shared.mu.Unlock()
	shared.onExit = append(shared.onExit, f)
}

// Main runs a package's tests, calls what OnExit was given, stops the
// servers, removes their data and exits. TestMain calls it.
func Main(m *testing.M) {
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "localtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// Servers returns the addresses of n servers that this binary's tests share.
// It skips the test when DATABALANCER_TEST_SHARDS names fewer.
func Servers(t testing.TB, n int) []string {
	t.Helper()
	if given := os.Getenv(shardsVariable); given != "" {
		addrs := strings.Split(given, ",")
		if len(addrs) < n {
			t.Skipf("SKIPPED: %s names %d servers, this test needs %d", shardsVariable, len(addrs), n)
		}
		return addrs[:n]
	}
	addrs, err := shared.addresses(n)
	need(t, err)
	return addrs
}

// Program returns the server program of Dedicated, and skips or fails the test
// if this machine has none, whatever servers DATABALANCER_TEST_SHARDS names.
func Program(t testing.TB) local.Program {
	t.Helper()
	program, err := shared.find()
	need(t, err)
	return program
}

// Backend returns what the servers of Servers are.
func Backend(t testing.TB) server.Info {
	t.Helper()
	return server.Parse(Value[string](t, Open(t, Servers(t, 1)[0], ""), "SELECT VERSION()"))
}

// NeedGathers skips the test where the backend's servers are not gathered from,
// so that a query's tables must be on one of them.
func NeedGathers(t testing.TB) {
	t.Helper()
	if b := Backend(t); !b.Gathers() {
		t.Skipf("SKIPPED: rows are not gathered from several servers of %s", b)
	}
}

// need ends the test if servers could not be had.
func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case !errors.Is(err, local.ErrNotInstalled):
		t.Fatalf("servers for the test: %v", err)
	case os.Getenv(requireVariable) != "" || os.Getenv("CI") != "":
		t.Fatalf("this test needs a server: %v", err)
	default:
		t.Skipf("SKIPPED, NOTHING WAS TESTED: this test needs a server: %v; or name running ones in %s", err, shardsVariable)
	}
}

// addresses returns n shared servers' addresses, starting those missing.
func (b *binary) addresses(n int) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	missing, err := b.startLocked(n - len(b.servers))
	if err != nil {
		return nil, err
	}
	b.servers = append(b.servers, missing...)
	return sockets(b.servers[:n]), nil
}

// find looks for the server program once.
func (b *binary) find() (local.Program, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.findLocked()
}

func (b *binary) findLocked() (_ local.Program, err error) {
	if b.program.Path == "" {
		b.program, err = local.Find(os.Getenv(serverVariable))
	}
	return b.program, err
}

func (b *binary) start(n int, args ...string) ([]*instance, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.startLocked(n, args...)
}

// startLocked starts n servers in new folders, as copies of the template. On
// an error none is left running.
func (b *binary) startLocked(n int, args ...string) (servers []*instance, err error) {
	if n <= 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	if err := b.install(ctx); err != nil {
		return nil, err
	}
	for range n {
		s, err := newServer(b.program, b.folder, b.template, args)
		if err != nil {
			return nil, err
		}
		servers = append(servers, s)
	}
	var group errgroup.Group
	for _, s := range servers {
		group.Go(func() error { return s.start(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, errors.Join(err, stopAll(servers))
	}
	return servers, nil
}

// install makes the folder, and the template if none is given.
func (b *binary) install(ctx context.Context) error {
	if _, err := b.findLocked(); err != nil {
		return err
	}
	if b.folder == "" {
		sweep()
		folder, err := os.MkdirTemp(Folder(), folderPrefix+strconv.Itoa(os.Getpid())+"-")
		if err != nil {
			return err
		}
		b.folder = folder
	}
	if b.template == "" {
		b.template = os.Getenv(templateVariable)
	}
	if b.template != "" || b.program.Kind == local.TiDB {
		return nil
	}
	var err error
	b.template, err = Template(ctx, b.program, filepath.Join(b.folder, "template"))
	return err
}

func (b *binary) close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, f := range slices.Backward(b.onExit) {
		f()
	}
	err := stopAll(b.servers)
	if b.folder != "" {
		err = errors.Join(err, os.RemoveAll(b.folder))
	}
	return err
}
