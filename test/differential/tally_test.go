package differential

import (
	"cmp"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// tally counts verdicts by where the queries come from.
type tally struct {
	mu      sync.Mutex
	sources map[string]*counts
	plans   map[string]int // by feature
}

type counts struct {
	classes map[verdictClass]int
	full    int // answers with rows
	reasons map[verdictClass]map[string]*reason
}

// reason is one for which queries were not answered, with one of them.
type reason struct {
	count   int
	example string
}

func newTally() *tally { return &tally{sources: map[string]*counts{}, plans: map[string]int{}} }

// varying makes reasons that differ in names and numbers alone one.
var varying = regexp.MustCompile("`[^`]*`|'[^']*'|[0-9]+")

func (t *tally) add(source string, v verdict, place, sql string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	c := t.sources[source]
	if c == nil {
		c = &counts{classes: map[verdictClass]int{}, reasons: map[verdictClass]map[string]*reason{}}
		t.sources[source] = c
	}
	c.classes[v.class]++
	if v.class == identical && v.rows > 0 {
		c.full++
	}
	if v.reason == "" {
		return
	}
	if c.reasons[v.class] == nil {
		c.reasons[v.class] = map[string]*reason{}
	}
	key := varying.ReplaceAllString(v.reason, "…")
	r := c.reasons[v.class][key]
	if r == nil {
		r = &reason{}
		c.reasons[v.class][key] = r
	}
	if r.count++; r.example == "" || len(sql) < len(r.example)-len(place)-2 {
		r.example = place + ": " + sql
	}
}

// features are what plans can have, by words of their text.
var features = map[string]string{
	"single": "single\n", "concat": "concat\n", "gather": "gather on", "broadcast": " at [", "narrowed to keys": "of at most", "key": " key (",
	"rows": "(rows of", "groups": "(groups of", "first rows": "(first rows of", "derived table": "(the result of the derived table",
	"subquery": "(the result of a subquery", "arm": "(the result of an arm", "WITH": "(the result of a WITH",
}

// plan counts what a plan has.
func (t *tally) plan(text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.plans["all"]++
	for name, word := range features {
		if strings.Contains(text, word) {
			t.plans[name]++
		}
	}
}

// missing are the features that no plan had.
func (t *tally) missing() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(features)), func(name string) bool { return t.plans[name] > 0 })
}

// count returns how many queries of a source came out in a class.
func (t *tally) count(source string, class verdictClass) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c := t.sources[source]; c != nil {
		return c.classes[class]
	}
	return 0
}

// String is the report: the numbers, and the reasons by their frequency.
func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var b strings.Builder
	for _, source := range slices.Sorted(maps.Keys(t.sources)) {
		c := t.sources[source]
		sum := 0
		for _, n := range c.classes {
			sum += n
		}
		fmt.Fprintf(&b, "%s: %d queries", source, sum)
		for _, class := range []verdictClass{identical, refused, failed, open, slow, crashed, wrong} {
			fmt.Fprintf(&b, ", %d %s", c.classes[class], class)
		}
		fmt.Fprintf(&b, "; %d answers have rows\n", c.full)
		for _, class := range slices.Sorted(maps.Keys(c.reasons)) {
			c.report(&b, class)
		}
	}
	fmt.Fprintf(&b, "plans looked at: %v\n", t.plans)
	return b.String()
}

func (c *counts) report(b *strings.Builder, class verdictClass) {
	reasons := c.reasons[class]
	keys := slices.SortedFunc(maps.Keys(reasons), func(x, y string) int {
		return cmp.Or(cmp.Compare(reasons[y].count, reasons[x].count), cmp.Compare(x, y))
	})
	fmt.Fprintf(b, "  %s:\n", class)
	for _, key := range keys {
		fmt.Fprintf(b, "  %5d  %s\n         such as %s\n", reasons[key].count, key, strings.Join(strings.Fields(reasons[key].example), " "))
	}
}
