package test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// questions are what users ask of logs. Where a group's value may be any of
// those that compare equal, it is not asked for. @ is the family.
var questions = []string{
	"SELECT COUNT(*) AS n FROM @ GROUP BY host ORDER BY n",
	"SELECT host, COUNT(*) AS n FROM @ WHERE host LIKE 'web%' GROUP BY host ORDER BY n DESC, host LIMIT 10",
	"SELECT COUNT(DISTINCT host), COUNT(host), COUNT(*) FROM @",
	"SELECT COUNT(DISTINCT host) FROM @ WHERE host IN ('de', 'straße', '') OR host IS NULL",
	"SELECT DISTINCT host FROM @ WHERE host > 'w' ORDER BY host",
	"SELECT LEFT(host, 3) AS h, COUNT(*) FROM @ WHERE host LIKE 'web%' GROUP BY h ORDER BY h",
	"SELECT host, COUNT(*) FROM @ GROUP BY host HAVING host = 'web-1'",
	"SELECT CHAR_LENGTH(MAX(host)), CHAR_LENGTH(MIN(host)) FROM @",
	"SELECT host, note, n FROM @ WHERE host BETWEEN 'web-1' AND 'web-3' ORDER BY host, id LIMIT 50",
	"SELECT note, n FROM @ ORDER BY host DESC, id DESC LIMIT 20",
	"SELECT COUNT(*) FROM (SELECT host FROM @ GROUP BY host) AS x",
	"SELECT x.host, x.c FROM (SELECT host, COUNT(*) AS c FROM @ GROUP BY host) AS x WHERE x.host LIKE 'web%' ORDER BY 1",
	"SELECT * FROM @ ORDER BY id LIMIT 3",
	"SELECT DATE_FORMAT(at, '%Y-%m-%d %H:00') AS h, COUNT(*) FROM @ GROUP BY h ORDER BY h",
	"SELECT DATE_FORMAT(at, '%d.%m. %k Uhr') AS h, COUNT(*) AS n FROM @ GROUP BY h HAVING COUNT(*) > 1 ORDER BY h",
	"SELECT DATE_FORMAT(at, '%H:%i') AS h, COUNT(*) AS n FROM @ GROUP BY h ORDER BY n DESC, h LIMIT 7",
	"SELECT DATE(at) AS d, HOUR(at) AS h, COUNT(*) FROM @ WHERE at >= '2026-01-01 05:00' AND at < '2026-01-03T07:30:00Z' GROUP BY d, h ORDER BY d, h",
	"SELECT DATE(at) AS d, COUNT(*) FROM @ WHERE at BETWEEN '2026-01-01' AND '2026-01-02 00:00:00' GROUP BY d ORDER BY d",
	"SELECT UNIX_TIMESTAMP(at) DIV 3600 * 3600 AS t, COUNT(*) FROM @ GROUP BY t ORDER BY t",
	"SELECT UNIX_TIMESTAMP(at) DIV 86400 AS t, COUNT(1) FROM @ WHERE at <= '2040-01-01' GROUP BY t ORDER BY t",
	"SELECT FLOOR(UNIX_TIMESTAMP(at) / 3600) AS t, COUNT(*) FROM @ GROUP BY t ORDER BY t",
	"SELECT UNIX_TIMESTAMP(at) - UNIX_TIMESTAMP(at) % 60 AS t, COUNT(*) FROM @ GROUP BY t ORDER BY t",
	"SELECT FROM_UNIXTIME(UNIX_TIMESTAMP(at) DIV 3600 * 3600) AS t, COUNT(*) FROM @ GROUP BY t ORDER BY t",
	"SELECT YEAR(at) AS y, WEEK(at, 3) AS w, COUNT(*) FROM @ GROUP BY y, w ORDER BY y, w",
	"SELECT EXTRACT(YEAR_MONTH FROM at) AS m, COUNT(*) FROM @ GROUP BY m ORDER BY m",
	"SELECT LEFT(at, 16) AS m, COUNT(*) AS n FROM @ GROUP BY m ORDER BY n DESC, m LIMIT 20",
	"SELECT CAST(at AS DATE) AS d, COUNT(*) FROM @ WHERE at = '2026-01-02 10:59:59.999999' GROUP BY d",
	"SELECT DATE_ADD(DATE(at), INTERVAL HOUR(at) HOUR) AS t, COUNT(*) FROM @ GROUP BY t ORDER BY t",
}

