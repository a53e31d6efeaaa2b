package shard

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

// hashable are the types that the router has joined by hash, with values that
// come near each other's bounds.
var hashable = []struct{ typ, values string }{
	{"TINYINT", "(-1), (0), (1), (127)"},
	{"BIGINT", "(-1), (0), (1), (127), (9007199254740993), (-9223372036854775808), (9223372036854775807)"},
	{"BIGINT UNSIGNED", "(0), (1), (127), (9223372036854775807), (9223372036854775808), (18446744073709551615)"},
	{"INT UNSIGNED", "(0), (1), (127), (4294967295)"},
	{"BOOLEAN", "(0), (1), (2)"},
	{"DATE", "('2020-01-01'), ('1999-12-31'), ('9999-12-31')"},
	{"DATETIME(6)", "('2020-01-01'), ('2020-01-01 00:00:00.000001'), ('9999-12-31 23:59:59.999999')"},
}

// TestJoined joins without an index, by hash where the server is told to, and
// compares with what it answers otherwise.
func TestJoined(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	writable(t, c)
	for i, h := range hashable {
		for _, s := range []string{
			fmt.Sprintf("CREATE TEMPORARY TABLE t%d (v %s)", i, h.typ), fmt.Sprintf("CREATE TEMPORARY TABLE u%d (v %s)", i, h.typ),
			fmt.Sprintf("INSERT INTO t%d VALUES (NULL), %s", i, h.values),
			fmt.Sprintf("INSERT INTO u%d SELECT v FROM t%[1]d, %s AS s", i, localtest.Numbers(1, 200)),
			fmt.Sprintf("INSERT INTO t%d SELECT NULL FROM %s AS s", i, localtest.Numbers(1, 2000)),
		} {
			if err := run(t.Context(), c, s); err != nil {
				t.Fatal(s, err)
			}
		}
	}
	for i, one := range hashable {
		for j, other := range hashable {
			if i != j && (strings.HasPrefix(one.typ, "DATE") || strings.HasPrefix(other.typ, "DATE")) {
				continue
			}
			for _, form := range []string{
				"SELECT a.v, COUNT(b.v) AS n FROM t%d a LEFT JOIN u%d b ON b.v = a.v GROUP BY a.v ORDER BY a.v",
				"SELECT a.v, b.v, COUNT(*) AS n FROM t%d a JOIN u%d b ON b.v = a.v GROUP BY a.v, b.v ORDER BY a.v",
			} {
				if i != j && strings.Contains(form, " b.v, ") {
					continue
				}
				plain := fmt.Sprintf(form, i, j)
				joined, err := c.Joined(t.Context(), "", plain)
				for again := 0; again < 10 && err == nil && joined == plain && c.Server().LoopsJoins(); again++ {
					// The server has guessed too few rows, from a few pages.
					texts(t, c, fmt.Sprintf("ANALYZE TABLE t%d, u%d", i, j))
					joined, err = c.Joined(t.Context(), "", plain)
				}
				if err != nil || (joined != plain) != c.Server().LoopsJoins() {
					t.Fatal(plain, joined, err)
				}
				got, want := texts(t, c, joined), texts(t, c, plain)
				if !slices.EqualFunc(got, want, slices.Equal) {
					t.Errorf("%s by %s: %q, want %q", one.typ, other.typ, got, want)
				}
			}
		}
	}
	const few = "SELECT a.v FROM t0 a LEFT JOIN (SELECT 1 AS v UNION SELECT 2) b ON b.v = a.v"
	for _, statement := range []string{few, "SELECT no FROM nowhere"} {
		if got, err := c.Joined(t.Context(), "", statement); err != nil || got != statement {
			t.Errorf("%s: got %s, %v", statement, got, err)
		}
	}
}
