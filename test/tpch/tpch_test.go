package tpch

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router"
)

func TestMain(m *testing.M) { localtest.Main(m) }

const small = 0.01

// load returns a database of its own with all tables.
func load(t *testing.T, scale float64, seed uint64) *sql.DB {
	t.Helper()
	server := localtest.Servers(t, 1)
	db := localtest.Open(t, server[0], localtest.Database(t, server...))
	if err := New(scale, seed).Load(context.Background(), db, Tables()...); err != nil {
		t.Fatal(err)
	}
	return db
}

// made returns the rows of a table as they are loaded.
func made(d *Data, name string) string {
	w, t := d.newWriter(), named(name)
	for n := range t.count(d.scale) {
		t.make(d, w, n)
	}
	return string(w.buf)
}

func TestSameRowsEachTime(t *testing.T) {
	first := map[string]string{}
	for _, name := range Tables() {
		first[name] = made(New(0.001, 7), name)
	}
	again, other := New(0.001, 7), New(0.001, 8)
	for _, name := range slices.Backward(Tables()) {
		if made(again, name) != first[name] {
			t.Errorf("%s: other rows when made in another order", name)
		}
		if made(other, name) == first[name] {
			t.Errorf("%s: the same rows with another seed", name)
		}
	}
}

// TestQueriesHaveRows runs all queries on one server, as they are.
func TestQueriesHaveRows(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			db := load(t, small, seed)
			for _, q := range Queries() {
				if n, err := informative(db, q.SQL); err != nil || n == 0 {
					t.Errorf("%s: %d rows that are not all NULL, %v", q.Name, n, err)
				}
			}
		})
	}
}

// informative counts the rows in which anything is neither NULL nor 0.
func informative(db *sql.DB, query string) (count int, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	values, to := make([]sql.RawBytes, len(names)), make([]any, len(names))
	for i := range values {
		to[i] = &values[i]
	}
	for rows.Next() {
		if err := rows.Scan(to...); err != nil {
			return 0, err
		}
		if slices.ContainsFunc(values, func(v sql.RawBytes) bool { return strings.Trim(string(v), "0.") != "" }) {
			count++
		}
	}
	return count, rows.Err()
}

// TestRelations checks what the specification says of the tables among each
// other: each query counts rows that may not be.
func TestRelations(t *testing.T) {
	db := load(t, small, 1)
	for name, query := range map[string]string{
		"foreign keys of lineitem": `SELECT COUNT(*) FROM lineitem LEFT JOIN orders ON o_orderkey = l_orderkey
			LEFT JOIN partsupp ON ps_partkey = l_partkey AND ps_suppkey = l_suppkey
			LEFT JOIN part ON p_partkey = ps_partkey LEFT JOIN supplier ON s_suppkey = ps_suppkey
			WHERE o_orderkey IS NULL OR ps_partkey IS NULL OR p_partkey IS NULL OR s_suppkey IS NULL`,
		"foreign keys of orders":           `SELECT COUNT(*) FROM orders LEFT JOIN customer ON c_custkey = o_custkey WHERE c_custkey IS NULL`,
		"orders of a third of customers":   `SELECT COUNT(*) FROM orders WHERE o_custkey % 3 = 0`,
		"nations of customers":             `SELECT COUNT(*) FROM customer LEFT JOIN nation ON n_nationkey = c_nationkey WHERE n_nationkey IS NULL`,
		"nations without a supplier":       `SELECT COUNT(*) FROM nation LEFT JOIN supplier ON n_nationkey = s_nationkey WHERE s_suppkey IS NULL`,
		"regions of nations":               `SELECT COUNT(*) FROM nation LEFT JOIN region ON r_regionkey = n_regionkey WHERE r_regionkey IS NULL`,
		"phone numbers":                    `SELECT COUNT(*) FROM customer WHERE LEFT(c_phone, 2) <> c_nationkey + 10`,
		"dates":                            `SELECT COUNT(*) FROM lineitem JOIN orders ON o_orderkey = l_orderkey WHERE l_shipdate <= o_orderdate OR l_receiptdate <= l_shipdate OR l_receiptdate > '1998-12-31'`,
		"line status":                      `SELECT COUNT(*) FROM lineitem WHERE (l_linestatus = 'O') <> (l_shipdate > '1995-06-17') OR (l_returnflag = 'N') <> (l_receiptdate > '1995-06-17')`,
		"orders without lines":             `SELECT COUNT(*) FROM orders LEFT JOIN lineitem ON o_orderkey = l_orderkey WHERE l_orderkey IS NULL`,
		"total price and status of orders": `SELECT COUNT(*) FROM (SELECT o_totalprice - SUM(ROUND(l_extendedprice * (1 - l_discount) * (1 + l_tax), 2)) AS d, o_orderstatus <> IF(SUM(l_linestatus = 'O') = COUNT(*), 'O', IF(SUM(l_linestatus = 'O') = 0, 'F', 'P')) AS s FROM orders JOIN lineitem ON o_orderkey = l_orderkey GROUP BY o_orderkey, o_totalprice, o_orderstatus) AS x WHERE d <> 0 OR s`,
		"prices of lines":                  `SELECT COUNT(*) FROM lineitem JOIN part ON p_partkey = l_partkey WHERE l_extendedprice <> l_quantity * p_retailprice`,
		"sizes of the tables":              `SELECT 2000 - (SELECT COUNT(*) FROM part) + 8000 - (SELECT COUNT(*) FROM partsupp) + 100 - (SELECT COUNT(*) FROM supplier) + 1500 - (SELECT COUNT(*) FROM customer) + 15000 - (SELECT COUNT(*) FROM orders) + ((SELECT COUNT(*) FROM lineitem) NOT BETWEEN 59000 AND 61000)`,
	} {
		var n int
		if err := db.QueryRow(query).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d wrong, %v", name, n, err)
		}
	}
}

