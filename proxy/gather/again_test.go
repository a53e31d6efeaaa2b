package gather

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// What a table turns out to be too small or too narrow for makes the gather
// begin anew with another one; nobody sees more of it than the time.
func TestBeginsAnew(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE numbers (n BIGINT, v VARBINARY(2000))", "INSERT INTO numbers SELECT seq, REPEAT('x', 2000) FROM "+localtest.Numbers(1, 40000)+" AS s",
		"CREATE TABLE texts (n INT, v LONGTEXT)", "INSERT INTO texts SELECT seq, CONCAT(seq, REPEAT('x', 500)) FROM "+localtest.Numbers(1, 20000)+" AS s")
	wide := make([]string, 120)
	for i := range wide {
		wide[i] = "REPEAT('x', 100) AS c" + string(rune('a'+i/26)) + string(rune('a'+i%26))
	}
	misled := shipping("s1", "t1", "SELECT n, v FROM numbers", "n")
	misled.Ship.Rows = 10
	filter := shipping("s1", "t2", "SELECT 1 AS one")
	filter.Ship.Filter = &router.Filter{Keys: "SELECT 1", Before: "SELECT 1 AS one WHERE 1 IN (", Behind: ")", Max: 1}
	filtered := shipping("s1", "t1", "SELECT n, v FROM texts", "v")
	filtered.Ship.Filter = &router.Filter{Keys: "SELECT 1", Before: "SELECT n, v FROM texts WHERE 1 IN (", Behind: ")", Max: 1}
	tests := []struct {
		name string
		plan *router.Plan
		want string
	}{
		{"memory full", gathering("s0", "SELECT COUNT(*), SUM(n) FROM t1", misled), "40000 800020000"},
		{"texts longer than their key", gathering("s0", "SELECT COUNT(*), SUM(a.n) FROM t1 a JOIN t2 b ON b.one = 1", filtered, filter), "20000 200010000"},
		{"too long a row", gathering("s0", "SELECT COUNT(*), SUM(CHAR_LENGTH(JSON_ARRAY(cbb))) FROM t1", shipping("s1", "t1", "SELECT "+strings.Join(wide, ", ")+" FROM "+localtest.Numbers(1, 100)+" AS s")), "100 10400"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := f.run(t, tt.plan)
			if err != nil || !slices.Equal(s.rows, []string{tt.want}) {
				t.Fatalf("got %q, %v", s.rows, err)
			}
			if s.steps[0].Rows == 0 || s.steps[0].Bytes == 0 {
				t.Errorf("%+v", s.steps)
			}
			f.left(t, "test")
		})
	}
	f.Close()
	if got := f.heaps.taken["s0"]; got != 0 {
		t.Errorf("%d bytes of the server's memory were not given back", got)
	}
}

// TestAltered ships the same statement before and after an ALTER TABLE, which
// the memory of its columns must not survive.
// TestAllAltered alters more tables at once than a gather begins anew: what is
// remembered of all is forgotten with what is found wrong of one.
func TestAllAltered(t *testing.T) {
	f := newFixture(t, 2)
	var steps []router.Step
	sum, tables := "", ""
	for i := range 2 * maxAttempts {
		table := fmt.Sprintf("a%d", i)
		f.Exec(t, 1, "CREATE TABLE "+table+" (v INT)", "INSERT INTO "+table+" VALUES (1)")
		steps = append(steps, shipping("s1", "t"+table, "SELECT v FROM "+table))
		sum, tables = sum+" + t"+table+".v", tables+", t"+table
	}
	plan := gathering("s0", "SELECT 0"+sum+" AS s FROM "+tables[2:], steps...)
	for _, altered := range []struct{ typ, want string }{{"INT", "8"}, {"DECIMAL(5,1)", "8.0"}, {"DECIMAL(5,2)", "8.00"}} {
		for i := range steps {
			f.Exec(t, 1, fmt.Sprintf("ALTER TABLE a%d MODIFY v %s", i, altered.typ))
		}
		if s, err := f.run(t, plan); err != nil || !slices.Equal(s.rows, []string{altered.want}) {
			t.Errorf("%s: got %q, %v", altered.typ, s.rows, err)
		}
	}
}

