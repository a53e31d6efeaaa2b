package test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// TestProcesses lets three databalancers work on the same new families at
// once: each family must end as one table, on one shard, with all columns and
// all events.
func TestProcesses(t *testing.T) {
	const families, rounds = 4, 5
	flags, addresses, database := harness.OnShards(t, 3)
	servers := harness.StartTogether(t, 3, flags...)
	var stored [families]atomic.Int64
	var writers sync.WaitGroup
	for p, s := range servers {
		for f := range families {
			writers.Go(func() {
				for round := range rounds {
					field := fmt.Sprintf("p%d_r%d", p, round)
					s.Put(fmt.Sprintf("family_%d", f), map[string]string{"all": "int", field: "string"},
						[]any{map[string]any{"all": 1, field: "x"}, map[string]any{"all": 1}})
					stored[f].Add(2)
				}
			})
		}
	}
	writers.Wait()
	for f := range families {
		name := fmt.Sprintf("family_%d", f)
		tables := 0
		for _, address := range addresses {
			if selectText(t, localtest.Open(t, address, database), "SHOW TABLES LIKE '"+name+"'") != "" {
				tables++
			}
		}
		if tables != 1 {
			t.Errorf("%s is on %d shards", name, tables)
		}
		for p, s := range servers {
			localtest.Eventually(t, 5*time.Second, "all columns known everywhere", func() bool {
				return len(s.Query("SELECT * FROM "+name+" LIMIT 1").Columns) == 2+3*rounds
			})
			if got, want := s.Rows("SELECT COUNT(*), COUNT(p0_r0), COUNT(p2_r4) FROM "+name), fmt.Sprintf("[%d,1,1]", stored[f].Load()); got != want {
				t.Errorf("process %d, %s: got %s, want %s", p, name, got, want)
			}
		}
	}
}

// TestKilledProcess kills a process again and again while it stores and
// evolves families. What was acknowledged is there in whole, no request is
// there in part, and the other process goes on throughout.
func TestKilledProcess(t *testing.T) {
	const batch = 50
	flags, _, _ := harness.OnShards(t, 2)
	survivor := harness.Start(t, flags...)
	var acknowledged atomic.Int64
	for round := range 6 {
		victim := harness.Start(t, flags...)
		var writers sync.WaitGroup
		for w := range 4 {
			writers.Go(func() {
				for n := 0; ; n++ {
					if !tryPut(victim, round, w, n, batch) {
						return
					}
					acknowledged.Add(1)
				}
			})
		}
		time.Sleep(time.Duration(100+70*round) * time.Millisecond)
		victim.Kill()
		writers.Wait()
		survivor.Put("crash", map[string]string{"batch": "string"}, []any{})
	}
	if acknowledged.Load() == 0 {
		t.Fatal("nothing was acknowledged before the kills")
	}
	if got := survivor.Rows("SELECT batch, COUNT(*) FROM crash GROUP BY batch HAVING COUNT(*) <> ?", batch); got != "" {
		t.Errorf("requests stored in part:\n%s", got)
	}
	var batches int64
	if _, err := fmt.Sscanf(survivor.Rows("SELECT COUNT(DISTINCT batch) FROM crash"), "[%d]", &batches); err != nil {
		t.Fatal(err)
	}
	if batches < acknowledged.Load() {
		t.Errorf("%d requests acknowledged, %d stored", acknowledged.Load(), batches)
	}
	typed := survivor.Rows("SELECT COUNT(*) FROM crash")
	if raw := survivor.Rows("SELECT id FROM raw_logs WHERE family = 'crash'"); typed != fmt.Sprintf("[%d]", countLines(raw)) {
		t.Errorf("%s typed rows, %d raw events", typed, countLines(raw))
	}
	t.Logf("%d acknowledged, %d stored", acknowledged.Load(), batches)
}

// tryPut stores one request that also brings a new field now and then. It
// reports whether it was acknowledged.
func tryPut(s *harness.Server, round, worker, n, batch int) bool {
	field := fmt.Sprintf("f_%d_%d", round, n/3)
	events := make([]any, batch)
	for i := range events {
		events[i] = map[string]any{"batch": fmt.Sprintf("%d-%d-%d", round, worker, n), field: i}
	}
	res := s.Request("PUT", "/api/log", map[string]any{
		"family": "crash", "schema": map[string]string{"batch": "string", field: "int"}, "logs": events})
	return res.Err == nil && res.Status == http.StatusOK
}

// countLines returns the number of lines of text, 0 for none.
func countLines(text string) int {
	if text == "" {
		return 0
	}
	return strings.Count(text, "\n") + 1
}
