package gather

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// What a table turns out to be too small or too narrow for makes the gather
// begin anew with another one; nobody sees more of it than the time.
func TestBeginsAnew(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE numbers (n BIGINT, v VARBINARY(2000))", "INSERT INTO numbers SELECT seq, REPEAT('x', 2000) FROM seq_1_to_40000",
		"CREATE TABLE texts (n INT, v LONGTEXT)", "INSERT INTO texts SELECT seq, CONCAT(seq, REPEAT('x', 500)) FROM seq_1_to_20000")
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
		{"too long a row", gathering("s0", "SELECT COUNT(*), SUM(CHAR_LENGTH(JSON_ARRAY(cbb))) FROM t1", shipping("s1", "t1", "SELECT "+strings.Join(wide, ", ")+" FROM seq_1_to_100")), "100 10400"},
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

// TestDamage refuses to go on with values that the home server has changed.
func TestDamage(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE x (v VARCHAR(20), n BIGINT, d DATE)", "INSERT INTO x VALUES ('abcdef', 300, '2024-01-02')")
	for _, tt := range []struct{ column, believed string }{
		{"v", "varchar(3) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"}, {"n", "tinyint(4)"}, {"v", "date"}, {"n", "year(4)"}, {"v", "double"}, {"d", "time"},
	} {
		sql := "SELECT " + tt.column + " AS a FROM x"
		f.shapes.put(newShape(shapeKey{shard: "s1", statement: sql + " LIMIT 0"}, columnsOfTypes(t, tt.believed)))
		s, err := f.run(t, gathering("s0", "SELECT JSON_ARRAY(a) AS j FROM t1", shipping("s1", "t1", sql)))
		if fault.CodeOf(err) != fault.Unsupported || s.columns != nil {
			t.Errorf("%s in %s: got %q, %v", tt.column, tt.believed, s.rows, err)
		}
		f.left(t, "test")
	}
}

func TestShapes(t *testing.T) {
	var c shapes
	key := func(i int) shapeKey { return shapeKey{shard: "s", statement: strings.Repeat("x", i)} }
	for i := range maxShapes + 10 {
		c.put(newShape(key(i), nil))
		c.get(key(0))
	}
	if c.get(key(0)) == nil || c.get(key(1)) != nil || c.order.Len() != maxShapes || len(c.byKey) != maxShapes {
		t.Errorf("%d shapes, of which %d by key", c.order.Len(), len(c.byKey))
	}
	old := newShape(key(5000), nil)
	old.learned = time.Now().Add(-shapeLife - time.Second)
	c.put(old)
	c.put(newShape(key(maxShapeID+1), nil))
	if c.get(key(5000)) != nil || c.get(key(maxShapeID+1)) != nil {
		t.Error("an old or a huge shape was kept")
	}
	s := newShape(key(1), columnsOfTypes(t, "int(11)"))
	first := []shard.ColumnType{{Name: "a", Type: "int"}}
	for i := range 2 {
		if !s.confirm(first) {
			t.Errorf("result %d was not confirmed", i)
		}
	}
	if s.confirm([]shard.ColumnType{{Name: "a", Type: "text"}}) {
		t.Error("a result of other columns was confirmed")
	}
}

// Parts of a table arrive in any order: those that are through before the
// table is made, and those that are too large to wait for it.
func TestParts(t *testing.T) {
	f := newFixture(t, 3)
	const few, much = "SELECT seq AS n, CONCAT('v', seq) AS v FROM seq_1_to_10", "SELECT seq AS n, REPEAT('x', 100) AS v FROM seq_1_to_150000"
	const slowly = "SELECT n, v FROM (SELECT SLEEP(0.3) AS n, 'late' AS v) AS x"
	for _, tt := range []struct {
		parts [3]string
		want  string
	}{
		{[3]string{few, few, few}, "30"},
		{[3]string{much, few, few}, "150020"},
		{[3]string{few, much, much}, "300010"},
		{[3]string{slowly, much, few}, "150011"},
		{[3]string{few, few, slowly}, "21"},
		{[3]string{few, few + " WHERE seq > 100", few + " WHERE seq > 100"}, "10"},
	} {
		for range 3 {
			var steps []router.Step
			for n, sql := range tt.parts {
				step := shipping("s"+string(rune('0'+n)), "t1", sql, "v")
				step.Ship.Shape = "SELECT CAST(1 AS SIGNED) AS n, CAST('' AS CHAR(100)) AS v LIMIT 0"
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
