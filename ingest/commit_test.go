package ingest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// event returns a request of family q with one event for each value.
func event(values ...string) string {
	logs := ""
	if len(values) > 0 {
		logs = `{"v":"` + strings.Join(values, `"},{"v":"`) + `"}`
	}
	return `{"family":"q","schema":{"v":"string"},"logs":[` + logs + `]}`
}

// held is family q while its table is locked: requests queue.
type held struct {
	*fixture
	lock *sql.Conn
}

// needTriggers skips the test on servers that have none, nor locks of tables.
func needTriggers(t *testing.T) {
	t.Helper()
	if b := localtest.Backend(t); b.Vendor == server.TiDB {
		t.Skipf("SKIPPED: %s has no triggers, and LOCK TABLES does nothing there", b)
	}
}

// hold makes the family, runs the statements and locks the table.
func hold(t *testing.T, statements ...string) *held {
	t.Helper()
	needTriggers(t)
	return holdOf(t, newFixture(t, 1), statements...)
}

func holdOf(t *testing.T, f *fixture, statements ...string) *held {
	t.Helper()
	f.put(t, event())
	f.exec(t, "q", statements...)
	f.exec(t, "q", "CREATE TRIGGER refuse BEFORE INSERT ON q FOR EACH ROW"+
		" IF NEW.v = 'bad' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'refused'; END IF")
	return &held{f, lockTable(t, f.db(t, "q"))}
}

// lockTable locks family q's table over a connection of its own.
func lockTable(t *testing.T, db *sql.DB) *sql.Conn {
	t.Helper()
	lock, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lock.Close() })
	localtest.Exec(t, lock, "LOCK TABLES q WRITE")
	return lock
}

func (h *held) release(t *testing.T) {
	t.Helper()
	localtest.Exec(t, h.lock, "UNLOCK TABLES")
}

// outcome is what becomes of a request in the background.
type outcome struct {
	done chan struct{}
	err  error
}

func (h *held) start(ctx context.Context, body string) *outcome {
	o := &outcome{done: make(chan struct{})}
	go func() {
		defer close(o.done)
		_, o.err = h.Put(ctx, []byte(body))
	}()
	return o
}

func (o *outcome) wait(t *testing.T) error {
	t.Helper()
	select {
	case <-o.done:
	case <-time.After(30 * time.Second):
		t.Fatal("no outcome")
	}
	return o.err
}

// occupy starts a request for each worker, and returns when both are at it.
func (h *held) occupy(t *testing.T) []*outcome {
	t.Helper()
	var all []*outcome
	for i := range maxWorkers {
		all = append(all, h.start(t.Context(), event(fmt.Sprintf("first %d", i))))
		h.queued(t, 0, i+1)
	}
	return all
}

// queued waits until so many requests wait, and so many workers are busy with
// others.
func (h *held) queued(t *testing.T, waiting, workers int) {
	t.Helper()
	q := &h.writer.queues
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		q.mu.Lock()
		n, busy := 0, 0
		for _, family := range q.byTable {
			n += len(family.waiting)
			for _, c := range family.crews {
				busy += c.workers
			}
		}
		q.mu.Unlock()
		if n == waiting && busy == workers {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d requests wait, %d workers are busy", n, busy)
		}
	}
}

func (h *held) values(t *testing.T) string {
	t.Helper()
	var all []string
	for _, row := range h.texts(t, "q", "SELECT v FROM q ORDER BY id") {
		all = append(all, row[0])
	}
	return strings.Join(all, ",")
}

