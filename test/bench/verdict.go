package main

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// What a suite of scattered queries is to reach.
const (
	medianTarget       = 1.3 // of the times relative to one server
	worstTarget        = 2.5 // of the same
	spiderMedianTarget = 1.0 // of the times relative to SPIDER
	spiderWorstTarget  = 1.5 // of the same
	addedTarget        = 1.5 // ms, of short queries
)

// short is what a query on one server takes at most for which round trips
// count more than work: not the ratio is judged then but the time added, as
// in tiny.
const short = 3 * time.Millisecond

func (o *outcome) isShort() bool { return o.answered() && o.oracle <= short }

// judge sums a suite up.
func (s *scattered) judge(data string, outcomes []outcome) *findings {
	f := &findings{setting: s.setting(data)}
	compared := filter(outcomes, func(o *outcome) bool { return o.dropped == "" })
	f.measures = []measure{
		{what: "queries answered as one server does", value: float64(len(filter(compared, (*outcome).answered))), atLeast: float64(len(compared)),
			note: fmt.Sprintf("of %d", len(compared))},
		{what: "queries answered otherwise", value: float64(len(filter(compared, (*outcome).wrong))), note: names(filter(compared, (*outcome).wrong))},
	}
	f.measures = append(f.measures, summary("time / time of one server", filter(compared, (*outcome).judgedByRatio), (*outcome).ratio, medianTarget, worstTarget)...)
	f.measures = append(f.measures, addedToShort(filter(compared, (*outcome).isShort))...)
	if s.spider != nil {
		f.measures = append(f.measures, summary("time / time of SPIDER", filter(compared, (*outcome).besideSpider), (*outcome).overSpider, spiderMedianTarget, spiderWorstTarget)...)
	}
	f.remarks = losses(outcomes)
	f.details = s.table(outcomes)
	return f
}

func (o *outcome) judgedByRatio() bool { return o.answered() && !o.isShort() }

// addedToShort returns the longest time added to a short query, if there is
// one.
func addedToShort(of []outcome) []measure {
	if len(of) == 0 {
		return nil
	}
	m := measure{what: fmt.Sprintf("time added to queries of at most %v, highest", short), unit: " ms", atMost: addedTarget}
	for i := range of {
		if added := (of[i].gathered - of[i].oracle).Seconds() * 1e3; added > m.value {
			m.value, m.note = added, of[i].name
		}
	}
	return []measure{m}
}

func (o *outcome) wrong() bool { return strings.HasPrefix(o.failed, differs) }

// summary returns the median and the highest of the queries' ratios.
func summary(what string, of []outcome, ratio func(*outcome) float64, medianTarget, worstTarget float64) []measure {
	middle := measure{what: what + ", median", atMost: medianTarget}
	worst := measure{what: what + ", highest", atMost: worstTarget}
	if len(of) == 0 {
		middle.failed, worst.failed = "no answers", "no answers"
		return []measure{middle, worst}
	}
	var ratios []float64
	for i := range of {
		ratios = append(ratios, ratio(&of[i]))
		if r := ratios[i]; r > worst.value {
			worst.value, worst.note = r, of[i].name
		}
	}
	middle.value = median(ratios)
	middle.note = fmt.Sprintf("of %d queries", len(of))
	return []measure{middle, worst}
}

// losses names the queries with which databalancer does worse than another.
func losses(outcomes []outcome) []string {
	slower := filter(outcomes, func(o *outcome) bool { return o.judgedByRatio() && o.ratio() > medianTarget })
	behindSpider := filter(outcomes, func(o *outcome) bool { return o.besideSpider() && o.overSpider() > 1 })
	var remarks []string
	add := func(what string, of []outcome) {
		if len(of) > 0 {
			remarks = append(remarks, what+": "+names(of)+".")
		}
	}
	add(fmt.Sprintf("Slower than one server by more than %g", medianTarget), slower)
	add("Slower than SPIDER", behindSpider)
	add("SPIDER's answer is another one", filter(outcomes, func(o *outcome) bool { return o.noSpider == differs }))
	add("Not answered", filter(outcomes, func(o *outcome) bool { return o.dropped == "" && !o.answered() }))
	add("Left out", filter(outcomes, func(o *outcome) bool { return o.dropped != "" }))
	return remarks
}

// table has a row a query, with its times in ms.
func (s *scattered) table(outcomes []outcome) [][]string {
	table := [][]string{{"query", "what", "one server, ms", "databalancer, ms", "ratio", "SPIDER, ms", "databalancer / SPIDER", "note"}}
	for i := range outcomes {
		o := &outcomes[i]
		row := []string{o.name, o.title, "", "", "", "", "", o.dropped + o.failed}
		if o.dropped == "" {
			row[2] = milliseconds(o.oracle.Seconds())
		}
		if o.answered() {
			row[3], row[4] = milliseconds(o.gathered.Seconds()), ratioText(o.ratio())
		}
		if o.spider > 0 {
			row[5] = milliseconds(o.spider.Seconds())
		}
		if o.noSpider != "" {
			row[5] = strings.TrimSpace(o.noSpider)
		}
		if o.besideSpider() {
			row[6] = ratioText(o.overSpider())
		}
		table = append(table, row)
	}
	if s.spider == nil {
		for i, row := range table {
			table[i] = slices.Delete(row, 5, 7)
		}
	}
	return table
}

func milliseconds(seconds float64) string { return ratioText(seconds * 1e3) }

func ratioText(ratio float64) string { return (&measure{value: ratio}).format() }

func filter(outcomes []outcome, keep func(*outcome) bool) []outcome {
	var kept []outcome
	for i := range outcomes {
		if keep(&outcomes[i]) {
			kept = append(kept, outcomes[i])
		}
	}
	return kept
}

func names(outcomes []outcome) string {
	var names []string
	for i := range outcomes {
		names = append(names, outcomes[i].name)
	}
	return strings.Join(names, ", ")
}
