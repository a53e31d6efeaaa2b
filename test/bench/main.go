package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/kolide/databalancer/local"
)

// benchmark is one comparison.
type benchmark struct {
	name string
	run  func(ctx context.Context, b *bed) (*findings, error)
	// scattered: over shards, between which nothing is gathered on TiDB.
	scattered bool
}

// benchmarks are all there are, in the order in which they run: ingest leaves
// the rows that stream and point read, and join those that tiny and cancel
// do.
var benchmarks = []benchmark{
	onSingle("ingest", ingest),
	onSingle("stream", stream),
	onSingle("point", point),
	onSingle("questions", askQuestions),
	onScattered("join", join),
	onScattered("tiny", tiny),
	onScattered("cancel", cancel),
	onScattered("tpch", tpchQueries),
	onScattered("split", split),
}

// options are the program's flags.
type options struct {
	rows    int
	only    string
	quick   bool
	spider  bool
	data    string
	out     string
	server  string
	profile string
	plans   string
	hold    bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run measures and prints the tables to stdout. It returns the process's exit
// code: 0 when everything was measured, whether or not the targets are met.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	set := flag.NewFlagSet("bench", flag.ContinueOnError)
	set.SetOutput(stderr)
	set.IntVar(&o.rows, "rows", 1_000_000, "`rows` of ingest, stream, point and questions")
	set.StringVar(&o.only, "only", "", "`names` of the benchmarks to run, separated by commas (default: all)")
	set.BoolVar(&o.quick, "quick", false, "few rows and short rounds: shows that it runs, not how fast")
	set.BoolVar(&o.spider, "spider", true, "measure the SPIDER engine too, where it is installed")
	set.StringVar(&o.data, "data", os.Getenv("DATABALANCER_TEST_DATA"), "`folder` with Zeek's dns.json.gz (default: events of the same kind are made up)")
	set.StringVar(&o.server, "server", "", "`program` of the servers: mysql or mariadb for those of scripts/servers.sh, tidb for DATABALANCER_TEST_TIDB, or a path (default: the machine's)")
	set.StringVar(&o.out, "out", "", "`file` whose measured sections are replaced by the results")
	set.StringVar(&o.profile, "profile", "", "`folder` for CPU profiles of the program, one a benchmark")
	set.StringVar(&o.plans, "plans", "", "`folder` for the plans of the scattered queries")
	set.BoolVar(&o.hold, "hold", false, "keep the servers running at the end, until interrupted")
	if err := set.Parse(args); err != nil {
		return 2
	}
	chosen, err := choose(o.only)
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 2
	}
	if o.quick {
		o.rows = min(o.rows, 20_000)
	}
	if err := measureAll(ctx, o, chosen, stdout, stderr); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// choose returns the benchmarks of the given names.
func choose(only string) ([]benchmark, error) {
	if only == "" {
		return benchmarks, nil
	}
	names := strings.Split(only, ",")
	var chosen []benchmark
	for _, b := range benchmarks {
		if i := slices.Index(names, b.name); i >= 0 {
			chosen = append(chosen, b)
			names = slices.Delete(names, i, i+1)
		}
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("no benchmark is called %s", strings.Join(names, ", "))
	}
	return chosen, nil
}

// measureAll prints the findings of each benchmark, and stores them in the
// file, as soon as it has them.
func measureAll(ctx context.Context, o options, chosen []benchmark, stdout, stderr io.Writer) (err error) {
	b, err := newBed(ctx, o, stderr)
	if err != nil {
		return err
	}
	defer func() {
		if closing := b.close(); err == nil {
			err = closing
		}
	}()
	for _, bench := range chosen {
		if bench.scattered && b.server.Kind == local.TiDB {
			b.logf("%s: left out, one TiDB is one shard", bench.name)
			continue
		}
		b.logf("%s", bench.name)
		began := time.Now()
		f, err := bench.run(ctx, b)
		if err != nil {
			return fmt.Errorf("%s: %w", bench.name, err)
		}
		s := section{bench: b.titled(bench.name), findings: *f, machine: b.machine, quick: o.quick, took: time.Since(began)}
		fmt.Fprintf(stdout, "## %s\n\n%s\n", s.bench, s.markdown())
		if o.out == "" {
			continue
		}
		if err := s.writeInto(o.out); err != nil {
			return err
		}
	}
	if o.hold {
		b.hold(ctx)
	}
	return nil
}
