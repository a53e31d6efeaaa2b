package differential

import (
	"fmt"
	"slices"
	"strings"
)

// folder maps a value of a column to what all values equal to it map to.
type folder interface {
	fold(column int, text string) string
}

// verbatim is a folder for which only the same is equal.
type verbatim struct{}

func (verbatim) fold(_ int, text string) string { return text }

// difference says how an answer differs from the right one.
type difference struct {
	kind   string // names, types, count, rows or order
	detail string
}

func (d *difference) String() string { return d.kind + ": " + d.detail }

// compareNames checks the names of the columns and their number.
func compareNames(want, got *answer) *difference {
	name := func(c column) string { return c.name }
	if w, g := mapped(want.columns, name), mapped(got.columns, name); !slices.Equal(w, g) {
		return &difference{"names", fmt.Sprintf("want %q, got %q", w, g)}
	}
	return nil
}

// compareTypes checks the types of columns of the same number. Two that both
// come of databalancer must be alike; the oracle takes a bool for an int and
// JSON for text, and does not know that a column is json.
func compareTypes(want, got *answer, direct bool) *difference {
	for i, w := range want.columns {
		g := got.columns[i]
		refined := direct && (w.kind == "int" && g.kind == "bool" || (w.kind == "text" || w.kind == "bytes") && g.kind == "json")
		if w.kind != g.kind && !refined {
			return &difference{"types", fmt.Sprintf("column %d (%s): want %s, got %s", i+1, w.name, w.kind, g.kind)}
		}
	}
	return nil
}

// compareRows checks the rows of answers with the same columns; exact demands
// the same text of numbers, too. Nil means that they are the same.
func compareRows(want, got *answer, r *rules, exact bool, f folder) *difference {
	if len(want.rows) != len(got.rows) {
		return &difference{"count", fmt.Sprintf("want %d rows, got %d%s", len(want.rows), len(got.rows), firstDifference(want, got, r, exact, f))}
	}
	switch r.order {
	case total:
		return compareLists(want, got, r, exact, f)
	case byTies:
		return compareBlocks(want, got, r, exact, f)
	}
	return compareBags(want.rows, got.rows, r, exact, f)
}

func compareLists(want, got *answer, r *rules, exact bool, f folder) *difference {
	for i := range want.rows {
		if w, g := r.canonical(want.rows[i], exact, f), r.canonical(got.rows[i], exact, f); !w.equal(g) {
			kind := "order"
			if d := compareBags(want.rows, got.rows, r, exact, f); d != nil {
				kind = "rows"
			}
			return &difference{kind, fmt.Sprintf("row %d:\n  want %s\n  got  %s", i+1, printRow(want.rows[i]), printRow(got.rows[i]))}
		}
	}
	return nil
}

// compareBlocks compares the rows that tie with each other as multisets, one
// such block after the other.
func compareBlocks(want, got *answer, r *rules, exact bool, f folder) *difference {
	for start := 0; start < len(want.rows); {
		end := start + 1
		for end < len(want.rows) && r.tie(want.rows[start], want.rows[end], f) {
			end++
		}
		if d := compareBags(want.rows[start:end], got.rows[start:end], r, exact, f); d != nil {
			if compareBags(want.rows, got.rows, r, exact, f) == nil {
				d.kind = "order"
			}
			return d
		}
		start = end
	}
	return nil
}

// tie reports whether two rows are equal in all columns that they are sorted
// by.
func (r *rules) tie(a, b []cell, f folder) bool {
	for _, i := range r.ties {
		if i >= len(a) { // of a query that was made smaller
			continue
		}
		if a[i].null != b[i].null {
			return false
		}
		if a[i].text != b[i].text && f.fold(i, a[i].text) != f.fold(i, b[i].text) {
			return false
		}
	}
	return true
}

// compareBags compares rows as multisets of the same size.
func compareBags(want, got [][]cell, r *rules, exact bool, f folder) *difference {
	w, g := r.sort(want, exact, f), r.sort(got, exact, f)
	for i := range w {
		if w[i].canon.equal(g[i].canon) {
			continue
		}
		return &difference{"rows", fmt.Sprintf("first in which they differ, sorted:\n  want %s\n  got  %s", printRow(w[i].row), printRow(g[i].row))}
	}
	return nil
}

type sortedRow struct {
	canon canon
	row   []cell
}

func (r *rules) sort(rows [][]cell, exact bool, f folder) []sortedRow {
	s := make([]sortedRow, len(rows))
	for i, row := range rows {
		s[i] = sortedRow{r.canonical(row, exact, f), row}
	}
	slices.SortFunc(s, func(a, b sortedRow) int { return a.canon.compare(b.canon) })
	return s
}

// firstDifference shows a row that only one of the answers has.
func firstDifference(want, got *answer, r *rules, exact bool, f folder) string {
	w, g := r.sort(want.rows, exact, f), r.sort(got.rows, exact, f)
	i := 0
	for i < min(len(w), len(g)) && w[i].canon.equal(g[i].canon) {
		i++
	}
	switch {
	case i < len(w) && (i >= len(g) || w[i].canon.compare(g[i].canon) < 0):
		return "\n  missing: " + printRow(w[i].row)
	case i < len(g):
		return "\n  too much: " + printRow(g[i].row)
	}
	return ""
}

func mapped[T, U any](list []T, f func(T) U) []U {
	out := make([]U, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

// fit prepares the oracle's answer for a comparison with one that knows which
// columns are JSON: there the document null reads as NULL, and line breaks
// are blanks.
func fit(direct, refined *answer) *answer {
	if !slices.ContainsFunc(refined.columns, func(c column) bool { return c.kind == "json" }) {
		return direct
	}
	fitted := &answer{columns: direct.columns}
	for _, row := range direct.rows {
		row = slices.Clone(row)
		for i, c := range refined.columns {
			if c.kind == "json" && !row[i].null {
				row[i] = jsonCell([]byte(strings.NewReplacer("\n", " ", "\r", " ").Replace(row[i].text)))
			}
		}
		fitted.rows = append(fitted.rows, row)
	}
	return fitted
}
