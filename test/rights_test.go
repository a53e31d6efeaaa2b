package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// TestQueryAccount gives queries an account of their own with the rights that
// databalancer grants prints: queries, also across shards, their cancellation
// and the health checks must need no more.
func TestQueryAccount(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 2)
	s := harness.Start(t, flags...)
	s.Put("numbers", map[string]string{"n": "int"}, numbers(many))
	s.Put("others", map[string]string{"n": "int"}, numbers(10))
	query, want := "SELECT COUNT(*) FROM numbers JOIN others USING (n)", "[10]"
	if !gathers(s) {
		query, want = "SELECT COUNT(*) FROM numbers", fmt.Sprintf("[%d]", many)
	}
	if got := s.Rows(query); got != want {
		t.Errorf("%s: got %s, want %s", query, got, want)
	}
	s.Refused(504, "timeout", "POST", "/api/query", map[string]any{"query": "SELECT COUNT(*) FROM numbers a, numbers b WHERE a.n <> b.n + 1", "timeout": "500ms"})
	for _, address := range addresses {
		admin := localtest.Open(t, address, "")
		localtest.Eventually(t, 5*time.Second, "the KILL arrived", func() bool {
			return selectText(t, admin, "SELECT user FROM information_schema.processlist WHERE user = '"+
				harness.AccountName("mysql_query", database)+"' AND info LIKE '/* databalancer query_id%'") == ""
		})
	}
	s.Expect(200, "GET", "/readyz", nil)
}

// gathers reports whether queries may need several of the shards: those of TiDB
// are not joined.
func gathers(s *harness.Server) bool {
	return !strings.Contains(string(s.Expect(200, "GET", "/api/shards", nil).Body), "TiDB")
}

type readiness struct {
	Status string
	Checks []struct{ Name, Status, Error, Detail string }
}

// TestMissingRights takes one right after the other from the accounts of a
// catalog that is there. The process starts, is not ready and says why, until
// the right is granted as it says.
func TestMissingRights(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 2)
	first := harness.Start(t, flags...)
	first.Put("f", map[string]string{"n": "int"}, numbers(10))
	gathers := gathers(first)
	first.Stop()
	catalog := database + "_catalog"
	for _, test := range []struct{ role, database, right, check, want string }{
		{"mysql", database, "INSERT", "shard s2", "the writing account lacks INSERT on "},
		{"mysql", database, "INDEX", "shard s2", "the writing account lacks INDEX on "},
		{"mysql", database, "DROP", "shard s2", "the writing account lacks DROP on "},
		{"mysql_query", database, "CREATE TEMPORARY TABLES", "shard s2", "the querying account lacks CREATE TEMPORARY TABLES on "},
		{"mysql_query", database, "SELECT", "shard s2", "the querying account lacks SELECT on "},
		{"catalog", catalog, "ALTER", "catalog", "the catalog account lacks ALTER on "},
	} {
		if test.right == "CREATE TEMPORARY TABLES" && !gathers {
			continue
		}
		t.Run(test.role+" "+test.right, func(t *testing.T) {
			server := addresses[1]
			if test.role == "catalog" {
				server = addresses[0]
			}
			admin := localtest.Open(t, server, "")
			account := "'" + harness.AccountName(test.role, database) + "'@'%'"
			pattern := "`" + strings.ReplaceAll(test.database, "_", `\_`) + "`.*"
			localtest.Exec(t, admin, "REVOKE "+test.right+" ON "+pattern+" FROM "+account)
			t.Cleanup(func() { localtest.Exec(t, admin, "GRANT "+test.right+" ON "+pattern+" TO "+account) })
			s := harness.Start(t, flags...)
			r := harness.Decode[readiness](t, s.Expect(503, "GET", "/readyz", nil).Body)
			i := slices.IndexFunc(r.Checks, func(c struct{ Name, Status, Error, Detail string }) bool { return c.Name == test.check })
			if r.Status != "rights_missing" || i < 0 || r.Checks[i].Error != "rights_missing" {
				t.Fatalf("got %+v", r)
			}
			grant := "GRANT " + test.right + " ON " + pattern + " TO "
			want := test.want + test.database + ": " + grant + "…"
			if got := r.Checks[i].Detail; got != want {
				t.Errorf("got %q, want %q", got, want)
			}
			if !strings.Contains(s.Log.String(), strings.ReplaceAll(grant, `\`, `\\`)+account) {
				t.Errorf("the log does not say %s%s", grant, account)
			}
			localtest.Exec(t, admin, grant+account)
			localtest.Eventually(t, 30*time.Second, "the process is ready", func() bool { return s.Request("GET", "/readyz", nil).Status == 200 })
		})
	}
}

// TestFirstStartWithoutRights cannot do without what it lacks, and says what
// that is.
func TestFirstStartWithoutRights(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 1)
	admin := localtest.Open(t, addresses[0], "")
	account := "'" + harness.AccountName("mysql", database) + "'@'%'"
	localtest.Exec(t, admin, "REVOKE CREATE ON `"+strings.ReplaceAll(database, "_", `\_`)+"`.* FROM "+account)
	s := harness.Begin(t, append(flags, "-start_timeout", "10s")...)
	if code := s.Wait(30 * time.Second); code != 1 {
		t.Errorf("exit status %d, want 1", code)
	}
	if want := "the writing account lacks CREATE on " + database; !strings.Contains(s.Log.String(), want) {
		t.Errorf("the log does not say that %s", want)
	}
}
