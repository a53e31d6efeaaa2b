package gather

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
)

// namedTwice are queries that name what is shipped more than once, in the text
// or by way of WITHs.
var namedTwice = []string{
	"SELECT COUNT(*) FROM boss a JOIN boss b ON a.id < b.id JOIN dog d ON d.id = a.id",
	"SELECT COUNT(*) FROM dog WHERE id IN (SELECT id FROM boss) AND owner NOT IN (SELECT chief FROM boss WHERE chief IS NOT NULL)",
	"SELECT id FROM boss UNION ALL SELECT id FROM dog UNION ALL SELECT chief FROM boss ORDER BY id",
	"WITH c AS (SELECT id, chief FROM boss) SELECT a.id, b.id FROM c a JOIN c b ON a.chief = b.id JOIN dog d ON d.id = a.id ORDER BY 1, 2",
	"WITH c AS (SELECT id, chief FROM boss WHERE id > 1) SELECT c.id, (SELECT COUNT(*) FROM c) AS n FROM c, dog WHERE dog.id = c.id ORDER BY 1",
	"WITH c (k, v) AS (SELECT id, name FROM boss) SELECT k, v FROM c WHERE k IN (SELECT owner FROM dog) AND k NOT IN (SELECT k FROM c WHERE v LIKE 'b%') ORDER BY k",
	"WITH c AS (SELECT d.id, b.name FROM dog d JOIN boss b ON b.id = d.owner) SELECT x.name, COUNT(*) FROM c x JOIN c y USING (name) GROUP BY x.name ORDER BY 1",
	"WITH c AS (SELECT b.id, d.name AS n, COUNT(*) AS m FROM dog d JOIN boss b ON b.id = d.owner GROUP BY b.id, d.name) SELECT a.id, a.n, b.m FROM c a JOIN c b ON a.id = b.id AND a.m <= b.m ORDER BY 1, 2, 3",
	"WITH c AS (SELECT id FROM boss), d AS (SELECT id FROM c WHERE id > 1) SELECT c.id, d.id FROM c JOIN d JOIN dog ON dog.id = d.id ORDER BY 1, 2",
	"WITH c AS (SELECT id FROM boss), d AS (SELECT x.id FROM c x JOIN c y ON x.id <= y.id), e AS (SELECT x.id FROM d x JOIN d y ON x.id = y.id) SELECT COUNT(*) FROM e, dog",
	"WITH c AS (SELECT id FROM boss UNION SELECT owner FROM dog) SELECT COUNT(*) FROM c a, c b, c d",
	"WITH c AS (SELECT id FROM boss), c2 AS (SELECT id FROM dog) SELECT id FROM c UNION ALL SELECT id FROM c2 UNION ALL SELECT id FROM c UNION SELECT id + 10 FROM c ORDER BY 1",
	"WITH RECURSIVE r AS (SELECT id, 0 AS depth FROM boss WHERE chief IS NULL UNION ALL SELECT b.id, r.depth + 1 FROM r JOIN boss b ON b.chief = r.id) SELECT r.id, r.depth, dog.name FROM r JOIN dog ON dog.owner = r.id ORDER BY 1, 2, 3",
	"WITH RECURSIVE r AS (SELECT id, 0 AS depth FROM boss WHERE chief IS NULL UNION ALL SELECT b.id, r.depth + 1 FROM r JOIN boss b ON b.chief = r.id) SELECT x.id, y.depth FROM r x JOIN r y ON x.depth <= y.depth JOIN dog ON dog.owner = x.id ORDER BY 1, 2",
	"WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 4), c AS (SELECT n.i, boss.name FROM n JOIN boss ON boss.id = n.i) SELECT a.i, b.name FROM c a JOIN c b ON a.i = b.i JOIN dog ON dog.id = a.i ORDER BY 1",
	"SELECT z.id, (WITH c AS (SELECT id FROM boss WHERE id <> z.id) SELECT COUNT(*) FROM c x JOIN c y ON x.id = y.id) AS n FROM dog z ORDER BY 1",
	"SELECT * FROM (WITH c AS (SELECT id FROM boss) SELECT x.id FROM c x JOIN c y ON x.id = y.id) q JOIN dog USING (id) ORDER BY 1",
	"WITH o AS (SELECT id FROM dog) SELECT a.id FROM o a JOIN o b ON a.id = b.id JOIN boss c ON c.id = a.id ORDER BY 1",
	"WITH c AS (SELECT day, price FROM boss) SELECT a.day, a.price FROM c a JOIN c b ON a.day = b.day AND a.price = b.price JOIN dog ON dog.id = a.price ORDER BY 1, 2",
	"WITH c AS (SELECT * FROM boss) SELECT c.* FROM c WHERE EXISTS (SELECT 1 FROM dog, c AS x WHERE x.chief = c.id) ORDER BY id",
	"WITH c AS (SELECT id FROM big), d AS (SELECT owner AS id FROM dog) SELECT COUNT(*), SUM(a.id) FROM c a JOIN c b ON a.id = b.id JOIN d ON d.id = a.id",
	"WITH c AS (SELECT id, COUNT(*) AS n, SUM(id) AS s FROM big GROUP BY id) SELECT a.id, b.n, b.s FROM c a JOIN c b ON a.n = b.n ORDER BY 1, 2, 3",
	"WITH c AS (SELECT id FROM boss) (SELECT a.id FROM c a JOIN c b ON a.id = b.id JOIN dog ON dog.id = a.id) ORDER BY 1 LIMIT 2",
	"WITH c AS (WITH i AS (SELECT id FROM boss) SELECT id FROM i) SELECT a.id FROM c a JOIN c b ON a.id = b.id JOIN dog ON dog.id = a.id ORDER BY 1",
	"WITH c AS (SELECT id FROM boss ORDER BY id LIMIT 2) SELECT a.id, b.id FROM c a JOIN c b JOIN dog ON dog.id = a.id ORDER BY 1, 2",
}

