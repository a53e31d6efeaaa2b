package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// report is what the tests said on one backend.
type report struct {
	backend  string
	program  string // empty: there is none, and nothing was tested
	env      []string
	err      error // what kept the tests from running
	packages []*result
}

// result is what one package's tests said, subtests counted as tests.
type result struct {
	name                    string
	passed, failed, skipped int
	seconds                 float64
	skips                   []skip
	failures                []string // the tests that failed, without their subtests
	unsteady                bool     // they have passed since, run again by themselves
}

type skip struct{ test, reason string }

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, ImportPath, Test, Output string
	Elapsed                                   float64
}

// read reads the events of a run, and tells of each failure and each package's
// end when it comes.
func (r *report) read(events io.Reader, tell io.Writer) error {
	results, outputs := map[string]*result{}, map[string]*strings.Builder{}
	for decoder := json.NewDecoder(events); ; {
		var e event
		if err := decoder.Decode(&e); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("output of go test: %w", err)
		}
		if e.Action == "build-output" {
			fmt.Fprint(tell, e.Output)
			continue
		}
		key := e.Package + " " + e.Test
		if outputs[key] == nil {
			outputs[key] = &strings.Builder{}
		}
		if e.Action == "output" {
			outputs[key].WriteString(e.Output)
			continue
		}
		p := results[e.Package]
		if p == nil && e.Package != "" {
			p = &result{name: e.Package[strings.Index(e.Package, "databalancer/")+len("databalancer/"):]}
			results[e.Package] = p
			r.packages = append(r.packages, p)
		}
		if p.count(e, said(outputs[key].String())) {
			fmt.Fprintf(tell, "FAIL %s %s\n%s\n", p.name, e.Test, outputs[key])
		}
		if e.Test == "" && (e.Action == "pass" || e.Action == "fail") {
			fmt.Fprintf(tell, "%s: %s %s in %.0f s\n", r.backend, p.name, e.Action, e.Elapsed)
		}
	}
}

// count counts the end of a test, or of the package, and reports whether that
// is a failure. A package that fails without a test that does, did not run; a
// test that is skipped for no reason is a failure.
func (p *result) count(e event, said string) (failed bool) {
	switch {
	case e.Action == "pass" && e.Test != "":
		p.passed++
	case e.Action == "skip" && e.Test != "" && said != "":
		p.skipped++
		p.skips = append(p.skips, skip{e.Test, said})
	case e.Action == "skip" && e.Test != "", e.Action == "fail" && (e.Test != "" || p.failed == 0):
		p.failed++
		failed = true
		if e.Test != "" && !strings.Contains(e.Test, "/") {
			p.failures = append(p.failures, e.Test)
		}
	}
	if e.Test == "" {
		p.seconds = e.Elapsed
	}
	return failed
}

// said returns what a test itself printed, on one line, without where.
func said(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "=== ") || strings.HasPrefix(line, "--- ") {
			continue
		}
		if file, text, ok := strings.Cut(line, ": "); ok && strings.Contains(file, ".go:") {
			line = text
		}
		lines = append(lines, strings.TrimPrefix(line, "SKIPPED: "))
	}
	return strings.Join(lines, " ")
}

// printAll prints the table of all backends, and the skipped tests, and reports
// whether all is well. A backend that there is no server of is no failure.
func printAll(w io.Writer, reports []*report) (ok bool) {
	ok = true
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nbackend\tpackage\tpassed\tfailed\tskipped\tseconds")
	for _, r := range reports {
		for _, p := range r.packages {
			if p.passed+p.failed+p.skipped > 0 {
				fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%.0f\n", r.backend, p.name, p.passed, p.failed, p.skipped, p.seconds)
			}
			ok = ok && (p.failed == 0 || p.unsteady)
		}
	}
	table.Flush()
	for _, r := range reports {
		for _, p := range r.packages {
			if p.unsteady {
				fmt.Fprintf(w, "UNSTEADY on %s: %s %s: failed, and passed when run again\n", r.backend, p.name, strings.Join(p.failures, ", "))
			}
		}
	}
	for _, r := range reports {
		for _, p := range r.packages {
			for _, s := range p.skips {
				fmt.Fprintf(w, "skipped on %s: %s %s: %s\n", r.backend, p.name, s.test, s.reason)
			}
		}
	}
	for _, r := range reports {
		switch {
		case r.err != nil:
			fmt.Fprintf(w, "\n%s COULD NOT BE TESTED: %v\n", strings.ToUpper(r.backend), r.err)
			ok = false
		case r.program == "":
			fmt.Fprintf(w, "\n%s WAS NOT TESTED: name its server program in DATABALANCER_TEST_%[1]s\n", strings.ToUpper(r.backend))
		}
	}
	return ok
}
