package gather

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/server"
)

// Texts that are equal though they are not equally long are found through the
// keys that a shipped table gets, in memory and on disk, whichever of them is
// at home.
func TestKeysFindEqualTexts(t *testing.T) {
	f := newFixture(t, 2)
	stored := []string{"'straße'", "'de'", "'DE '", "'ﬃ'", "'abc'", "CONCAT('x', REPEAT(CHAR(1), 9))", "''", "NULL", "REPEAT('ß', 120)"}
	sought := []string{"'strasse'", "'De'", "'de   '", "'ffi'", "CONCAT('ab', REPEAT(CHAR(1), 20), 'c')", "'x'", "'   '", "NULL", "REPEAT('ss', 120)", "REPEAT('y', 3000)"}
	table := func(name string, values []string) []string {
		var rows []string
		for i, v := range values {
			rows = append(rows, fmt.Sprintf("(%d, %s)", i, v))
		}
		return []string{"CREATE TABLE " + name + " (n INT, v LONGTEXT COLLATE utf8mb4_unicode_ci)", "INSERT INTO " + name + " VALUES " + strings.Join(rows, ",")}
	}
	f.Exec(t, 0, table("kept", stored)...)
	f.Exec(t, 0, table("sought", sought)...)
	f.Exec(t, 1, table("kept", stored)...)
	f.Exec(t, 1, table("sought", sought)...)
	for _, names := range [][2]string{{"kept", "sought"}, {"sought", "kept"}} {
		for _, form := range []string{
			"SELECT a.n, b.n AS m FROM %s a STRAIGHT_JOIN %s b ON a.v = b.v ORDER BY 1, 2",
			"SELECT b.n, a.n AS m FROM %[2]s b STRAIGHT_JOIN %[1]s a ON a.v = b.v ORDER BY 1, 2",
			"SELECT a.n FROM %s a WHERE a.v IN (SELECT v FROM %s) ORDER BY 1",
			"SELECT b.n FROM %[2]s b WHERE b.v IN (SELECT v FROM %[1]s) ORDER BY 1",
			"SELECT b.n, JSON_ARRAY(a.v) AS j FROM %[2]s b STRAIGHT_JOIN %[1]s a ON a.v = b.v ORDER BY 1, 2",
		} {
			want, err := f.run(t, gathering("s0", fmt.Sprintf(form, names[0], names[1])))
			if err != nil || len(want.rows) < 8 {
				t.Fatal(want.rows, err)
			}
			for _, change := range []func(*router.Step){
				func(*router.Step) {},
				func(s *router.Step) { s.Ship.Keys = nil },
				func(s *router.Step) { s.Ship.Rows = 10 },
			} {
				step := shipping("s1", "t1", "SELECT n, v FROM "+names[1], "v")
				change(&step)
				got, err := f.run(t, gathering("s0", fmt.Sprintf(form, names[0], "t1"), step))
				if err != nil || !slices.Equal(got.rows, want.rows) {
					t.Errorf("%s, %v:\ngot %q, %v,\nwant %q", form, names, got.rows, err, want.rows)
				}
			}
		}
	}
}

// columnsOfTypes returns columns a, b, … of types as SHOW CREATE TABLE prints
// them.
func columnsOfTypes(t *testing.T, types ...string) []column {
	t.Helper()
	var columns []column
	for i, s := range types {
		d, err := parseDefinitions("CREATE TABLE t (\n `" + string(rune('a'+i)) + "` " + s + "\n) DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci")
		if err != nil {
			t.Fatal(err)
		}
		c, err := newColumn(d[0])
		if err != nil {
			t.Fatal(err)
		}
		columns = append(columns, c)
	}
	return columns
}

