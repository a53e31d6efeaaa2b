package test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/test/harness"
)

// loadTime is how long TestLoad writes.
const loadTime = 8 * time.Second

// load is what became of each request's value: whether it was acknowledged.
type load struct {
	mu    sync.Mutex
	fates map[string]map[string]bool // by family and value
}

func (l *load) note(family, value string, stored bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fates[family] == nil {
		l.fates[family] = map[string]bool{}
	}
	l.fates[family][value] = stored
}

// TestLoad starts three processes together on an empty catalog and has 16
// clients write through them, while families get new fields and others are
// deleted and made anew. Nothing ends in an internal error, and what was
// acknowledged is there exactly once.
func TestLoad(t *testing.T) {
	flags, _, _ := harness.OnShards(t, 2)
	servers := harness.StartTogether(t, 3, flags...)
	l := &load{fates: map[string]map[string]bool{}}
	until := time.Now().Add(loadTime)
	var clients sync.WaitGroup
	for c := range 16 {
		s := servers[c%len(servers)]
		clients.Go(func() {
			for n := 0; time.Now().Before(until); n++ {
				if c < 12 {
					l.write(t, s, fmt.Sprintf("kept_%d", c%3), c, n)
				} else {
					changeFleeting(t, s, c, n)
				}
			}
		})
	}
	clients.Wait()
	for family, fates := range l.fates {
		found := map[string]int{}
		for _, row := range servers[1].Query("SELECT v FROM " + family).Rows {
			found[fmt.Sprint(row[0])]++
		}
		stored := 0
		for value, acknowledged := range fates {
			if n := found[value]; n > 1 || acknowledged && n == 0 {
				t.Errorf("%s: %s, acknowledged %v, is there %d times", family, value, acknowledged, n)
			}
			if acknowledged {
				stored++
			}
		}
		if t.Logf("%s: %d of %d requests acknowledged", family, stored, len(fates)); stored == 0 {
			t.Errorf("%s: none was", family)
		}
	}
}

// write stores a value of its own, now and then with a new field.
func (l *load) write(t *testing.T, s *harness.Server, family string, client, n int) {
	value := fmt.Sprintf("%d-%d", client, n)
	schema := map[string]string{"v": "string"}
	if n%20 == 5 {
		schema[fmt.Sprintf("f_%d_%d", client, n/20%4)] = "int"
	}
	res := s.Request("PUT", "/api/log", map[string]any{"family": family, "schema": schema, "logs": []any{map[string]string{"v": value}}})
	noFault(t, "write", res)
	l.note(family, value, res.Err == nil && res.Status == http.StatusOK)
}

// changeFleeting writes to one of two families that others delete meanwhile.
func changeFleeting(t *testing.T, s *harness.Server, client, n int) {
	family := fmt.Sprintf("fleeting_%d", n%2)
	if (n+client)%5 == 0 {
		noFault(t, "delete", s.Request("DELETE", "/api/families/"+family, nil))
		return
	}
	noFault(t, "write to a fleeting family", s.Request("PUT", "/api/log", map[string]any{
		"family": family, "schema": map[string]string{"v": "string"}, "logs": []any{map[string]string{"v": "x"}}}))
}

// noFault fails the test at an answer that blames the program.
func noFault(t *testing.T, what string, res harness.Response) {
	if res.Err != nil || res.Status == http.StatusInternalServerError {
		t.Errorf("%s: %d (%v) %s", what, res.Status, res.Err, strings.TrimSpace(string(res.Body)))
	}
}
