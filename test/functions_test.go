package test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// The registered tables of TestGeometries and TestFunctions, one on each shard.
const (
	placesTable = "CREATE TABLE places (id INT PRIMARY KEY, g GEOMETRY, p POINT NOT NULL, word VARCHAR(40) DEFAULT 'none', FULLTEXT (word))"
	areasTable  = "CREATE TABLE areas (id INT PRIMARY KEY, area POLYGON, word VARCHAR(40))"
)

var (
	placesRows = []string{
		"INSERT INTO places VALUES (1, ST_GeomFromText('LINESTRING(0 0,1.5 2)'), ST_GeomFromText('POINT(10 20)', 4326), 'red apple')",
		"INSERT INTO places VALUES (2, ST_GeomFromText('POINT(-0.1 1e300)'), ST_GeomFromText('POINT(1 1)'), 'pear')",
		"INSERT INTO places VALUES (3, NULL, ST_GeomFromText('POINT(9 9)'), NULL)",
	}
	areasRows = []string{
		"INSERT INTO areas VALUES (1, ST_GeomFromText('POLYGON((0 0,4 0,4 4,0 4,0 0),(2 2,3 2,3 3,2 3,2 2))'), 'Apple')",
		"INSERT INTO areas VALUES (2, ST_GeomFromText('POLYGON((0 0,2 0,2 2,0 0))'), 'pear')",
		"INSERT INTO areas VALUES (3, NULL, 'none')",
	}
)

// onTwo returns a process with places on one shard and areas on another, and
// a database that has both.
func onTwo(t *testing.T) (s *harness.Server, whole, address string) {
	t.Helper()
	localtest.NeedGathers(t)
	addresses := localtest.Servers(t, 2)
	apart, whole := localtest.Database(t, addresses...), localtest.Database(t, addresses[0])
	places, areas := slices.Concat([]string{placesTable}, placesRows), slices.Concat([]string{areasTable}, areasRows)
	localtest.Exec(t, localtest.Open(t, addresses[0], apart), places...)
	localtest.Exec(t, localtest.Open(t, addresses[1], apart), areas...)
	localtest.Exec(t, localtest.Open(t, addresses[0], whole), slices.Concat(places, areas)...)
	flags := harness.ShardFlags(addresses, localtest.Database(t, addresses...))
	s = harness.Start(t, flags...)
	for i, table := range []string{"places", "areas"} {
		s.Expect(200, "PUT", "/api/tables/"+table, map[string]string{"shard": harness.ShardName(i), "database": apart})
	}
	return s, whole, addresses[0]
}

// texts are an answer's rows as selectText has them.
func texts(a harness.Answer) string {
	var lines []string
	for _, row := range a.Rows {
		var values []string
		for _, v := range row {
			if v == nil {
				v = "NULL"
			}
			values = append(values, fmt.Sprint(v))
		}
		lines = append(lines, strings.Join(values, "|"))
	}
	return strings.Join(lines, "\n")
}

