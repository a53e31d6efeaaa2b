package test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

const mib = 1 << 20

// TestMemory reads rows of all sizes, on and between shards, by many clients at
// once and by such as take nothing, and watches the memory of the process: that
// is bounded by what is promised, whatever they do. Beside them a point query is
// answered.
func TestMemory(t *testing.T) {
	localtest.NeedGathers(t) // and a server that stores 7 MiB in one value
	const pool = 256 * mib   // as the flags have it
	s := harness.StartOn(t, 2, "-write_timeout", "8s")
	first, second := familyOn(t, s, "s1"), familyOn(t, s, "s2")
	for i, family := range []string{first, second} {
		for n, size := range []int{10, 100 << 10, 700 << 10, 1 << 20, 3 << 20, 7 << 20} {
			s.Put(family, map[string]string{"k": "int", "v": "string"}, []any{map[string]any{"k": n, "v": strings.Repeat("é", (size+i)/2)}})
		}
	}
	for range 50 {
		s.Rows("SELECT n FROM " + first + " WHERE id = 1")
	}
	idle, _ := s.Memory(t)
	t.Logf("idle: %d MiB", idle/mib)

	// watched runs a phase in which so many queries run at once.
	watched := func(name string, queries int, phase func()) {
		s.ForgetPeak(t)
		start := time.Now()
		phase()
		_, peak := s.Memory(t)
		allowed := pool + 64*mib + int64(queries)*mib
		t.Logf("%s: %d MiB above idle, %d allowed, in %.1f s", name, (peak-idle)/mib, allowed/mib, time.Since(start).Seconds())
		if peak-idle > allowed && len(buildFlags) == 0 { // the race detector's own memory knows no bounds
			t.Errorf("%s: the process took %d MiB above idle, and may take %d", name, (peak-idle)/mib, allowed/mib)
		}
	}
	var wide []string
	for i := range 60 {
		wide = append(wide, fmt.Sprintf("REPEAT('z', 16000000) AS c%d", i))
	}
	watched("rows of 60 and of 16 values of 16 MB", 2, func() {
		s.Refused(413, "too_large", "POST", "/api/query", map[string]any{"query": "SELECT " + strings.Join(wide, ", ")})
		together(2, func(int) {
			s.Refused(413, "too_large", "POST", "/api/query", map[string]any{"query": "SELECT " + strings.Join(wide[:16], ", ")})
		})
	})
	watched("rows of up to 60 MB, by 12 clients", 12, func() {
		together(12, func(i int) {
			for _, columns := range []int{1, 3} {
				res := s.Request("POST", "/api/query?format="+[]string{"json", "csv", "ndjson"}[i%3], map[string]any{"query": "SELECT " + strings.Join(wide[:columns], ", ")})
				if res.Status != 503 && (res.Status != 200 || res.Err != nil || strings.Count(string(res.Body), "z") != 16_000_000*columns) {
					t.Errorf("%d columns: got %d (%v), %d bytes", columns, res.Status, res.Err, len(res.Body))
				}
			}
		})
	})
	watched("30 clients that take nothing, and others beside them", 40, func() { beside(t, s, first) })
	watched("large rows between shards, by 8 clients", 8, func() {
		together(8, func(i int) {
			sql := fmt.Sprintf("SELECT LENGTH(a.v) + LENGTH(b.v) AS n FROM %s AS a JOIN %s AS b ON a.k = b.k AND a.v <> b.v WHERE a.k < %d", first, second, i)
			res := s.Request("POST", "/api/query", map[string]any{"query": sql})
			if res.Status != 200 && res.Status != 503 {
				t.Errorf("got %d: %s", res.Status, res.Body)
			}
		})
	})
	time.Sleep(time.Second)
	now, _ := s.Memory(t)
	t.Logf("at rest: %d MiB above idle", (now-idle)/mib)
	if now-idle > 64*mib && len(buildFlags) == 0 {
		t.Errorf("%d MiB above idle when nothing runs", (now-idle)/mib)
	}
}

func together(n int, do func(int)) {
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { do(i) })
	}
	all.Wait()
}

// beside has clients ask for large rows of which they take nothing, until they
// are cut off, and point queries and middling rows answered meanwhile.
func beside(t *testing.T, s *harness.Server, family string) {
	var silent sync.WaitGroup
	for range 30 {
		silent.Go(func() {
			conn := ask(t, s, "SELECT REPEAT('z', 16000000) AS v FROM "+family+" LIMIT 2")
			defer conn.Close()
			time.Sleep(12 * time.Second)
		})
	}
	until := time.Now().Add(12 * time.Second)
	together(10, func(i int) {
		sql := "SELECT n FROM " + family + " WHERE id = 1"
		if i%5 == 4 {
			sql = "SELECT v FROM " + family + " WHERE k = " + fmt.Sprint(1+i%3)
		}
		for time.Now().Before(until) {
			start := time.Now()
			res := s.Request("POST", "/api/query", map[string]any{"query": sql, "timeout": "5s"})
			if res.Status != 200 || res.Err != nil {
				t.Errorf("%s: got %d (%v) %.300s after %s", sql, res.Status, res.Err, res.Body, time.Since(start))
				return
			}
		}
	})
	silent.Wait()
	res := s.Request("POST", "/api/query", map[string]any{"query": "SELECT LENGTH(REPEAT('z', 16000000)) AS n"})
	if res.Status != 200 {
		t.Errorf("after the silent clients: got %d %s", res.Status, res.Body)
	}
}

// ask sends a query and reads no more than the answer's head, if that.
func ask(t *testing.T, s *harness.Server, sql string) net.Conn {
	conn, err := net.Dial("tcp", s.Address)
	if err != nil {
		t.Error(err)
		return nil
	}
	body, _ := json.Marshal(map[string]string{"query": sql})
	fmt.Fprintf(conn, "POST /api/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	res, err := http.ReadResponse(bufio.NewReaderSize(conn, 512), nil)
	if err == nil && res.StatusCode != 200 && res.StatusCode != 503 {
		t.Errorf("a client that takes nothing: got %d", res.StatusCode)
	}
	return conn
}
