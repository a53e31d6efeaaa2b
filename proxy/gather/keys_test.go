package gather

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
)

// A filter moves the rows that have one of the keys at home, and all of them
// where there are too many keys.
func TestFilter(t *testing.T) {
	f := newFixture(t, 3)
	shop(t, f)
	f.Exec(t, 2, "CREATE TABLE likes (name LONGTEXT, n INT)", "INSERT INTO likes VALUES ('one', 3), ('none', 4)")
	filtered := func(keys string, most int, after ...string) router.Step {
		s := shipping("s1", "t1", "SELECT id, uid, name FROM customers", "id", "uid")
		s.Ship.Filter = &router.Filter{Keys: keys, Before: "SELECT id, uid, name FROM customers WHERE uid IN (", Behind: ")", Max: most, After: after}
		return s
	}
	const final = "SELECT c.name, COUNT(*) AS n FROM orders o JOIN t1 c ON c.uid = o.uid WHERE o.id BETWEEN 8 AND 15 GROUP BY c.name ORDER BY 1"
	const keys = "SELECT DISTINCT uid FROM orders WHERE id BETWEEN 8 AND 15"
	tests := []struct {
		name  string
		plan  *router.Plan
		want  []string
		moved int64
	}{
		{"few keys", gathering("s0", final, filtered(keys, 7)), []string{"one 2", "two 1", "zero 1"}, 3},
		{"too many keys", gathering("s0", final, filtered(keys, 6)), []string{"one 2", "two 1", "zero 1"}, 4},
		{"one key", gathering("s0", final, filtered("SELECT uid FROM orders WHERE id = 8", 6)), []string{"one 2"}, 1},
		{"no keys", gathering("s0", final, filtered("SELECT uid FROM orders WHERE id = 0", 6)), nil, 0},
		{"NULL is no key", gathering("s0", final, filtered("SELECT NULL AS uid FROM orders WHERE id = 8", 6)), nil, 0},
		{"keys of a type without literals", gathering("s0", final, filtered("SELECT CAST(1 AS FLOAT) AS uid", 6)), []string{"one 2", "two 1", "zero 1"}, 4},
		{"keys of another shipment", gathering("s0", "SELECT l.n, t1.name FROM t2 l JOIN t1 ON t1.name = l.name",
			shipping("s2", "t2", "SELECT name, n FROM likes", "name"),
			func() router.Step {
				s := filtered("SELECT DISTINCT name FROM t2", 6, "t2")
				s.Ship.Filter.Before = strings.Replace(s.Ship.Filter.Before, "uid IN", "name IN", 1)
				return s
			}()), []string{"3 one"}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s, err := f.run(t, tt.plan)
			if err != nil {
				t.Fatal(err)
			}
			moved := s.steps[len(s.steps)-2].Rows
			if !slices.Equal(s.rows, tt.want) || moved != tt.moved {
				t.Errorf("got %q with %d rows moved, want %q with %d", s.rows, moved, tt.want, tt.moved)
			}
			f.left(t, "test")
		})
	}
}

// TestManyKeys sends more keys than MariaDB keeps in a list by itself, among
// them one that equals longer texts.
func TestManyKeys(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 0, "CREATE TABLE k (v LONGTEXT)", "INSERT INTO k SELECT LPAD(seq, 6, '0') FROM "+localtest.Numbers(1, 5000)+" AS s", "INSERT INTO k VALUES ('straße')",
		"CREATE TABLE zero (d DATETIME)", "INSERT IGNORE INTO zero VALUES ('0000-00-00')")
	f.Exec(t, 1, "CREATE TABLE x (v VARCHAR(20) COLLATE utf8mb4_unicode_ci, n DOUBLE, d DATETIME(6), b VARBINARY(9), e DECIMAL(10,2))",
		"INSERT IGNORE INTO x VALUES ('strasse', 0.1, '2024-01-02 03:04:05.5', x'0027', 1.50), ('000007', -1e300, '0000-00-00', '', 2), ('none', 7, NULL, NULL, 3), (NULL, NULL, NULL, NULL, NULL)")
	step := func(column, keys string) router.Step {
		s := shipping("s1", "t1", "SELECT v FROM x", "v")
		s.Ship.Filter = &router.Filter{Keys: keys, Before: "SELECT v FROM x WHERE " + column + " IN (", Behind: ")", Max: 20000}
		return s
	}
	for _, tt := range []struct{ column, keys, want string }{
		{"v", "SELECT v FROM k", "000007 strasse"},
		{"n", "SELECT 1e-1 AS n UNION ALL SELECT -1e300", "000007 strasse"},
		{"d", "SELECT TIMESTAMP'2024-01-02 03:04:05.5' AS d", "strasse"},
		// A zero date is found by no list everywhere, so all rows are shipped.
		{"d", "SELECT TIMESTAMP'2024-01-02 03:04:05.5' AS d UNION ALL SELECT d FROM zero", "NULL 000007 none strasse"},
		{"b", "SELECT CAST(x'0027' AS BINARY) AS b UNION ALL SELECT CAST('' AS BINARY)", "000007 strasse"},
		{"e", "SELECT 1.5 AS e UNION ALL SELECT 2.0", "000007 strasse"},
		{"e", "SELECT 3 AS e", "none"},
	} {
		s, err := f.run(t, gathering("s0", "SELECT v FROM t1 ORDER BY v", step(tt.column, tt.keys)))
		if err != nil || strings.Join(s.rows, " ") != tt.want {
			t.Errorf("%s: got %q, %v, want %s", tt.column, s.rows, err, tt.want)
		}
	}
	f.left(t, "test")
}
