package differential

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// What the environment may ask for.
const (
	// seedVariable is the seed from which data, scatterings and queries are
	// made with fuzzVariable; without, it is the time.
	seedVariable = "DATABALANCER_TEST_SEED"
	// fuzzVariable is how long new queries are to be tried, such as 30s.
	fuzzVariable = "DATABALANCER_TEST_FUZZTIME"
	// queryVariable is a query to be judged and explained.
	queryVariable = "DATABALANCER_TEST_QUERY"
)

// spread is a way to scatter the data.
type spread struct {
	shards int
	seed   uint64
}

func (s spread) String() string { return fmt.Sprintf("%d shards, seed %d", s.shards, s.seed) }

// spreadsOf are the scatterings of a run. All on one shard is what the witness
// has, and all that there is where rows are not gathered.
func spreadsOf(t testing.TB) []spread {
	t.Helper()
	if !localtest.Backend(t).Gathers() {
		return []spread{{1, 1}}
	}
	return []spread{{2, 1}, {3, 2}, {2, 3}, {3, 4}}
}

const (
	// dataSeed makes the rows that the list is written for.
	dataSeed = 1
	// queries is how many are generated for each scattering.
	queries = 600
)

// TestDifferential puts the hand-written list and generated queries to every
// scattering.
func TestDifferential(t *testing.T) {
	all, spreads := readList(t), spreadsOf(t)
	sum := newTally()
	var shrunk atomic.Int64
	t.Cleanup(func() { // once the parallel tests are through
		t.Logf("\n%s", sum)
		if missing := sum.missing(); len(spreads) > 1 && len(missing) > 0 && sum.count("generated", identical) > 0 && sum.count("list", identical) > 0 {
			t.Errorf("no plan that was looked at had: %s", missing)
		}
	})
	for _, at := range spreads {
		t.Run(at.String(), func(t *testing.T) {
			t.Parallel()
			s := scatter(t, at.shards, at.seed, dataSeed)
			t.Run("list", func(t *testing.T) { runList(t, s, all, at == spreads[0], sum) })
			t.Run("generated", func(t *testing.T) {
				s.runGenerated(t, run{seed: at.seed, queries: queries, sum: sum, shrunk: &shrunk})
			})
		})
	}
}

// round is how long one set of data and scatterings is tried with new seeds.
const round = time.Minute

// TestNewSeeds goes on with new data, new scatterings and new queries for as
// long as it is told.
func TestNewSeeds(t *testing.T) {
	limit := os.Getenv(fuzzVariable)
	if limit == "" {
		t.Skipf("not asked for: make fuzz sets %s", fuzzVariable)
	}
	left, err := time.ParseDuration(limit)
	if err != nil {
		t.Fatalf("%s: %v", fuzzVariable, err)
	}
	seed := uint64(time.Now().UnixNano() / 1e6 % 1e9)
	if given := os.Getenv(seedVariable); given != "" {
		if seed, err = strconv.ParseUint(given, 10, 64); err != nil {
			t.Fatalf("%s: %v", seedVariable, err)
		}
	}
	numbers := []int{2, 3}
	if !localtest.Backend(t).Gathers() {
		numbers = []int{1}
	}
	end := time.Now().Add(left)
	sum := newTally()
	var shrunk atomic.Int64
	for ; time.Now().Before(end); seed++ {
		t.Logf("%s=%d", seedVariable, seed)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			until := time.Now().Add(round)
			if until.After(end) {
				until = end
			}
			for _, shards := range numbers {
				t.Run(fmt.Sprint(shards, " shards"), func(t *testing.T) {
					t.Parallel()
					s := scatter(t, shards, seed, seed)
					s.runGenerated(t, run{seed: seed<<8 + uint64(shards), queries: 1 << 30, until: until, sum: sum, shrunk: &shrunk})
				})
			}
		})
	}
	t.Logf("\n%s", sum)
}

// TestOneQuery shows what becomes of one query on every scattering.
func TestOneQuery(t *testing.T) {
	sql := os.Getenv(queryVariable)
	if sql == "" {
		t.Skipf("not asked for: %s names a query", queryVariable)
	}
	l, err := readListed(sql)
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range spreadsOf(t) {
		s := scatter(t, at.shards, at.seed, dataSeed)
		v := s.judge(l.query, &l.rules)
		report := t.Logf
		if v.class == wrong {
			report = t.Errorf
		}
		report("%s\n%s %s %s\n%s", s, v.class, v.reason, v.detail, s.service.explain(l.query))
	}
}

// inParallel calls f for each of 0 to n-1, from several goroutines, until
// there is no more time. The zero time: until all are through.
func inParallel(n int, until time.Time, f func(i int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	for range clients {
		wait.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				if !until.IsZero() && time.Now().After(until) {
					return
				}
				f(i)
			}
		})
	}
	wait.Wait()
}