// TestBatching lets requests queue and counts the statements that store them:
// two for those that came first, and 32 and 8 rows for the others.
func TestBatching(t *testing.T) {
	h := hold(t, "ALTER TABLE q ADD COLUMN at DATETIME(6) DEFAULT CURRENT_TIMESTAMP(6)")
	outcomes := h.occupy(t)
	const requests = 40
	for i := range requests {
		outcomes = append(outcomes, h.start(t.Context(), event(fmt.Sprint(i))))
	}
	h.queued(t, requests, maxWorkers)
	h.release(t)
	for _, o := range outcomes {
		if err := o.wait(t); err != nil {
			t.Fatal(err)
		}
	}
	got := h.texts(t, "q", "SELECT COUNT(*), COUNT(DISTINCT at) FROM q")
	if want := [][]string{{"42", "4"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("rows and statements: %v, want %v", got, want)
	}
}

// TestBatchIsolation queues requests that the server refuses among others.
func TestBatchIsolation(t *testing.T) {
	h := hold(t)
	first := h.occupy(t)
	good := h.start(t.Context(), event("a", "b"))
	h.queued(t, 1, maxWorkers)
	bad := h.start(t.Context(), event("c", "bad"))
	h.queued(t, 2, maxWorkers)
	better := h.start(t.Context(), event("d"))
	h.queued(t, 3, maxWorkers)
	h.release(t)
	for _, o := range append(first, good, better) {
		if err := o.wait(t); err != nil {
			t.Error(err)
		}
	}
	if err := bad.wait(t); !isServerError(err, 1644) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("the bad request: %v", err)
	}
	if got := h.values(t); !strings.HasSuffix(got, ",a,b,d") || strings.Count(got, ",") != 4 {
		t.Errorf("values %s", got)
	}
	if n := h.count(t, "q", "raw_logs"); n != 5 {
		t.Errorf("%d raw logs", n)
	}
}

