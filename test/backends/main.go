// Command backends runs the tests that talk to servers on each backend in turn,
// and ends with a table of what passed, failed and was skipped, and why:
//
//	go run ./test/backends [-only mysql,tidb] [-- [argument of go test]… [./package]…]
//
// MySQL and MariaDB are what scripts/servers.sh finds. TiDB is the program that
// DATABALANCER_TEST_TIDB names; without it the report says that TiDB was not
// tested. The exit status is 1 if a test failed, or was skipped without saying
// why.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/local/localtest"
)

// packages are those whose tests depend on the server.
var packages = []string{
	"./shard/...", "./catalog/...", "./ingest/...", "./local/...", "./cmd/...", "./api", "./proxy/...", "./router/...", "./test", "./test/differential",
}

// backend is a kind of server to test on.
type backend struct {
	name string
	find func() (path string, err error)
}

var backends = []backend{
	{"mysql", func() (string, error) { return script("mysql") }},
	{"mariadb", func() (string, error) { return script("mariadb") }},
	{"tidb", func() (string, error) { return os.Getenv("DATABALANCER_TEST_TIDB"), nil }},
}

// script asks scripts/servers.sh for a server program.
func script(name string) (string, error) {
	cmd := exec.Command("scripts/servers.sh", name)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("scripts/servers.sh %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), nil
}

func main() {
	only := flag.String("only", "", "the `backends` to test, separated by commas; empty: all")
	flag.Parse()
	var reports []*report
	for _, b := range backends {
		if *only == "" || slices.Contains(strings.Split(*only, ","), b.name) {
			reports = append(reports, b.test(flag.Args()))
		}
	}
	if !printAll(os.Stdout, reports) {
		os.Exit(1)
	}
}

// template makes the data that the servers of all packages begin with, once for
// all, in a folder to be removed.
func template(program local.Program) (data string, remove func(), err error) {
	if program.Kind == local.TiDB {
		return "", func() {}, nil
	}
	folder, err := os.MkdirTemp(localtest.Folder(), "databalancer-template-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(folder) }
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	if data, err = localtest.Template(ctx, program, folder); err != nil {
		remove()
		return "", nil, fmt.Errorf("data of the servers: %w", err)
	}
	return data, remove, nil
}

// test runs the packages on one backend.
func (b *backend) test(args []string) *report {
	r := &report{backend: b.name}
	path, err := b.find()
	if err != nil || path == "" {
		r.err = err
		return r
	}
	program, err := local.Find(path)
	if err != nil {
		r.err = err
		return r
	}
	r.program = path
	template, remove, err := template(program)
	if err != nil {
		r.err = err
		return r
	}
	defer remove()
	if !slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "./") }) {
		args = append(slices.Clone(args), packages...)
	}
	r.env = append(os.Environ(), "DATABALANCER_TEST_SERVER="+path, "DATABALANCER_TEST_TEMPLATE="+template, "DATABALANCER_TEST_SHARDS=", "DATABALANCER_TEST_REQUIRE_SERVERS=1")
	fmt.Printf("== %s: %s\n", b.name, path)
	if r.err = r.run(args...); r.err == nil {
		r.again()
	}
	return r
}

// run runs tests. That some fail is no error.
func (r *report) run(args ...string) error {
	cmd := exec.Command("go", append([]string{"test", "-json", "-count=1", "-tags=gms_pure_go", "-timeout=20m"}, args...)...)
	cmd.Env = r.env
	cmd.Stderr = os.Stderr
	events, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	err = r.read(events, os.Stdout)
	_ = cmd.Wait() // it fails where a test does, which the events tell
	return err
}

// mostAgain is how many failed tests of a package are run again.
const mostAgain = 3

// again runs the tests of each package of which few failed once more, by
// themselves: faults are provoked in time, which a busy machine may stretch. The
// report names those that pass then.
func (r *report) again() {
	for _, p := range r.packages {
		if n := len(p.failures); n == 0 || n > mostAgain {
			continue
		}
		second := &report{backend: r.backend, env: r.env}
		err := second.run("-run", "^("+strings.Join(p.failures, "|")+")$", "./"+p.name)
		p.unsteady = err == nil && len(second.packages) == 1 && second.packages[0].failed == 0 && second.packages[0].passed > 0
	}
}
