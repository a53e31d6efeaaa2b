package resolve

import (
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/guard"
)

// TestGrowth has aggregates that may and may not meet more rows than a table has.
func TestGrowth(t *testing.T) {
	snap := catalogtest.Parse(t, `
shards a
t on a: id int, x int, y int, doc json
u on a: id int, x int
v on a: id int, t int
reference.r on a: id int, x int`)
	for query, allowed := range map[string]bool{
		"SELECT JSON_OBJECTAGG('a', 1)":      true,
		"SELECT JSON_OBJECTAGG(x, y) FROM t": true,
		"SELECT x, JSON_OBJECTAGG(id, y) FROM t WHERE id IN (SELECT u.id FROM u, v) GROUP BY x":                true,
		"SELECT ST_COLLECT(POINT(t.id, 1)) FROM t":                                                             true,
		"SELECT ST_COLLECT(POINT(t.id, u.id)) FROM t, u":                                                       false,
		"SELECT COUNT(*) FROM t, u, v":                                                                         true,
		"SELECT JSON_OBJECTAGG(t.id, u.id) FROM t, u":                                                          false,
		"SELECT JSON_ARRAYAGG(t.id) FROM t, u":                                                                 false,
		"SELECT JSON_OBJECTAGG(t.id, u.id) FROM t JOIN u ON t.x = u.x GROUP BY t.id":                           false,
		"SELECT JSON_OBJECTAGG(t.id, u.x) FROM t JOIN u ON t.x = u.id":                                         true,
		"SELECT JSON_OBJECTAGG(t.id, u.x) FROM t, u WHERE u.id = t.x":                                          true,
		"SELECT JSON_OBJECTAGG(t.id, u.x) FROM t, u WHERE u.id = t.x + 0":                                      false,
		"SELECT JSON_OBJECTAGG(t.id, u.x) FROM t, u WHERE u.id = t.x OR t.y > 5":                               false,
		"SELECT JSON_OBJECTAGG(t.id, r.x) FROM t, r WHERE r.id = t.x":                                          false, // whose ids these are is not known
		"SELECT JSON_OBJECTAGG(t.id, r.x) FROM t, r WHERE r.x = t.id":                                          true,
		"SELECT JSON_OBJECTAGG(t.id, u.x) FROM t LEFT JOIN u ON u.id = t.x":                                    true,
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM t LEFT JOIN v ON v.t = t.id GROUP BY t.id":                     true,
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM v RIGHT JOIN t ON v.t = t.id GROUP BY t.id":                    true,
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM u JOIN t ON t.x = u.id LEFT JOIN v ON v.t = t.id":              true,
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM u CROSS JOIN t LEFT JOIN v ON v.t = t.id AND v.id = u.id":      false, // rows that find none
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM u CROSS JOIN t LEFT JOIN v ON u.id = t.x":                      false,
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM t LEFT JOIN v ON v.t = t.id LEFT JOIN u ON u.x = t.id":         false, // two for each
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM t JOIN v ON v.t = t.id JOIN u ON u.id = v.id":                  true,
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM t, u, v WHERE u.id = v.id AND v.id = u.id":                     false, // a ring that nothing finds
		"SELECT JSON_OBJECTAGG(t.id, v.id) FROM t, u, v WHERE u.id = v.id AND v.id = t.x":                      true,
		"SELECT JSON_OBJECTAGG(a, b) FROM (SELECT t.id AS a, u.id AS b FROM t, u) d":                           false,
		"SELECT JSON_OBJECTAGG(a, b) FROM (SELECT t.id AS a, u.id AS b FROM t, u LIMIT 1000) d":                true,
		"SELECT JSON_OBJECTAGG(a, 1) FROM (SELECT t.id AS a FROM t, u GROUP BY t.id) d":                        true,
		"SELECT JSON_OBJECTAGG(a, 1) FROM (SELECT t.id AS a FROM t, u GROUP BY t.id, u.id) d":                  false,
		"SELECT JSON_OBJECTAGG(a, 1) FROM (SELECT t.id AS a FROM t, u GROUP BY 1) d":                           false,
		"SELECT JSON_OBJECTAGG(a, 1) FROM (SELECT DISTINCT t.id AS a FROM t, u) d":                             true,
		"SELECT JSON_OBJECTAGG(id, 1) FROM (SELECT DISTINCT t.* FROM t, u) d":                                  false,
		"SELECT JSON_OBJECTAGG(a, 1) FROM (SELECT COUNT(*) AS a FROM t, u) d, v":                               true,
		"SELECT JSON_OBJECTAGG(a, 1) FROM (SELECT ROW_NUMBER() OVER (ORDER BY t.id) AS a FROM t, u) d":         false,
		"SELECT JSON_OBJECTAGG(id, 1) FROM (SELECT id FROM t UNION ALL SELECT id FROM u) d":                    true,
		"SELECT JSON_OBJECTAGG(id, 1) FROM (SELECT id FROM t UNION ALL SELECT t.id FROM t, u) d":               false,
		"WITH c AS (SELECT t.id FROM t, u) SELECT JSON_OBJECTAGG(id, 1) FROM c":                                false,
		"WITH c AS (SELECT id FROM t) SELECT JSON_OBJECTAGG(c.id, 1) FROM c, c AS d":                           false,
		"WITH RECURSIVE c AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM c) SELECT JSON_OBJECTAGG(n, 1) FROM c": false,
		"SELECT JSON_OBJECTAGG(j.a, 1) FROM t, JSON_TABLE(t.doc, '$[*]' COLUMNS (a INT PATH '$')) j":           true,
		"SELECT JSON_OBJECTAGG(j.a, 1) FROM t, JSON_TABLE(CONCAT(doc), '$[*]' COLUMNS (a INT PATH '$')) j":     false,
		"SELECT JSON_ARRAYAGG(t.id) OVER () FROM t, u":                                                         false,
		"SELECT JSON_ARRAYAGG(t.id) OVER () FROM t":                                                            true,
		"SELECT 1 FROM t, u HAVING JSON_OBJECTAGG(t.id, 1) IS NULL":                                            false,
		"SELECT (SELECT JSON_OBJECTAGG(t.id, 1) FROM v) FROM t, u":                                             false, // of the rows around it
		"SELECT (SELECT JSON_OBJECTAGG(v.id, t.id) FROM v WHERE v.t = t.id) FROM t, u":                         true,
	} {
		for _, unbounded := range []string{"", "json_objectagg json_arrayagg st_collect"} {
			st, err := guard.Dialect{Unbounded: unbounded}.Parse(query, nil, guard.Limits{})
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			_, err = Statement(snap, "db", st)
			if want := allowed || unbounded == ""; want != (err == nil) || err != nil && fault.CodeOf(err) != fault.Unsupported {
				t.Errorf("%s, unbounded %q: %v", query, unbounded, err)
			}
		}
	}
}