func TestCancelWhileQueued(t *testing.T) {
	h := hold(t)
	first := h.occupy(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := h.start(ctx, event("gone"))
	h.queued(t, 1, maxWorkers)
	stays := h.start(t.Context(), event("stays"))
	h.queued(t, 2, maxWorkers)
	cause := errors.New("the client went away")
	cancel(cause)
	if err := gone.wait(t); err != cause {
		t.Errorf("%v", err)
	}
	h.release(t)
	for _, o := range append(first, stays) {
		if err := o.wait(t); err != nil {
			t.Error(err)
		}
	}
	if got := h.values(t); !strings.Contains(got, "stays") || strings.Contains(got, "gone") {
		t.Errorf("values %s", got)
	}
}

// TestCancelWhileStored cancels a request whose transaction has begun: Put
// waits for the outcome.
func TestCancelWhileStored(t *testing.T) {
	h := hold(t)
	ctx, cancel := context.WithCancel(t.Context())
	o := h.start(ctx, event("stored"))
	h.queued(t, 0, 1)
	for h.writers(t) == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel()
	h.release(t)
	if err := o.wait(t); err != nil {
		t.Errorf("%v", err)
	}
	if got := h.values(t); got != "stored" {
		t.Errorf("values %s", got)
	}
}

// writers returns the number of connections that wait for the table.
func (h *held) writers(t *testing.T) int {
	t.Helper()
	return len(h.texts(t, "q", "SELECT 1 FROM information_schema.processlist WHERE db = DATABASE() AND state LIKE 'Waiting for table%'"))
}

func TestBusy(t *testing.T) {
	needTriggers(t)
	body := event(strings.Repeat("x", 100))
	h := holdOf(t, newFixture(t, 1))
	first := h.start(t.Context(), event("first 0"))
	h.queued(t, 0, 1)
	second := h.start(t.Context(), body)
	h.queued(t, 0, 2)
	third := h.start(t.Context(), body)
	h.queued(t, 1, 2)
	three := h.pending.Load()
	if least := int64(2 * 2 * len(body)); three < least { // each with its raw log
		t.Errorf("three requests are counted for %d bytes, less than %d", three, least)
	}
	h.cfg.MaxPending = three
	if _, err := h.Put(t.Context(), []byte(body)); !errors.Is(err, ErrBusy) {
		t.Errorf("%v", err)
	}
	h.release(t)
	for _, o := range []*outcome{first, second, third} {
		if err := o.wait(t); err != nil {
			t.Error(err)
		}
	}
	if _, err := h.Put(t.Context(), []byte(event(strings.Repeat("x", 1000)))); err != nil {
		t.Errorf("a large request alone: %v", err)
	}
	if left := h.pending.Load(); left != 0 {
		t.Errorf("%d bytes are still counted", left)
	}
}

// TestTransient has the server report deadlocks, twice. What it counts them by
// survives the rollback: the numbers of AUTO_INCREMENT.
func TestTransient(t *testing.T) {
	needTriggers(t)
	f := newFixture(t, 1)
	f.put(t, event())
	f.exec(t, "q", "CREATE TABLE attempts (n INT PRIMARY KEY AUTO_INCREMENT)", "CREATE TABLE successful (n INT)", "INSERT INTO successful VALUES (3)",
		`CREATE TRIGGER deadlock BEFORE INSERT ON q FOR EACH ROW BEGIN
			INSERT INTO attempts VALUES (NULL);
			IF LAST_INSERT_ID() < (SELECT n FROM successful) THEN
				SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'deadlock';
			END IF;
		END`)
	f.put(t, event("a", "b"))
	if n := f.count(t, "q", "q"); n != 2 {
		t.Errorf("%d rows", n)
	}
	f.exec(t, "q", "UPDATE successful SET n = 100")
	if _, err := f.Put(t.Context(), []byte(event("c"))); !isServerError(err, 1213) {
		t.Errorf("deadlocks without end: %v", err)
	}
	if n := f.count(t, "q", "raw_logs"); n != 2 {
		t.Errorf("%d raw logs", n)
	}
}

// TestManyWriters stores from many clients at once into several families, and
// checks that each request's events stand together in their order.
func TestManyWriters(t *testing.T) {
	f := newFixture(t, 2)
	const writers, requests, events = 24, 12, 7
	var clients sync.WaitGroup
	for w := range writers {
		clients.Go(func() {
			for r := range requests {
				var logs []string
				for e := range events {
					logs = append(logs, fmt.Sprintf(`{"w":%d,"r":%d,"e":%d}`, w, r, e))
				}
				schema := `"w":"int","r":"int","e":"int"`
				if w%2 == 1 { // other statements
					schema += fmt.Sprintf(`,"extra_%d":"string"`, w)
				}
				body := fmt.Sprintf(`{"family":"many_%d","schema":{%s},"logs":[%s]}`, w%3, schema, strings.Join(logs, ","))
				if _, err := f.Put(t.Context(), []byte(body)); err != nil {
					t.Errorf("writer %d, request %d: %v", w, r, err)
					return
				}
			}
		})
	}
	clients.Wait()
	for i := range 3 {
		name := fmt.Sprintf("many_%d", i)
		rows := f.texts(t, name, "SELECT w, r, GROUP_CONCAT(e ORDER BY id) FROM "+name+" GROUP BY w, r")
		if len(rows) != writers/3*requests {
			t.Errorf("%s: %d requests stored", name, len(rows))
		}
		for _, row := range rows {
			if row[2] != "0,1,2,3,4,5,6" {
				t.Errorf("%s: writer %s, request %s: events %s", name, row[0], row[1], row[2])
			}
		}
	}
}

// TestStatementsAreFoundAgain stores the same request again and again: each
// connection prepares its statements once. There may be two connections, as a
// request is answered before its connection is given back.
func TestStatementsAreFoundAgain(t *testing.T) {
	f := newFixture(t, 1)
	prepared := func() (all map[*prepared]bool, most int) {
		all = map[*prepared]bool{}
		for _, s := range f.writer.sessions.all {
			for _, p := range s.prepared {
				all[p] = true
			}
			most = max(most, len(s.prepared))
		}
		return all, most
	}
	f.put(t, dogs)
	before, each := prepared()
	for range 20 {
		f.put(t, dogs)
	}
	after, most := prepared()
	if each == 0 || most != each || len(after) > maxWorkers*each {
		t.Errorf("%d statements a connection, then %d; %d in all", each, most, len(after))
	}
	for p := range before {
		if !after[p] {
			t.Error("a statement was given up")
		}
	}
}