func TestDesign(t *testing.T) {
	const text, number = "longtext", "bigint(20) NOT NULL"
	wide := slices.Repeat([]string{text}, 300)
	tests := []struct {
		name   string
		types  []string
		keys   string // columns, separated by commas; keys by blanks
		facts  facts
		change func(*designer)
		want   string // as in CREATE TABLE; long ones: a part
		limits []int
	}{
		{"short texts, all seen", []string{number, text}, "b", facts{whole: true, rows: 1000, longest: []int{0, 20}}, nil,
			"`a` bigint(20) NOT NULL, `b` varchar(76) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL, KEY (`b`)) ENGINE=MEMORY MAX_ROWS=1001", []int{0, 0}},
		{"of a collation where equal is equally long", []string{text + " COLLATE utf8mb4_bin"}, "a", facts{whole: true, rows: 1000, longest: []int{20}}, nil,
			"`a` varchar(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL, KEY (`a`)) ENGINE=MEMORY", []int{0}},
		{"texts whose length can be told", []string{number, text}, "b", facts{whole: true, rows: 1000, longest: []int{0, 20}}, func(d *designer) { d.narrow = false },
			"`b` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL, KEY (`b`(76))) ENGINE=InnoDB ROW_FORMAT=DYNAMIC", []int{0, 0}},
		{"more rows than memory has room for", []string{number, text}, "a b", facts{whole: true, rows: 1_000_000, longest: []int{0, 20}}, nil,
			"KEY (`a`), KEY (`b`(76))) ENGINE=InnoDB ROW_FORMAT=DYNAMIC", []int{0, 0}},
		{"rows not all seen", []string{number, text}, "b", facts{}, nil,
			"KEY (`b`(767))) ENGINE=InnoDB ROW_FORMAT=DYNAMIC", []int{0, 250}},
		{"a text too long for a key", []string{text}, "a", facts{whole: true, rows: 10, longest: []int{300}}, func(d *designer) { d.narrow = false },
			"NULL) ENGINE=InnoDB", []int{0}},
		{"a text too long for a key, as was seen", []string{number, text}, "b b,a a", facts{}, func(d *designer) { d.hint.unkeyed = map[string]bool{"b": true} },
			"NULL, KEY (`a`)) ENGINE=InnoDB", []int{0, 0}},
		{"a VARCHAR that is too short for what is sought", []string{"varchar(6)"}, "a", facts{whole: true, rows: 10, longest: []int{6}}, func(d *designer) { d.narrow = false },
			"`a` varchar(34) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL, KEY (`a`)) ENGINE=MEMORY", []int{0}},
		{"several columns share a key", []string{text, text, number}, "a,b,c", facts{}, nil,
			"KEY (`a`(378), `b`(378), `c`)) ENGINE=InnoDB", []int{120, 120, 0}},
		{"numbers, estimated", []string{number, "decimal(10,2)"}, "a", facts{rows: 100_000}, nil,
			"KEY (`a`)) ENGINE=MEMORY MAX_ROWS=4329604", []int{0, 0}},
		{"numbers, unknown", []string{number}, "a", facts{}, nil, "KEY (`a`)) ENGINE=InnoDB", []int{0}},
		{"that did not fit into memory", []string{number}, "a", facts{rows: 10}, func(d *designer) { d.hint.heapless = true }, "ENGINE=InnoDB", []int{0}},
		{"the server's memory is taken", []string{number}, "a", facts{rows: 10}, func(d *designer) { d.takes = func(int64) bool { return false } }, "ENGINE=InnoDB", []int{0}},
		{"JSON stays what it is", []string{text}, "", facts{whole: true, rows: 1, longest: []int{3}}, func(d *designer) { d.columns[0].json = true },
			"`a` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci NULL CHECK (json_valid(`a`))) ENGINE=InnoDB", []int{0}},
		{"a row too long for a page", wide, "a", facts{}, nil, "KEY (`a`(249))) ENGINE=Aria TRANSACTIONAL=0", nil},
		{"no such column", []string{number}, "x a,x", facts{}, nil, "NULL, KEY (`a`)) ENGINE=InnoDB", []int{0}},
		{"bytes", []string{"longblob", "point"}, "a b", facts{}, nil, "KEY (`a`(191))) ENGINE=InnoDB", []int{0, 0}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := designer{
				info: server.Parse("10.11.6-MariaDB"), columns: columnsOfTypes(t, tt.types...),
				narrow: true, takes: func(int64) bool { return true },
			}
			for _, key := range strings.Fields(tt.keys) {
				d.keys = append(d.keys, strings.Split(key, ","))
			}
			if tt.change != nil {
				tt.change(&d)
			}
			plan := d.design(tt.facts)
			got := plan.sql("t", d.info)
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %.700s, want %s", got, tt.want)
			}
			if tt.limits != nil && !slices.Equal(plan.limits, tt.limits) {
				t.Errorf("limits %v, want %v", plan.limits, tt.limits)
			}
		})
	}
}

// TestRecursion joins texts that grow: the shipped column must not be shorter
// than the table's own is.
func TestRecursion(t *testing.T) {
	f := newFixture(t, 2)
	f.Exec(t, 1, "CREATE TABLE tree (id INT, parent INT, name LONGTEXT)", "INSERT INTO tree SELECT seq, seq - 1, CONCAT('n', seq) FROM "+localtest.Numbers(1, 30)+" AS s")
	const walk = "WITH RECURSIVE `p` AS (SELECT id, name FROM %[1]s WHERE id = 1 UNION ALL SELECT t.id, CONCAT(p.name, '/', t.name) FROM p JOIN %[1]s t ON t.parent = p.id) SELECT MAX(CHAR_LENGTH(name)) AS n FROM p"
	steps := []router.Step{shipping("s1", "t1", "SELECT id, parent, name FROM tree", "parent"), shipping("s1", "t2", "SELECT id, parent, name FROM tree", "parent")}
	plan := gathering("s0", strings.Replace(fmt.Sprintf(walk, "t1"), "JOIN t1", "JOIN t2", 1), steps...)
	plan.Lengthless = false
	s, err := f.run(t, plan)
	if err != nil || !slices.Equal(s.rows, []string{"110"}) {
		t.Errorf("got %q, %v", s.rows, err)
	}
}