// init adds the ways to count by a part of a time.
func init() {
	for _, part := range strings.Split(`QUARTER(at)|MONTH(at)|DAY(at)|DAYOFMONTH(at)|DAYOFWEEK(at)|WEEKDAY(at)|DAYOFYEAR(at)|WEEK(at)|WEEKOFYEAR(at)|YEARWEEK(at, 1)|`+
		`TO_DAYS(at)|LAST_DAY(at)|DAYNAME(at)|MONTHNAME(at)|HOUR(at)|MINUTE(at)|LEFT(at, 10)|LEFT(at, 13)|SUBSTRING(at, 1, 16)|SUBSTR(at, 1, 7)|`+
		`EXTRACT(YEAR FROM at)|EXTRACT(QUARTER FROM at)|EXTRACT(MONTH FROM at)|EXTRACT(WEEK FROM at)|EXTRACT(DAY FROM at)|EXTRACT(HOUR FROM at)|`+
		`EXTRACT(MINUTE FROM at)|EXTRACT(DAY_HOUR FROM at)|EXTRACT(DAY_MINUTE FROM at)|EXTRACT(HOUR_MINUTE FROM at)|`+
		`FLOOR(UNIX_TIMESTAMP(at) / 60)|UNIX_TIMESTAMP(at) DIV 7200|UNIX_TIMESTAMP(at) DIV 604800 * 7|FLOOR(UNIX_TIMESTAMP(at) / 18000)`, "|") {
		questions = append(questions, "SELECT "+part+" AS x, COUNT(*) AS n FROM @ GROUP BY x ORDER BY x")
	}
	for _, letter := range "abcDdejMmUuVvWwXxYy%HhIklpi" {
		questions = append(questions, "SELECT DATE_FORMAT(at, '<%"+string(letter)+">') AS x, COUNT(*) AS n FROM @ GROUP BY x ORDER BY x")
	}
}

// twins are two families of the same rows, of which only the first gets
// indexes.
type twins struct{ *harness.Server }

func (s twins) put(logs ...any) {
	schema := map[string]string{"host": "string", "note": "string", "at": "timestamp", "n": "int"}
	for _, family := range []string{"shaded", "plain"} {
		s.Put(family, schema, logs)
	}
}

func (s twins) index(family, index string) {
	s.Expect(200, "PUT", "/api/families/"+family+"/indexes", index)
}

// alike asks all questions of both.
func (s twins) alike(t *testing.T, when string) {
	t.Helper()
	for _, q := range questions {
		got, want := s.Query(strings.ReplaceAll(q, "@", "shaded")), s.Query(strings.ReplaceAll(q, "@", "plain"))
		if g, w := fmt.Sprint(got.Columns, got.Rows), fmt.Sprint(want.Columns, want.Rows); g != w {
			t.Errorf("%s: %s\n got %.1500s\nwant %.1500s", when, q, g, w)
		}
	}
}

// reads returns how many of the questions are planned with shadows.
func (s twins) reads() (n int) {
	for _, q := range questions {
		plan := s.Expect(200, "POST", "/api/explain", map[string]any{"query": strings.ReplaceAll(q, "@", "shaded")})
		if strings.Contains(string(plan.Body), "`#") {
			n++
		}
	}
	return n
}

// nasty are texts and times on which a shadow might go wrong.
func nasty() (logs []any) {
	hosts := []any{nil, "", " ", "de", "DE", "de ", "straße", "strasse", "é", "e", "😀", "😁", "mail ", "mail", "a\\b'c`",
		strings.Repeat("w", 255), strings.Repeat("ü", 255), strings.Repeat("x", 250) + "     ", "5", "05"}
	times := []any{nil, "2026-01-01T00:00:00Z", "2025-12-31T23:59:59.999999Z", "2026-01-02T10:59:59.999999Z", "2026-01-02T11:00:00Z",
		"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.5Z", "1970-01-01T00:59:59Z", "1969-12-31T23:59:59.9Z", "2038-01-19T03:14:07.999999Z",
		"2038-01-19T03:14:08Z", "2038-01-19T03:59:59Z", "2106-02-07T06:28:15Z", "2106-02-07T06:28:16Z", "2106-02-07T06:59:00Z",
		"3001-01-18T23:59:59.999999Z", "3001-01-19T03:14:07Z", "3001-01-19T03:14:08Z", "3001-01-19T03:59:59Z", "1000-01-01T00:00:01Z", "9999-12-31T23:59:59Z"}
	for i := range max(len(hosts), len(times)) {
		logs = append(logs, map[string]any{"host": hosts[i%len(hosts)], "note": fmt.Sprint("nasty ", i), "at": times[i%len(times)], "n": i})
	}
	return logs
}

func common(random *rand.Rand, n int) (logs []any) {
	begin := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		at := begin.Add(time.Duration(random.Int64N(int64(4 * 24 * time.Hour)))).Truncate(time.Microsecond)
		logs = append(logs, map[string]any{"host": fmt.Sprintf("web-%d", random.IntN(5)), "note": fmt.Sprint("common ", i),
			"at": at.Format(time.RFC3339Nano), "n": i})
	}
	return logs
}

var shadowed = []string{`{"columns":["host"]}`, `{"columns":["at"],"bucket":"minute"}`, `{"columns":["at"],"bucket":"hour"}`, `{"columns":["at"],"bucket":"day"}`}