// TestGeometries reads geometries of one shard and of two.
func TestGeometries(t *testing.T) {
	t.Parallel()
	s, whole, address := onTwo(t)
	for query, want := range map[string]string{
		"SELECT g FROM places ORDER BY id": `[{"coordinates":[[0,0],[1.5,2]],"type":"LineString"}]
[{"coordinates":[-0.1,1e+300],"type":"Point"}]
[null]`,
		"SELECT p.g, a.area FROM places p JOIN areas a ON a.id = p.id WHERE p.id = 2": `[{"coordinates":[-0.1,1e+300],"type":"Point"},{"coordinates":[[[0,0],[2,0],[2,2],[0,0]]],"type":"Polygon"}]`,
		"SELECT POINT(1, 2) FROM areas WHERE id = 1":                                  `[{"coordinates":[1,2],"type":"Point"}]`,
	} {
		if got := s.Rows(query); got != want {
			t.Errorf("%s\ngives %s\nnot   %s", query, got, want)
		}
	}
	for i, c := range s.Query("SELECT * FROM places").Columns {
		if want := []string{"int", "geometry", "geometry", "text"}[i]; c.Type != want {
			t.Errorf("%s is %s, not %s", c.Name, c.Type, want)
		}
	}
	described := string(s.Expect(200, "GET", "/api/describe?table=places", nil).Body)
	if !strings.Contains(described, `{"name":"p","type":"point","nullable":false}`) {
		t.Error(described)
	}
	direct := localtest.Open(t, address, whole)
	for _, query := range []string{
		"SELECT p.id, HEX(p.g), HEX(p.p), HEX(a.area) FROM places p JOIN areas a ON a.id = p.id ORDER BY 1",
		"SELECT p.id, ST_SRID(p.p), ST_AsText(p.g), ST_AsText(a.area) FROM places p LEFT JOIN areas a ON a.id + 1 = p.id ORDER BY 1",
		"SELECT a.id, p.id, ST_Contains(a.area, p.g), ST_Distance(a.area, POINT(9, 9)) FROM places p, areas a WHERE ST_SRID(p.p) = 0 ORDER BY 1, 2",
		"SELECT a.id, SUM(ST_Area(a.area)), MAX(ST_X(p.p)) FROM places p JOIN areas a ON MBRIntersects(a.area, p.p) WHERE p.id > 1 GROUP BY a.id ORDER BY 1",
		"SELECT x.id, HEX(x.g) FROM (SELECT DISTINCT id, g FROM places) x JOIN areas a USING (id) ORDER BY 1",
		"SELECT id, HEX(g) FROM places UNION SELECT id, HEX(area) FROM areas ORDER BY 1, 2",
		"SELECT id FROM places WHERE ST_AsText(p) IN (SELECT ST_AsText(ST_StartPoint(ST_ExteriorRing(area))) FROM areas) ORDER BY 1",
		"SELECT p.id, HEX(WEIGHT_STRING(a.word)), HEX(WEIGHT_STRING(p.word AS CHAR(3))) FROM places p JOIN areas a ON a.id = p.id ORDER BY 1",
		"SELECT p.id, HEX(AES_ENCRYPT(a.word, p.word)) FROM places p JOIN areas a ON a.id = p.id ORDER BY 1",
		"SELECT id, DEFAULT(word) FROM places ORDER BY id",
		"SELECT id, ((MATCH (word) AGAINST ('apple')) > 0) + 1 FROM places ORDER BY id",
		"SELECT id FROM places WHERE MATCH (word) AGAINST ('apple') ORDER BY id",
	} {
		if got, want := texts(s.Query(query)), selectText(t, direct, query); got != want {
			t.Errorf("%s\ngives %s\nnot   %s", query, got, want)
		}
	}
}

// TestFunctionsAcross has functions that only the shard with the table computes,
// and those whose value is another one at each call.
func TestFunctionsAcross(t *testing.T) {
	t.Parallel()
	s, _, _ := onTwo(t)
	for _, what := range []string{"DEFAULT(p.word)", "JSON_STORAGE_SIZE(p.word)", "ROWNUM()", "ST_COLLECT(p.g)", "(MATCH (p.word) AGAINST ('apple'))"} {
		query := fmt.Sprintf("SELECT %s FROM places p JOIN areas a ON a.id = p.id", what)
		problem := s.Refused(422, string(fault.Unsupported), "POST", "/api/query", map[string]string{"query": query})
		if name, _, _ := strings.Cut(strings.TrimPrefix(what, "("), "("); !strings.Contains(problem.Detail, strings.TrimSpace(name)) {
			t.Errorf("%s: %s", what, problem.Detail)
		}
	}
	if got := s.Query("SELECT COUNT(DISTINCT u) FROM (SELECT UUID() u FROM places p, areas a LIMIT 1000) x").Rows[0][0]; fmt.Sprint(got) != "9" {
		t.Errorf("%v different UUIDs in 9 rows", got)
	}
	problem := s.Refused(400, string(fault.DatabaseError), "POST", "/api/query", map[string]string{"query": "SELECT TIDB_SHARD(id) FROM places"})
	if !strings.Contains(strings.ToUpper(problem.Detail), "TIDB_SHARD") {
		t.Errorf("a function that the server lacks: %s", problem.Detail)
	}
}
