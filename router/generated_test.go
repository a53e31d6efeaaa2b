package router

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
)

var generated = flag.Int("generated", 400, "the number of random joins to try")

// joins makes random joins of the tables of the tests.
type joins struct {
	*rand.Rand
	aliases int
	columns []string
}

// table returns a table with an alias of its own.
func (j *joins) table() (text, alias string) {
	tables := []string{"dog", "Cat", "bird", "W", "V", "(select * from W)", "(select id, flag as f from V)", "(select id, doc from W natural join V)"}
	j.aliases++
	alias = fmt.Sprintf("t%d", j.aliases)
	j.columns = append(j.columns, alias+".*", alias+".id")
	return tables[j.IntN(len(tables))] + " " + alias, alias
}

// tree returns a join of some depth, and the alias of one of its tables.
func (j *joins) tree(depth int) (text, alias string) {
	if depth == 0 || j.IntN(4) == 0 {
		return j.table()
	}
	left, alias := j.tree(depth - 1)
	right, other := j.tree(j.IntN(depth))
	left, right = j.parenthesise(left), j.parenthesise(right)
	side := []string{"", "left ", "right "}[j.IntN(3)]
	switch j.IntN(6) {
	case 0, 1:
		return left + " natural " + side + "join " + right, alias
	case 2, 3:
		using := []string{"id", "flag", "doc", "id, flag"}[j.IntN(4)]
		return left + " " + side + "join " + right + " using (" + using + ")", alias
	case 4:
		return left + " join " + right, alias
	}
	return fmt.Sprintf("%s %sjoin %s on %s.id = %s.id", left, side, right, alias, other), alias
}

func (j *joins) parenthesise(join string) string {
	if strings.Contains(join, "join") && j.IntN(2) == 0 {
		return "(" + join + ")"
	}
	return join
}

func (j *joins) query() string {
	from, alias := j.tree(3)
	if j.IntN(4) == 0 {
		more, _ := j.table()
		from += ", " + more
	}
	columns := append(j.columns, "id", "flag", "doc", alias+".id", "1")
	list := []string{"*"}
	if j.IntN(3) == 0 {
		list = nil
		for range 1 + j.IntN(4) {
			list = append(list, columns[j.IntN(len(columns))])
		}
	}
	tail := []string{"", "", "", " order by id", " order by doc, 1", " where flag", " group by id, flag", " having id > 11"}[j.IntN(8)]
	return "select " + strings.Join(list, ", ") + " from " + from + tail
}

// TestGeneratedJoins compares random joins of tables with hidden columns,
// which the server shows, with joins of tables without. Those that the server
// refuses are passed over; those that we refuse must be few.
func TestGeneratedJoins(t *testing.T) {
	s := newShard(t, schema, dogsAndCats, plainTables, wideTables(""))
	snap := snapshot(t, wideCatalog)
	router := New(Config{Database: s.database})
	run, refused := 0, 0
	for seed := range uint64(*generated) {
		query := (&joins{Rand: rand.New(rand.NewPCG(seed, 1))}).query()
		want, err := s.query(spell(query, "plain_"))
		if err != nil {
			continue // ambiguous, mostly
		}
		run++
		plan, err := router.Plan(snap, Query{SQL: spell(query, "wide_")})
		var e *fault.Error
		if errors.As(err, &e) && e.Code() == fault.Unsupported {
			refused++
			continue
		} else if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		compare(t, s, query, plan, want)
	}
	t.Logf("%d queries, %d of them refused", run, refused)
	if run < *generated/5 || refused > run/10 {
		t.Errorf("of %d queries %d were run, and %d refused", *generated, run, refused)
	}
}