func TestAltered(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE x (v INT)", "INSERT INTO x VALUES (5)")
	plan := gathering("s0", "SELECT v, LENGTH(v) AS l FROM t1", shipping("s1", "t1", "SELECT v FROM x"))
	for _, tt := range []struct{ alter, want string }{
		{"DO 1", "5 1"},
		{"ALTER TABLE x MODIFY v BIGINT", "5 1"},
		{"ALTER TABLE x MODIFY v DECIMAL(10,2)", "5.00 4"},
		{"ALTER TABLE x MODIFY v DECIMAL(12,4)", "5.0000 6"},
		{"ALTER TABLE x MODIFY v VARCHAR(20)", "5.0000 6"},
		{"UPDATE x SET v = REPEAT('y', 20)", strings.Repeat("y", 20) + " 20"},
		{"ALTER TABLE x MODIFY v VARCHAR(30)", strings.Repeat("y", 20) + " 20"},
		{"ALTER TABLE x MODIFY v VARBINARY(30)", strings.Repeat("y", 20) + " 20"},
	} {
		f.Exec(t, 1, tt.alter)
		s, err := f.run(t, plan)
		if err != nil || !slices.Equal(s.rows, []string{tt.want}) {
			t.Errorf("after %s: got %q, %v", tt.alter, s.rows, err)
		}
		shape := f.shapes.get(shapeKey{shard: "s1", statement: "SELECT v FROM x LIMIT 0"})
		if kind, _, _ := strings.Cut(strings.TrimPrefix(tt.alter, "ALTER TABLE x MODIFY v "), "("); shape == nil || strings.HasPrefix(tt.alter, "ALTER") && !strings.EqualFold(shape.columns[0].kind, kind) {
			t.Errorf("after %s: remembered as %+v", tt.alter, shape)
		}
	}
	// What is read in another form, such as FLOAT, tells its type all the same,
	// and texts their collation.
	for _, tt := range []struct{ made, value string }{
		{"FLOAT", "1"}, {"DATE", "'2023-01-01'"}, {"FLOAT", "2"}, {"DOUBLE", "3"},
		{"FLOAT", "4"}, {"DATETIME", "'2023-01-01'"}, {"FLOAT", "5"}, {"BIT(4)", "b'101'"},
		{"BIGINT", "6"}, {"YEAR", "2023"}, {"TIME", "'01:02:03'"}, {"FLOAT", "1"},
		{"VARCHAR(9) COLLATE utf8mb4_unicode_ci", "'é'"}, {"VARCHAR(9) COLLATE utf8mb4_bin", "'é'"},
		{"VARCHAR(9) CHARACTER SET latin1", "'é'"}, {"VARBINARY(9)", "'1'"},
		{"ENUM('a', 'b')", "'b'"}, {"ENUM('b', 'a')", "'b'"}, {"SET('b', 'a')", "'a'"},
	} {
		f.Exec(t, 1, "DROP TABLE IF EXISTS z", "CREATE TABLE z (v "+tt.made+")", "INSERT INTO z VALUES ("+tt.value+")")
		value, final := "CAST(v AS CHAR)", "SELECT %s, v + 0 AS n, COLLATION(v) AS c FROM %s"
		if strings.HasPrefix(tt.made, "BIT") {
			value = "v + 0"
		}
		want, err := f.run(t, gathering("s1", fmt.Sprintf(final, value, "z")))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.run(t, gathering("s0", fmt.Sprintf(final, value, "t1"), shipping("s1", "t1", "SELECT v FROM z")))
		if err != nil || !slices.Equal(got.rows, want.rows) {
			t.Errorf("made anew with %s: got %q, %v, want %q", tt.made, got.rows, err, want.rows)
		}
	}
	// The members of an ENUM change without a sign of it.
	f.Exec(t, 1, "CREATE TABLE y (v ENUM('a', 'b'))", "INSERT INTO y VALUES ('b')")
	plan = gathering("s0", "SELECT v FROM t1", shipping("s1", "t1", "SELECT v FROM y"))
	for range 2 {
		s, err := f.run(t, plan)
		if err != nil || !slices.Equal(s.rows, []string{"b"}) {
			t.Errorf("ENUM: got %q, %v", s.rows, err)
		}
		f.Exec(t, 1, "ALTER TABLE y MODIFY v ENUM('c', 'b', 'a')")
	}
}

