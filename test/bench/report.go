package main

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// measure is one figure. At most one of atMost and atLeast is set; with
// neither it is told for information.
type measure struct {
	what    string
	value   float64
	unit    string // after the value; "" for ratios
	atMost  float64
	atLeast float64
	note    string
}

func (m *measure) target() string {
	switch {
	case m.atMost != 0:
		return fmt.Sprintf("≤ %g%s", m.atMost, m.unit)
	case m.atLeast != 0:
		return fmt.Sprintf("≥ %g%s", m.atLeast, m.unit)
	}
	return ""
}

func (m *measure) verdict() string {
	switch {
	case m.atMost == 0 && m.atLeast == 0:
		return ""
	case m.atMost != 0 && m.value <= m.atMost, m.atLeast != 0 && m.value >= m.atLeast:
		return "pass"
	}
	return "**miss**"
}

// format gives three significant digits, and all of an integer's.
func (m *measure) format() string {
	switch v := m.value; {
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f%s", v, m.unit)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f%s", v, m.unit)
	default:
		return fmt.Sprintf("%.3g%s", v, m.unit)
	}
}

// report is one run's results.
type report struct {
	machine string
	setting string
	quick   bool
	took    time.Duration
	rows    []reportRow
}

type reportRow struct {
	bench string
	measure
}

func (r *report) add(bench string, measures []measure) {
	for _, m := range measures {
		r.rows = append(r.rows, reportRow{bench, m})
	}
}

// markdown renders the report, which reads well as plain text too.
func (r *report) markdown() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n%s\n", r.machine, r.setting)
	if r.quick {
		s.WriteString("A quick run: the figures mean little.\n")
	}
	table := [][]string{{"benchmark", "measure", "measured", "target", "", "note"}}
	for _, row := range r.rows {
		table = append(table, []string{row.bench, row.what, row.format(), row.target(), row.verdict(), row.note})
	}
	s.WriteByte('\n')
	writeTable(&s, table)
	fmt.Fprintf(&s, "\nThe run took %v.\n", r.took.Round(time.Second))
	return s.String()
}

// writeTable writes rows, the first of which is the header, in columns.
func writeTable(s *strings.Builder, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)), 3)
		}
	}
	for n, row := range rows {
		for i, cell := range row {
			fmt.Fprintf(s, "| %-*s ", widths[i], cell)
		}
		s.WriteString("|\n")
		if n > 0 {
			continue
		}
		for _, w := range widths {
			s.WriteString("|" + strings.Repeat("-", w+2))
		}
		s.WriteString("|\n")
	}
}

// The lines between which writeInto puts the report.
const (
	sectionBegin = "<!-- measured: begin -->\n"
	sectionEnd   = "<!-- measured: end -->\n"
)

// writeInto replaces the file's measured section. A file without one gets it
// at its end; a file that does not exist is made.
func (r *report) writeInto(path string) error {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("report: %w", err)
	}
	before, rest, found := bytes.Cut(text, []byte(sectionBegin))
	_, after, closed := bytes.Cut(rest, []byte(sectionEnd))
	if found && !closed {
		return fmt.Errorf("report: %s has no line %q", path, strings.TrimSpace(sectionEnd))
	}
	section := fmt.Sprintf("%sMeasured on %s.\n\n%s%s", sectionBegin, time.Now().UTC().Format("2006-01-02"), r.markdown(), sectionEnd)
	if err := os.WriteFile(path, slices.Concat(before, []byte(section), after), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