// TestShadows asks the same with indexes and without, of one process that made
// them and of one that didn't, while values come that have no room in them, and
// over two shards.
func TestShadows(t *testing.T) {
	flags, _, _ := harness.OnShards(t, 2)
	servers := harness.StartTogether(t, 2, flags...)
	a, b := twins{servers[0]}, twins{servers[1]}
	random := rand.New(rand.NewPCG(1, 2))
	a.put(append(nasty(), common(random, 500)...)...)
	a.alike(t, "before")
	for _, index := range shadowed {
		a.index("shaded", index)
	}
	if got, want := a.reads(), 80; got < want {
		t.Errorf("%d of %d questions read shadows, want %d or more", got, len(questions), want)
	}
	a.alike(t, "with indexes")
	b.alike(t, "at the other process")
	b.put(common(random, 50)...)
	a.alike(t, "with more rows")

	// The other process stores what has no room.
	for _, host := range []string{strings.Repeat("w", 256), strings.Repeat("w", 255) + "x", "web-1" + strings.Repeat(" ", 300)} {
		b.put(map[string]any{"host": host, "at": "2026-01-01T00:00:00Z"})
	}
	if n := strings.Count(string(a.Expect(200, "GET", "/api/families/shaded", nil).Body), `"whole"`); n != 0 {
		t.Errorf("the index is said to have whole values")
	}
	a.alike(t, "with longer texts")
	b.alike(t, "with longer texts at the other process")
	a.index("shaded", `{"columns":["host"]}`) // is no error, and makes none
	a.alike(t, "again")

	if !localtest.Backend(t).Gathers() {
		return
	}
	for _, family := range []string{"shaded", "plain"} {
		a.Expect(200, "PUT", "/api/families/"+family+"/spread", `{"shards":2}`)
	}
	a.alike(t, "split")
	for _, index := range shadowed[1:] {
		a.Expect(204, "DELETE", "/api/families/shaded/indexes", index)
	}
	a.alike(t, "without indexes")
	b.alike(t, "without indexes at the other process")
}

// TestSplitShadows has the indexes on two shards, made before and after the
// family was split.
func TestSplitShadows(t *testing.T) {
	if !localtest.Backend(t).Gathers() {
		t.Skip("the servers gather nothing")
	}
	a := twins{harness.StartOn(t, 2)}
	random := rand.New(rand.NewPCG(3, 4))
	a.put(append(nasty(), common(random, 200)...)...)
	a.index("shaded", shadowed[0])
	for _, family := range []string{"shaded", "plain"} {
		a.Expect(200, "PUT", "/api/families/"+family+"/spread", `{"shards":2}`)
	}
	for _, index := range shadowed[1:] {
		a.index("shaded", index)
	}
	a.alike(t, "on one shard")
	localtest.Eventually(t, time.Minute, "rows on both shards", func() bool {
		a.put(common(random, 20)...)
		return len(familyOf(a.Server, "shaded").writable()) == 2 && len(familyOf(a.Server, "plain").writable()) == 2
	})
	for range 20 {
		a.put(append(nasty(), common(random, 20)...)...)
	}
	if got, want := a.reads(), 80; got < want {
		t.Errorf("%d of %d questions read shadows, want %d or more", got, len(questions), want)
	}
	a.alike(t, "on two shards")
}

// TestShadowGivesWay has one process make the index of a text again and again,
// while another stores texts that differ only behind what a shadow has. None is
// refused, and each is told apart as soon as it was acknowledged.
func TestShadowGivesWay(t *testing.T) {
	flags, _, _ := harness.OnShards(t, 1)
	servers := harness.StartTogether(t, 2, flags...)
	a, b := servers[0], servers[1]
	schema := map[string]string{"host": "string"}
	store := func(s *harness.Server, host string) { s.Put("ev", schema, []any{map[string]any{"host": host}}) }
	purge := func() { a.Expect(204, "DELETE", "/api/families/ev", nil) }
	for round := range 6 {
		store(a, "short")
		stop := make(chan struct{})
		var running sync.WaitGroup
		running.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					a.Expect(200, "PUT", "/api/families/ev/indexes", `{"columns":["host"]}`)
				}
			}
		})
		running.Go(func() {
			defer close(stop)
			for i := range 10 {
				store(b, fmt.Sprint("short ", i))
				time.Sleep(rand.N(30 * time.Millisecond))
			}
			for i := range 5 {
				store(b, strings.Repeat("l", 260)+fmt.Sprint(i))
				for _, s := range servers {
					if got, want := s.Rows("SELECT COUNT(DISTINCT host) FROM ev"), fmt.Sprintf("[%d]", 12+i); got != want {
						t.Errorf("round %d: %s texts told apart, want %s", round, got, want)
					}
				}
			}
		})
		running.Wait()
		if t.Failed() {
			return
		}
		purge()
	}
}
