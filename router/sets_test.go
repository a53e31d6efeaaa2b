package router

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
)

// setTables are queried from home a, where few and its like are. What b has is
// worth narrowing; far has few rows of its own.
const setTables = `
shards a b c
few on a=100: id int, person int, name text, f float, at timestamp, day date
other on a=100: id int, person int, name text, f float, at timestamp, day date
mid on a=5000: id int, person int, name text
big on b=1000000: id int, person int, name text, f float, at timestamp, day date
two on b=1000000: id int, person int, f float
thousand on b=1000: id int, person int
less on b=999: id int, person int
split on b=1000 c=1000: id int, person int, f float
far on c=100: id int, person int, name text`

type setCase struct {
	rule, query string
	// keys is a part of the query that returns the keys by which what is
	// shipped is narrowed; "" where it is not.
	keys string
}

func checkSets(t *testing.T, cases []setCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(c.rule, func(t *testing.T) {
			plan, err := New(Config{Database: "db", Homes: []string{"a"}}).Plan(catalogtest.Parse(t, setTables), Query{SQL: c.query})
			if err != nil {
				t.Fatalf("%s: %v", c.query, err)
			}
			var keys []string
			for _, s := range plan.Steps {
				if s.Ship != nil && s.Ship.Filter != nil {
					keys = append(keys, s.Ship.Filter.Keys)
				}
			}
			all := strings.Join(keys, "\n")
			if c.keys == "" && all != "" || !strings.Contains(all, c.keys) || len(keys) > 1 {
				t.Errorf("%s\nis narrowed by the keys of %q, not %q:\n%s", c.query, all, c.keys, plan)
			}
		})
	}
}

// TestKeysOfSets narrows the rows of x IN (SELECT …) by the set, which home
// can compute, or has already.
func TestKeysOfSets(t *testing.T) {
	const atHome = "FROM (SELECT `id` FROM `few`) AS `databalancer`"
	checkSets(t, []setCase{
		{"a set at home", "SELECT id FROM big WHERE person IN (SELECT id FROM few)", atHome},
		{"in parentheses, among other conditions", "SELECT id FROM big WHERE f > 1 AND ((person) IN (SELECT id FROM few))", atHome},
		{"a set that was shipped before", "SELECT id FROM big WHERE person IN (SELECT id FROM far)", "FROM (SELECT `databalancer_1`.`id` FROM `databalancer_1`) AS `databalancer`"},
		{"a set whose parts were", "SELECT id FROM big WHERE person IN (SELECT person FROM split GROUP BY person)", "FROM `databalancer_1` GROUP BY"},
		{"a set of dates", "SELECT id FROM big WHERE day IN (SELECT day FROM few)", "SELECT `day` FROM `few`"},
		{"a set of texts, of whatever collation", "SELECT id FROM big WHERE name IN (SELECT name FROM few)", ""},
		{"a set of times, of however many digits", "SELECT id FROM big WHERE at IN (SELECT at FROM few)", ""},
		{"rows that are not in the set are of use", "SELECT id FROM big WHERE person NOT IN (SELECT id FROM few)", ""},
		{"so they are where another condition will do", "SELECT id FROM big WHERE person IN (SELECT id FROM few) OR f > 1", ""},
		{"and where it is asked whether they are", "SELECT id, person IN (SELECT id FROM few) FROM big", ""},
		{"a list is no set", "SELECT id FROM big WHERE person IN (1, 2)", ""},
		{"= ANY is not looked into", "SELECT id FROM big WHERE person = ANY (SELECT id FROM few)", ""},
		{"nor are rows", "SELECT id FROM big WHERE (person, id) IN (SELECT id, person FROM few)", ""},
		{"nor what is computed", "SELECT id FROM big WHERE person + 1 IN (SELECT id FROM few)", ""},
		{"a set of computed values compares in ways of its own", "SELECT id FROM big WHERE person IN (SELECT id + 0 FROM few)", ""},
		{"and one of another type", "SELECT id FROM big WHERE person IN (SELECT name FROM few)", ""},
		{"and one of floats", "SELECT id FROM big WHERE f IN (SELECT f FROM few)", ""},
		{"a set whose column cannot be told", "SELECT id FROM big WHERE person IN (SELECT * FROM (SELECT ' x' FROM few) y)", ""},
		{"of merged columns it cannot be told which", "SELECT big.id FROM big JOIN far USING (id) WHERE big.person IN (SELECT id FROM few)", ""},
		{"the rows that an outer join may lack are of use", "SELECT few.id FROM few LEFT JOIN big ON big.f > few.f WHERE big.person IN (SELECT id FROM other)", ""},
		{"but not those that its ON leaves out", "SELECT few.id FROM few LEFT JOIN big ON big.person IN (SELECT id FROM other)", "SELECT `id` FROM `other`"},
		{"those of its outer side", "SELECT big.id FROM big LEFT JOIN few ON big.f > few.f WHERE big.person IN (SELECT id FROM other)", "SELECT `id` FROM `other`"},
	})
}

