package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// events are of two tests that pass, one of them below the other, one that
// fails, and two that are skipped, one for no reason.
const events = `{"Action":"start","Package":"github.com/kolide/databalancer/shard"}
{"Action":"pass","Package":"github.com/kolide/databalancer/shard","Test":"TestA/sub"}
{"Action":"pass","Package":"github.com/kolide/databalancer/shard","Test":"TestA"}
{"Action":"output","Package":"github.com/kolide/databalancer/shard","Test":"TestB","Output":"=== RUN   TestB\n"}
{"Action":"output","Package":"github.com/kolide/databalancer/shard","Test":"TestB","Output":"    b_test.go:7: SKIPPED: TiDB has no triggers: none\n"}
{"Action":"output","Package":"github.com/kolide/databalancer/shard","Test":"TestB","Output":"--- SKIP: TestB (0.00s)\n"}
{"Action":"skip","Package":"github.com/kolide/databalancer/shard","Test":"TestB"}
{"Action":"output","Package":"github.com/kolide/databalancer/shard","Test":"TestC","Output":"--- SKIP: TestC (0.00s)\n"}
{"Action":"skip","Package":"github.com/kolide/databalancer/shard","Test":"TestC"}
{"Action":"output","Package":"github.com/kolide/databalancer/shard","Test":"TestD","Output":"    d_test.go:9: wrong\n"}
{"Action":"fail","Package":"github.com/kolide/databalancer/shard","Test":"TestD"}
{"Action":"fail","Package":"github.com/kolide/databalancer/shard","Elapsed":12}
{"Action":"start","Package":"github.com/kolide/databalancer/proxy"}
{"Action":"fail","Package":"github.com/kolide/databalancer/proxy"}
`

func TestReport(t *testing.T) {
	r := &report{backend: "mysql", program: "/mysqld"}
	var told strings.Builder
	if err := r.read(strings.NewReader(events), &told); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"FAIL shard TestD\n    d_test.go:9: wrong", "FAIL shard TestC", "FAIL proxy"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("%q is not told:\n%s", want, &told)
		}
	}
	if names := r.packages[0].failures; !slices.Equal(names, []string{"TestC", "TestD"}) {
		t.Errorf("failures: %q", names)
	}
	var printed strings.Builder
	if printAll(&printed, []*report{r, {backend: "tidb"}}) {
		t.Error("all is well")
	}
	text := strings.Join(strings.Fields(printed.String()), " ")
	for _, want := range []string{
		"mysql shard 2 2 1 12 mysql proxy 0 1 0 0",
		"skipped on mysql: shard TestB: TiDB has no triggers: none",
		"TIDB WAS NOT TESTED",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the report:\n%s", want, &printed)
		}
	}
}

func TestVerdict(t *testing.T) {
	good := &report{backend: "mysql", program: "/mysqld", packages: []*result{{name: "shard", passed: 1, skipped: 1}}}
	if !printAll(io.Discard, []*report{good, {backend: "tidb"}}) {
		t.Error("a missing TiDB is a failure")
	}
	bad := &result{name: "shard", passed: 1, failed: 2, failures: []string{"TestA"}}
	if printAll(io.Discard, []*report{{backend: "mysql", program: "/mysqld", packages: []*result{bad}}}) {
		t.Error("a failure is none")
	}
	bad.unsteady = true
	var said strings.Builder
	if !printAll(&said, []*report{{backend: "mysql", program: "/mysqld", packages: []*result{bad}}}) || !strings.Contains(said.String(), "UNSTEADY on mysql: shard TestA") {
		t.Errorf("of a test that passed when run again: %s", &said)
	}
	if printAll(io.Discard, []*report{good, {backend: "mariadb", err: io.ErrUnexpectedEOF}}) {
		t.Error("a server that can't be had is no failure")
	}
}