// TestPlannedTypes has a column that is not of the type any more by which the
// step was planned, of which the catalog has not been told.
func TestPlannedTypes(t *testing.T) {
	f := newFixture(t, 2)
	for made, fits := range map[string]bool{"BIGINT": true, "TINYINT UNSIGNED": true, "VARCHAR(9)": false, "DATE": false, "DOUBLE": false, "DECIMAL(5)": false, "YEAR": false} {
		f.Exec(t, 1, "DROP TABLE IF EXISTS x", "CREATE TABLE x (v "+made+")")
		step := shipping("s1", "t1", "SELECT v FROM x")
		step.Ship.Types = []catalog.Type{catalog.Int}
		_, err := f.run(t, gathering("s0", "SELECT COUNT(*) FROM t1", step))
		if stale := fault.CodeOf(err) == fault.StaleTable; stale == fits {
			t.Errorf("a column of %s planned as an integer: %v", made, err)
		}
	}
}

// TestDamage refuses to go on with values that the home server has changed.
func TestDamage(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE x (v VARCHAR(20), n BIGINT, d DATE)", "INSERT INTO x VALUES ('abcdef', 300, '2024-01-02')")
	for _, tt := range []struct{ column, believed string }{
		{"v", "varchar(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"}, {"n", "tinyint(4)"}, {"v", "date"}, {"n", "year(4)"}, {"v", "double"}, {"d", "time"},
	} {
		sql := "SELECT " + tt.column + " AS a FROM x"
		plan := gathering("s0", "SELECT JSON_ARRAY(a) AS j FROM t1", shipping("s1", "t1", sql))
		if _, err := f.run(t, plan); err != nil {
			t.Fatal(err)
		}
		known := f.shapes.get(shapeKey{shard: "s1", statement: sql + " LIMIT 0"})
		f.shapes.put(newShape(known.key, columnsOfTypes(t, tt.believed), known.stored))
		s, err := f.run(t, plan)
		f.shapes.drop(known.key)
		if fault.CodeOf(err) != fault.Unsupported || s.columns != nil {
			t.Errorf("%s in %s: got %q, %v", tt.column, tt.believed, s.rows, err)
		}
		f.left(t, "test")
	}
}

// TestShapesOfAKind shares what was learned among statements of one key, and does
// not believe the key either.
func TestShapesOfAKind(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE x (id BIGINT, v VARCHAR(20))", "INSERT INTO x VALUES (1, 'one'), (2, 'two'), (3, '2024-01-02')")
	key := shapeKey{shard: "s1", statement: "x by id"}
	var known *shape
	for _, tt := range []struct {
		sql, want string
		shared    bool
	}{
		{"SELECT v AS a FROM x WHERE id = 1", "one", true},
		{"SELECT v AS a FROM x WHERE id = 2", "two", true},
		{"SELECT CAST(v AS DATE) AS a FROM x WHERE id = 3", "2024-01-02", false},
		{"SELECT v AS a FROM x WHERE id = 1", "one", false},
	} {
		step := shipping("s1", "t1", tt.sql)
		step.Ship.ShapeKey = key.statement
		s, err := f.run(t, gathering("s0", "SELECT CONCAT(a, '') AS b FROM t1", step))
		if err != nil || !slices.Equal(s.rows, []string{tt.want}) {
			t.Errorf("%s: %q, %v", tt.sql, s.rows, err)
		}
		now := f.shapes.get(key)
		if shared := known == nil || now == known; shared != tt.shared || now == nil {
			t.Errorf("%s: what was learned before was used: %t", tt.sql, shared)
		}
		known = now
	}
	f.left(t, "test")
}

