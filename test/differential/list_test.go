package differential

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// listed is a query of the hand-written list.
type listed struct {
	query
	rules
	place string // file and line
	fails bool   // on one server, and so everywhere
	// mayFail is set on TiDB, which lacks much of what the list asks for: there
	// a query that fails on one server need not be marked.
	mayFail bool
	never   bool // is refused, for good

	failsOn string // the servers that fail
	openOn  string // the servers that are not of one mind

	untied bool // its ORDER BY fixes nothing
}

// readList reads testdata/queries/*.txt. Queries are separated by blank
// lines. Lines that begin with "-- " are comments; these of them mean
// something:
//
//	-- fails        one server fails, and so must the service
//	-- fails on: X  so do servers whose name and version begin so: MySQL, MariaDB 10
//	               (several: separated by commas)
//	-- open on: X   such servers give several answers, by the indexes that they use
//	-- refused      the service refuses for good, whatever one server would do
//	-- args: […]    the arguments of the placeholders
//	-- open: 1,2    columns whose value stands for others that are equal
//	-- approx: 3    columns with open last digits
//	-- bag: 1       columns that are lists in no order
//	-- ties: 1,2    the columns of ORDER BY, where rows may tie
//	-- unordered    ORDER BY fixes nothing
//
// An ORDER BY outside all parentheses fixes the place of every row, unless
// ties are declared.
func readList(t testing.TB) []listed {
	t.Helper()
	files, err := filepath.Glob("testdata/queries/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	var all []listed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line := 1
		for _, block := range strings.Split(string(text), "\n\n") {
			l, err := readListed(block)
			l.place = fmt.Sprintf("%s:%d", filepath.Base(file), line)
			if err != nil {
				t.Fatalf("%s: %v", l.place, err)
			}
			if l.sql != "" {
				all = append(all, l)
			}
			line += strings.Count(block, "\n") + 2
		}
	}
	return all
}

func readListed(block string) (listed, error) {
	l := listed{rules: rules{marks: map[int]mark{}}}
	var lines []string
	for line := range strings.SplitSeq(strings.TrimSpace(block), "\n") {
		comment, is := strings.CutPrefix(line, "-- ")
		if !is {
			lines = append(lines, line)
		} else if err := l.direct(comment); err != nil {
			return l, err
		}
	}
	l.sql = strings.Join(lines, "\n")
	if l.order == unordered && !l.untied && ordered(l.sql) {
		l.order = total
	}
	return l, nil
}

// direct takes a comment that may be a directive.
func (l *listed) direct(comment string) error {
	name, value, _ := strings.Cut(comment, ":")
	switch name {
	case "fails":
		l.fails = true
	case "fails on":
		l.failsOn = strings.TrimSpace(value)
	case "open on":
		l.openOn = strings.TrimSpace(value)
	case "refused":
		l.never = true
	case "unordered":
		l.untied = true
	case "args":
		return json.Unmarshal([]byte(value), &l.args)
	case "open", "approx", "bag", "ties":
		for field := range strings.SplitSeq(value, ",") {
			n, err := strconv.Atoi(strings.TrimSpace(field))
			if err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
			l.mark(name, n-1)
		}
	}
	return nil
}

func (l *listed) mark(name string, column int) {
	m := l.marks[column]
	switch name {
	case "open":
		m.open = true
	case "approx":
		m.approx = true
	case "bag":
		m.bag = true
	case "ties":
		l.order, l.ties = byTies, append(l.ties, column)
	}
	l.marks[column] = m
}

// ordered reports whether a query has an ORDER BY outside all parentheses.
func ordered(sql string) bool {
	depth := 0
	before := ""
	for _, token := range tokens(sql) {
		switch {
		case token == "(":
			depth++
		case token == ")":
			depth--
		case depth == 0 && strings.EqualFold(before, "order") && strings.EqualFold(token, "by"):
			return true
		}
		before = token
	}
	return false
}

// runList puts the list to a scattering. With settle set it also looks at the
// plans, and asks whether the marks are all that is needed.
func runList(t *testing.T, s *scattering, all []listed, settle bool, sum *tally) {
	backend := localtest.Backend(t)
	// MySQL compares texts by the rules of the index that it chose, so that more is
	// open there than SQL leaves.
	byIndex := backend.LooksUpUnpadded()
	inParallel(len(all), time.Time{}, func(i int) {
		l := all[i].on(backend.String())
		l.mayFail = !backend.Gathers()
		if l.never {
			s.declines(t, l, sum)
			return
		}
		v := s.judge(l.query, &l.rules)
		if v.class == wrong && (l.openOn != "" || byIndex && !s.settled(l.query, &l.rules)) {
			v = verdict{class: open, reason: "the oracle itself: " + v.reason}
		}
		sum.add("list", v, l.place, l.sql)
		if settle && l.openOn == "" && v.class == identical {
			sum.plan(s.service.explain(l.query))
			if !byIndex && !s.settled(l.query, &l.rules) {
				t.Errorf("%s: SQL leaves more open than the list says\n%s", l.place, l.sql)
			}
		}
		if fault := l.fault(v); fault != "" {
			t.Errorf("%s\n%s: %s\n%s\n%s\nsmallest: %s", s, l.place, fault, l.sql, v.detail, s.shrinkText(l, v))
		}
	})
}

// on is the query as it is expected to end on a server.
func (l listed) on(backend string) *listed {
	for on := range strings.SplitSeq(l.failsOn, ",") {
		l.fails = l.fails || l.failsOn != "" && strings.HasPrefix(backend, strings.TrimSpace(on))
	}
	if !strings.HasPrefix(backend, l.openOn) {
		l.openOn = ""
	}
	return &l
}

// declines checks that the service refuses a query. The oracle is not asked:
// it might do as the query says.
func (s *scattering) declines(t *testing.T, l *listed, sum *tally) {
	_, err := s.service.ask(l.query)
	var p *harness.Problem
	if !errors.As(err, &p) || p.Status >= 500 {
		t.Errorf("%s: is to be refused: %v\n%s", l.place, err, l.sql)
		return
	}
	sum.add("list", verdict{class: refused, reason: "by design, " + p.Error()}, l.place, l.sql)
}

// fault says what is wrong with the verdict on a query, or with the query.
func (l *listed) fault(v verdict) string {
	switch {
	case v.class == wrong:
		return "WRONG: " + v.reason
	case v.class == slow:
		return "too slow: " + v.reason
	case l.fails && !l.mayFail && v.class != failed && v.class != refused:
		return "does not fail, but the list says so: " + string(v.class) + " " + v.reason
	case !l.fails && !l.mayFail && v.class == failed:
		return "fails on one server, which the list does not say: " + v.detail
	}
	return ""
}