// TestSetsAtHome has sets that home can compute before it has anything else,
// and has to find the same again at the end.
func TestSetsAtHome(t *testing.T) {
	in := func(set string) string { return "SELECT id FROM big WHERE person IN (" + set + ")" }
	days := func(set string) string { return "SELECT id FROM big WHERE day IN (SELECT x.day FROM (" + set + ") x)" }
	checkSets(t, []setCase{
		{"of two tables of its own", in("SELECT few.id FROM few JOIN other ON few.id = other.person"), "FROM `few` JOIN `other`"},
		{"of all rows", in("SELECT person FROM few ORDER BY name"), "SELECT `person` FROM `few`"},
		{"of a CTE of its own", in("WITH w AS (SELECT id FROM few) SELECT id FROM w"), "WITH `w` AS"},
		{"of a CTE of the statement, which it would be without", "WITH w AS (SELECT id FROM few) " + in("SELECT id FROM w"), ""},
		{"of what home does not have", in("SELECT few.id FROM few JOIN far ON few.id = far.id"), ""},
		{"of what is shipped, but not as a set", in("SELECT y.id FROM (SELECT id, id / 3 AS t FROM far) y"), ""},
		{"of no table", in("SELECT 5"), ""},
		{"of another one for each row", in("SELECT few.id FROM few WHERE few.f > big.f"), ""},
		{"of another one for each row, further in", in("SELECT id FROM few WHERE EXISTS (SELECT 1 FROM other WHERE other.f > big.f)"), ""},
		{"of another one for each row, beside one that was shipped", in("SELECT few.id FROM few WHERE few.f > big.f") + " AND person IN (SELECT id FROM far)", "`databalancer_1`"},
		{"of rows by chance", in("SELECT id FROM few WHERE RAND() < 0.5"), ""},
		{"of rows by chance, further in", in("SELECT x.id FROM (SELECT id FROM few WHERE RAND() < 0.5) x"), ""},
		{"of those of one statement's time, which all are told", in("SELECT id FROM few WHERE at < NOW()"), "SELECT `id` FROM `few`"},
		{"of any few rows", in("SELECT x.id FROM (SELECT id FROM few LIMIT 3) x"), ""},
		{"of the first rows, of which several may be equal", in("SELECT x.id FROM (SELECT id FROM few ORDER BY f LIMIT 3) x"), ""},
		{"of arms", days("SELECT day FROM few UNION SELECT day FROM other"), "UNION SELECT"},
		{"of arms in an order", days("SELECT day FROM few UNION SELECT day FROM other ORDER BY 1"), "UNION SELECT"},
		{"of any few rows of arms", days("SELECT day FROM few UNION SELECT day FROM other LIMIT 3"), ""},
		{"of few rows of one arm", days("SELECT day FROM few UNION (SELECT day FROM other LIMIT 3)"), ""},
		{"of few rows of an arm of arms", days("SELECT day FROM few UNION (SELECT day FROM other UNION SELECT day FROM few LIMIT 3)"), ""},
		{"of arms in an order by chance", days("SELECT day FROM few UNION SELECT day FROM other ORDER BY RAND()"), ""},
	})
}