// namedInVain are queries that a server which opens a temporary table once a
// statement can't answer, and what of it the refusal tells.
var namedInVain = map[string]string{
	"WITH c AS (SELECT b.id, RAND() AS r FROM boss b JOIN dog ON dog.id = b.id) SELECT COUNT(*) FROM c x JOIN c y ON x.r = y.r":                                                                        "could have other rows",
	"WITH c AS (SELECT b.id FROM boss b JOIN dog d ON d.id = b.id LIMIT 1) SELECT COUNT(*) FROM c x JOIN c y ON x.id = y.id":                                                                           "could have other rows",
	"WITH c AS (WITH i AS (SELECT b.id FROM boss b JOIN dog d ON d.id = b.id) SELECT x.id FROM i x JOIN i y) SELECT COUNT(*) FROM c x JOIN c y":                                                        "such a WITH inside",
	"WITH a AS (SELECT b.id FROM boss b JOIN dog), b AS (SELECT x.id FROM a x JOIN a y), c AS (SELECT x.id FROM b x JOIN b y), d AS (SELECT x.id FROM c x JOIN c y) SELECT COUNT(*) FROM d x JOIN d y": "copies",
}

// TestNamedTwice compares answers over two shards with those of one server
// that has all tables.
func TestNamedTwice(t *testing.T) {
	f, whole := newFixture(t, 2), newFixture(t, 1)
	dog := []string{"CREATE TABLE dog (id BIGINT PRIMARY KEY, owner BIGINT, name VARCHAR(20))",
		"INSERT INTO dog VALUES (1, 2, 'rex'), (2, 2, 'fido'), (3, 4, 'rex'), (4, 1, 'ace'), (9, NULL, NULL)"}
	boss := []string{"CREATE TABLE boss (id BIGINT PRIMARY KEY, chief BIGINT, name VARCHAR(20), day DATETIME(6), price FLOAT)",
		"INSERT INTO boss VALUES (1, NULL, 'ann', '2024-01-02 03:04:05.000006', 0.1), (2, 1, 'bob', NULL, 2), (3, 1, 'Bob', '1999-12-31', 16777216), (4, 2, 'cy', '1999-12-31', 3)"}
	big := func(first, last string) []string {
		return []string{"CREATE TABLE IF NOT EXISTS big (id BIGINT PRIMARY KEY)", "INSERT INTO big VALUES (" + first + "), (" + last + ")"}
	}
	f.Exec(t, 0, slices.Concat(dog, big("1", "2"))...)
	f.Exec(t, 1, slices.Concat(boss, big("3", "4"))...)
	whole.Exec(t, 0, slices.Concat(dog, boss, big("1", "2"), big("3", "4"))...)
	snap := catalogtest.Parse(t, `shards s0 s1
dog on s0=1000: id int, owner int, name text
boss on s1=10: id int, chief int, name text, day, price
big on s0=5 s1=5: id int`)
	dialect := router.Dialect{OpensOnce: !f.server(t).Reopens()}
	for _, query := range namedTwice {
		t.Run("", func(t *testing.T) { f.compare(t, whole, snap, dialect, query) })
	}
	for query, why := range namedInVain {
		if !dialect.OpensOnce {
			break
		}
		if _, err := router.New(router.Config{}).Plan(snap, router.Query{SQL: query, Dialect: dialect}); fault.CodeOf(err) != fault.Unsupported || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v, not refused for %q", query, err, why)
		}
	}
	f.left(t, "test")
}

// compare answers a query on s0 and s1 and compares that with the
// answer of one server that has all.
func (f *fixture) compare(t *testing.T, whole *fixture, snap *catalog.Snapshot, dialect router.Dialect, query string) {
	t.Helper()
	plan, err := router.New(router.Config{}).Plan(snap, router.Query{SQL: query, Dialect: dialect})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	if plan.Kind != router.Gather {
		t.Fatalf("%s is not gathered: %s", query, plan)
	}
	want, err := whole.run(t, gathering("s0", query))
	if server.Number(err) == 1054 { // MariaDB's WITHs see nothing around them
		t.Skip(err)
	}
	if err != nil || len(want.rows) == 0 {
		t.Fatalf("%s: %q, %v", query, want.rows, err)
	}
	if got, err := f.run(t, plan); err != nil || !slices.Equal(got.rows, want.rows) {
		t.Errorf("%s\ngot  %q, %v\nwant %q\n%s", query, got.rows, err, want.rows, plan)
	}
}