func TestSuppliersOfAPartDiffer(t *testing.T) {
	for _, scale := range []float64{0, 0.001, 0.002, 0.005, small, 0.1} {
		d := New(scale, 1)
		for part := 1; part <= d.parts; part++ {
			seen := map[int]bool{}
			for i := range suppliersAPart {
				s := d.supplierOf(part, i)
				if s < 1 || s > d.suppliers || seen[s] {
					t.Fatalf("scale %g: supplier %d of part %d, after %v", scale, s, part, seen)
				}
				seen[s] = true
			}
		}
	}
}

func TestScatterings(t *testing.T) {
	seen := map[string]bool{}
	for _, shards := range []int{1, 2, 3, 8, 11} {
		for seed := range uint64(20) {
			s := Scatter(shards, seed)
			check(t, s, shards)
			seen[fmt.Sprint(shards, s)] = true
			if fmt.Sprint(s) != fmt.Sprint(Scatter(shards, seed)) {
				t.Errorf("%d shards, seed %d: another one the second time", shards, seed)
			}
		}
		check(t, Apart(shards), shards)
	}
	if len(seen) < 60 {
		t.Errorf("only %d different ones", len(seen))
	}
}

func check(t *testing.T, s Scattering, shards int) {
	t.Helper()
	var all []string
	for shard := range shards {
		on := s.On(shard)
		if len(on) == 0 && shards <= len(tables) {
			t.Errorf("%d shards: none on %d: %v", shards, shard, s)
		}
		all = append(all, on...)
	}
	slices.Sort(all)
	if !slices.Equal(all, slices.Sorted(slices.Values(Tables()))) {
		t.Errorf("%d shards: the tables are %v", shards, all)
	}
}

// TestQueriesPassTheGuard plans all queries with everything on one shard.
func TestQueriesPassTheGuard(t *testing.T) {
	var all []*catalog.Table
	for _, def := range tables {
		table := &catalog.Table{Name: def.name, Kind: catalog.Registered, Placements: []catalog.Placement{{Shard: "a"}}}
		for line := range strings.Lines(def.ddl) {
			if f := strings.Fields(line); strings.HasPrefix(f[0], def.name[:1]) {
				table.Columns = append(table.Columns, catalog.Column{Name: f[0], Type: catalog.Text, Position: len(table.Columns)})
			}
		}
		all = append(all, table)
	}
	snap := catalog.NewSnapshot(1, []catalog.Shard{{Name: "a", State: catalog.Active}}, all)
	for _, q := range Queries() {
		p, err := router.New(router.Config{}).Plan(snap, router.Query{SQL: q.SQL})
		if err != nil || p.Kind != router.Single {
			t.Errorf("%s: %v, %v", q.Name, p, err)
		}
	}
}