// TestSetsOfGroups has columns of groups: of a column that is no key, each run
// may return another row's.
func TestSetsOfGroups(t *testing.T) {
	in := func(set string) string { return "SELECT id FROM big WHERE person IN (" + set + ")" }
	const few = "FROM `few`"
	checkSets(t, []setCase{
		{"the key", in("SELECT person FROM few GROUP BY person"), few},
		{"the key, in parentheses", in("SELECT (person) FROM few GROUP BY (person)"), few},
		{"the key with its table", in("SELECT person FROM few GROUP BY few.person"), few},
		{"one of several keys", in("SELECT person FROM few GROUP BY name, person"), few},
		{"no key", in("SELECT id FROM few GROUP BY person"), ""},
		{"a key of the same name, of another table", in("SELECT few.person FROM few JOIN other ON few.id = other.id GROUP BY other.person"), ""},
		{"the key by another name is not looked into", in("SELECT person AS p FROM few GROUP BY p"), ""},
		{"aggregates beside the key", in("SELECT x.person FROM (SELECT person, COUNT(*) AS n, (MAX(id)) AS m FROM few GROUP BY person) x"), few},
		{"no key beside the key", in("SELECT x.person FROM (SELECT person, id FROM few GROUP BY person) x"), ""},
		{"what is made of an aggregate is not looked into", in("SELECT x.person FROM (SELECT person, COUNT(*) + 1 AS n FROM few GROUP BY person) x"), ""},
		{"a column beside the aggregate of all rows", in("SELECT x.person FROM (SELECT person, COUNT(*) AS n FROM few) x"), ""},
		{"no aggregate in sight", in("SELECT x.person FROM (SELECT person FROM few HAVING COUNT(*) > 1) x"), ""},
		{"numbers of rows in no order", in("SELECT x.person FROM (SELECT person, ROW_NUMBER() OVER () AS n FROM few) x WHERE x.n < 3"), ""},
	})
}

// TestKeysOfEqualSets narrows rows by a set in which another column has to be
// that is equal to theirs.
func TestKeysOfEqualSets(t *testing.T) {
	const few, mid = "FROM (SELECT `id` FROM `few`) AS `databalancer`", "FROM `mid`"
	checkSets(t, []setCase{
		{"the equal column", "SELECT big.id FROM big JOIN mid ON big.person = mid.id WHERE mid.id IN (SELECT id FROM few)", few},
		{"the equal column on its other side", "SELECT big.id FROM mid JOIN big ON mid.id = big.person WHERE mid.id IN (SELECT id FROM few)", few},
		{"another column of that table", "SELECT big.id FROM big JOIN mid ON big.person = mid.id WHERE mid.person IN (SELECT id FROM few)", mid},
		{"a column of that name of another table", "SELECT big.id FROM big JOIN mid ON big.person = mid.id JOIN other ON other.f > 1 WHERE other.id IN (SELECT id FROM few)", mid},
		{"with merged columns about, of which it cannot be told which", "SELECT big.id FROM big JOIN far USING (id) JOIN mid ON big.person = mid.id", ""},
		{"where it must not be in the set", "SELECT big.id FROM big JOIN mid ON big.person = mid.id WHERE mid.id NOT IN (SELECT id FROM few)", mid},
		{"a column that is equal in another way than the set's", "SELECT big.id FROM big JOIN mid ON big.person = mid.name WHERE mid.name IN (SELECT id FROM few)", ""},
		{"a set that home does not have", "SELECT big.id FROM big JOIN mid ON big.person = mid.id WHERE mid.id IN (SELECT id FROM few WHERE few.f > big.f)", mid},
	})
}

