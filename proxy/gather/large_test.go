package gather

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/shard"
)

// Whatever its size, a row comes to the home shard as it was.
func TestLargeRows(t *testing.T) {
	const memory = 24 << 20 // for rows, of all readers
	f := newFixture(t, 3, func(c *shard.Config) { c.MaxValueMemory, c.MaxRowBytes = memory, 12<<20 })
	texts := `REPEAT('x', 300000), REPEAT('a\'b\\\\c\0d"é€😀\n', 20000), REPEAT('\\', 1500000), '', NULL, REPEAT('é', 130000), REPEAT('\'', 2500000)`
	f.Exec(t, 1, "CREATE TABLE x (id INT PRIMARY KEY, n INT, v LONGTEXT, b LONGBLOB, l LONGTEXT CHARACTER SET latin1)")
	values := strings.Split(texts, ", ")
	for i := 0; i+1 < len(values); i++ { // split apart by the comma in each REPEAT
		if strings.HasPrefix(values[i], "REPEAT(") {
			values[i] += ", " + values[i+1]
			values = slices.Delete(values, i+1, i+2)
		}
	}
	for i, v := range values {
		f.Exec(t, 1, "INSERT INTO x SELECT "+string(rune('0'+i))+", -5, "+v+", CONCAT("+v+", x'00ff27'), IF("+v+" LIKE '%😀%', NULL, "+v+")")
	}
	const digests = "SELECT id, n, LENGTH(v), SHA2(v, 256), LENGTH(b), SHA2(b, 256), LENGTH(l), SHA2(l, 256) FROM "
	step := shipping("s1", "t1", "SELECT id, n, v, b, l FROM x", "id")
	broadcast := shipping("s2", "t2", "SELECT 1 AS n")
	want, err := f.run(t, gathering("s1", digests+"x ORDER BY id", broadcast))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.run(t, gathering("s0", digests+"t1 ORDER BY id", step))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.rows, want.rows) || len(got.rows) != len(values) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got.rows, "\n"), strings.Join(want.rows, "\n"))
	}
	f.left(t, "test")
}

// A row that nothing has room for is refused by name, and leaves nothing.
func TestRowsTooLargeToMove(t *testing.T) {
	f := newFixture(t, 2, func(c *shard.Config) { c.MaxValueMemory, c.MaxRowBytes = 40<<20, 12<<20 })
	for sql, want := range map[string]struct {
		code fault.Code
		text string
	}{
		"SELECT 1 AS n, REPEAT('x', 13000000) AS v":                               {fault.TooLarge, "-max_row_bytes"},
		"SELECT 1 AS n, REPEAT('x', 9000000) AS v, REPEAT('\\'', 4000000) AS w":   {fault.TooLarge, "-max_row_bytes"},
		"SELECT 1 AS n, REPEAT('\\\\', 9000000) AS v":                             {fault.Unsupported, "too long to be moved"},
		"SELECT 1 AS n, REPEAT(x'00', 9000000) AS v UNION ALL SELECT 2 AS n, 'a'": {fault.Unsupported, "too long to be moved"},
	} {
		_, err := f.run(t, gathering("s0", "SELECT COUNT(*), SUM(LENGTH(v)) FROM t1", shipping("s1", "t1", sql)))
		if fault.CodeOf(err) != want.code || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: got %v, want %s", sql, err, want.code)
		}
		f.left(t, "test")
	}
}
