package shardtest

import (
	"strings"

	"github.com/kolide/databalancer/router"
)

// Endless is a statement that computes for longer than any test waits.
const Endless = "SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c WHERE a.column_name < b.table_name AND b.column_name < c.table_name"

// Wide returns rows for longer than any test waits, of which not many are under
// way at any time.
const Wide = "SELECT CONCAT(REPEAT('column', 20), a.seq) AS column_name FROM " + Billion

// Billion is a join of as many rows, the numbers a.seq, b.seq and c.seq up to
// 1000, the deepest that recursion goes by default. (MySQL takes minutes to plan
// one of several views of information_schema.)
const Billion = thousand + " AS a, " + thousand + " AS b, " + thousand + " AS c"

const thousand = "(WITH RECURSIVE r (seq) AS (SELECT 1 UNION ALL SELECT seq + 1 FROM r WHERE seq < 1000) SELECT seq FROM r)"

// Shipping is a step that ships all rows of a SELECT without LIMIT. A key is
// columns, separated by commas.
func Shipping(shard, into, sql string, keys ...string) router.Step {
	s := router.Step{Shard: shard, SQL: sql, Ship: &router.Shipment{Into: into, Shape: sql + " LIMIT 0", Why: "rows of " + into}}
	for _, k := range keys {
		s.Ship.Keys = append(s.Ship.Keys, strings.Split(k, ","))
	}
	return s
}

// Gathering is a plan that ends at home with a statement, which does not tell
// how long texts are declared.
func Gathering(home, sql string, steps ...router.Step) *router.Plan {
	return &router.Plan{Kind: router.Gather, Home: home, Steps: append(steps, router.Step{Shard: home, SQL: sql}), Lengthless: true}
}