// TestSetsNarrowed has sets that are shipped: as far as something is looked
// for in them, and in them alone, what is not looked for is of no use.
func TestSetsNarrowed(t *testing.T) {
	const keys = "SELECT DISTINCT `few`.`person` FROM `few`"
	checkSets(t, []setCase{
		{"a set of many rows", "SELECT id FROM few WHERE person IN (SELECT id FROM big)", keys},
		{"of as many as are worth it", "SELECT id FROM few WHERE person IN (SELECT id FROM thousand)", keys},
		{"of fewer", "SELECT id FROM few WHERE person IN (SELECT id FROM less)", ""},
		{"of groups, once they are made", "SELECT id FROM few WHERE person IN (SELECT person FROM big GROUP BY person HAVING COUNT(*) > 3)", keys},
		{"among other conditions", "SELECT id FROM few WHERE f > 1 AND person IN (SELECT id FROM big)", keys},
		{"by a column of another type", "SELECT id FROM few WHERE name IN (SELECT id FROM big)", ""},
		{"what is not in it counts", "SELECT id FROM few WHERE person NOT IN (SELECT id FROM big)", ""},
		{"other rows count too", "SELECT id FROM few WHERE person IN (SELECT id FROM big) OR f > 1", ""},
		{"of an outer join's inner side", "SELECT other.id FROM other LEFT JOIN few ON few.id = other.id WHERE few.person IN (SELECT id FROM big)", ""},
		{"of its ON", "SELECT other.id FROM other LEFT JOIN few ON few.person IN (SELECT id FROM big)", keys},
		{"by a column of the query around", "SELECT id FROM few WHERE EXISTS (SELECT 1 FROM other WHERE few.person IN (SELECT id FROM big))", ""},
		{"by what is looked for in it, not in another set", "SELECT id FROM few WHERE person IN (SELECT id FROM other) AND id IN (SELECT person FROM big)", "SELECT DISTINCT `few`.`id` FROM `few`"},
		{"by many rows", "SELECT id FROM mid WHERE person IN (SELECT id FROM thousand)", ""},
		{"a set with a single value", "SELECT id FROM few WHERE person = (SELECT id FROM big WHERE id = 5)", ""},
		{"a derived table", "SELECT few.id FROM few, (SELECT id FROM big) x WHERE few.f > x.id", ""},
	})
}

// TestSourcesOfSets has sets that cannot be shipped as such: the rows of their
// own table are narrowed, if each row in the set is one of those.
func TestSourcesOfSets(t *testing.T) {
	const keys = "SELECT DISTINCT `few`.`person` FROM `few`"
	in := func(set string) string { return "SELECT id FROM few WHERE person IN (" + set + ")" }
	checkSets(t, []setCase{
		{"a set for each row", in("SELECT big.id FROM big WHERE big.f > few.f"), keys},
		{"of a column in parentheses", in("SELECT (big.id) FROM big WHERE big.f > few.f"), keys},
		{"what is not in it counts", "SELECT id FROM few WHERE person NOT IN (SELECT big.id FROM big WHERE big.f > few.f)", ""},
		{"whether there is any is another question", "SELECT id FROM few WHERE EXISTS (SELECT big.id FROM big WHERE big.f > few.f)", ""},
		{"a value made of the row's", in("SELECT big.id + 0 FROM big WHERE big.f > few.f"), ""},
		{"a value of the query around", in("SELECT few.id FROM big WHERE big.f > few.f"), ""},
		{"of groups, which are of all their rows", in("SELECT big.person FROM big WHERE big.f > few.f GROUP BY big.id"), ""},
		{"of some groups", in("SELECT big.person FROM big WHERE big.f > few.f HAVING COUNT(*) > 3"), ""},
		{"of the first rows", in("SELECT big.id FROM big WHERE big.f > few.f ORDER BY big.at LIMIT 3"), ""},
		{"of two tables is not looked into", in("SELECT big.id FROM big, two WHERE big.f > few.f"), ""},
		{"a scalar subquery of the same text", "SELECT id FROM few WHERE person = (SELECT big.id FROM big WHERE big.f > few.f)", ""},
	})
}