func TestShapes(t *testing.T) {
	var c shapes
	key := func(i int) shapeKey { return shapeKey{shard: "s", statement: strings.Repeat("x", i)} }
	for i := range maxShapes + 10 {
		c.put(newShape(key(i), nil, nil))
		c.get(key(0))
	}
	if c.get(key(0)) == nil || c.get(key(1)) != nil || c.order.Len() != maxShapes || len(c.byKey) != maxShapes {
		t.Errorf("%d shapes, of which %d by key", c.order.Len(), len(c.byKey))
	}
	old := newShape(key(5000), nil, nil)
	old.learned = time.Now().Add(-shapeLife - time.Second)
	c.put(old)
	c.put(newShape(key(maxShapeID+1), nil, nil))
	if c.get(key(5000)) != nil || c.get(key(maxShapeID+1)) != nil {
		t.Error("an old or a huge shape was kept")
	}
	first := []shard.ColumnType{{Name: "a", Type: "int"}}
	s := newShape(key(1), columnsOfTypes(t, "int(11)"), first)
	for i := range 2 {
		if !s.confirm(first) {
			t.Errorf("result %d was not confirmed", i)
		}
	}
	for _, other := range []shard.ColumnType{{Name: "a", Type: "text"}, {Name: "b", Type: "int"}} {
		if s.confirm([]shard.ColumnType{other}) {
			t.Errorf("a result of another column was confirmed: %+v", other)
		}
	}
}

// Parts of a table arrive in any order: those that are through before the
// table is made, and those that are too large to wait for it.
func TestParts(t *testing.T) {
	f := newFixture(t, 3)
	few, much := "SELECT seq AS n, CONCAT('v', seq) AS v FROM "+localtest.Numbers(1, 10)+" AS s", "SELECT seq AS n, REPEAT('x', 1000) AS v FROM "+localtest.Numbers(1, 15000)+" AS s"
	const slowly = "SELECT n, v FROM (SELECT SLEEP(0.3) AS n, 'late' AS v) AS x"
	for _, tt := range []struct {
		parts [3]string
		want  string
	}{
		{[3]string{few, few, few}, "30"},
		{[3]string{much, few, few}, "15020"},
		{[3]string{few, much, much}, "30010"},
		{[3]string{slowly, much, few}, "15011"},
		{[3]string{few, few, slowly}, "21"},
		{[3]string{few, few + " WHERE seq > 100", few + " WHERE seq > 100"}, "10"},
	} {
		for range 3 {
			var steps []router.Step
			for n, sql := range tt.parts {
				step := shipping("s"+string(rune('0'+n)), "t1", sql, "v")
				step.Ship.Shape = "SELECT CAST(1 AS SIGNED) AS n, CAST('' AS CHAR(1000)) AS v LIMIT 0"
				steps = append(steps, step)
			}
			s, err := f.run(t, gathering("s0", "SELECT COUNT(*) FROM t1", steps...))
			if err != nil || !slices.Equal(s.rows, []string{tt.want}) {
				t.Fatalf("%q: got %q, %v", tt.parts, s.rows, err)
			}
			if moved := s.steps[0].Rows + s.steps[1].Rows + s.steps[2].Rows; strconv.FormatInt(moved, 10) != tt.want {
				t.Errorf("%q: %d rows moved", tt.parts, moved)
			}
			f.left(t, "test")
		}
	}
	f.left(t, "test")
}
