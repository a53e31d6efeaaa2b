package differential

import (
	"strings"
	"time"
)

// shrinkTime is how long a query is made smaller at most.
const shrinkTime = 10 * time.Second

// shrinkText makes a wrong query of the list smaller as long as it stays wrong
// in the same respect, and returns it with its plan and answers.
func (s *scattering) shrinkText(l *listed, v verdict) string {
	if v.class != wrong {
		return "-"
	}
	last := v
	small := shrinkTokens(tokens(l.sql), time.Now().Add(shrinkTime), func(sql string) bool {
		q := query{sql: sql, args: l.args}
		if strings.Count(sql, "?") != len(l.args) {
			return false
		}
		r := l.rules
		if !ordered(sql) {
			r.order = unordered
		}
		found := s.judge(q, &r)
		if found.class != wrong || found.reason != v.reason || !s.settled(q, &r) {
			return false
		}
		last = found
		return true
	})
	return small + "\n" + last.detail + "\n" + s.service.explain(query{small, l.args})
}

// shrinkTokens returns the shortest text it finds that still fails, by leaving
// out ever shorter runs of tokens with balanced parentheses.
func shrinkTokens(all []string, deadline time.Time, fails func(string) bool) string {
	for size := len(all) / 2; size > 0; {
		smaller := false
		for start := 0; start+size <= len(all) && time.Now().Before(deadline); start++ {
			rest, ok := without(all, start, size)
			if ok && fails(joined(rest)) {
				all, smaller = rest, true
				start--
			}
		}
		if !smaller || size > len(all) {
			size = min(size-1, max(size*2/3, 1), len(all))
			if smaller {
				size = len(all) / 2
			}
		}
	}
	return joined(all)
}

// without leaves out a run of tokens, if that has as many parentheses to open
// as to close. A pair around the run goes with it where nothing else is left.
func without(all []string, start, size int) ([]string, bool) {
	depth := 0
	for _, token := range all[start : start+size] {
		switch token {
		case "(":
			depth++
		case ")":
			if depth--; depth < 0 {
				return nil, false
			}
		}
	}
	if depth != 0 {
		return nil, false
	}
	rest := make([]string, 0, len(all)-size)
	return append(append(rest, all[:start]...), all[start+size:]...), true
}
