package main

import (
	"bytes"
	"fmt"
	"math"
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
	failed  string // why there is no value
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
	case m.failed != "":
		return "**miss**"
	case m.atMost != 0 && m.value <= m.atMost, m.atLeast != 0 && m.value >= m.atLeast:
		return "pass"
	}
	return "**miss**"
}

// format gives three significant digits, and all of an integer's.
func (m *measure) format() string {
	if m.failed != "" {
		return m.failed
	}
	switch v := m.value; {
	case v >= 100 || v <= -100 || v == math.Trunc(v):
		return fmt.Sprintf("%.0f%s", v, m.unit)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f%s", v, m.unit)
	default:
		return fmt.Sprintf("%.3g%s", v, m.unit)
	}
}

// findings are what a benchmark found.
type findings struct {
	setting  string // what all figures have in common
	measures []measure
	details  [][]string // a further table, with its header; nil: none
	remarks  []string   // a paragraph each
}

// section is a benchmark's part of the report.
type section struct {
	bench string
	findings
	machine string
	quick   bool
	took    time.Duration
}

// markdown renders the section, which reads well as plain text too.
func (s *section) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n%s\nThe run took %v.\n", s.machine, s.setting, s.took.Round(time.Second))
	if s.quick {
		b.WriteString("A quick run: the figures mean little.\n")
	}
	table := [][]string{{"measure", "measured", "target", "", "note"}}
	for _, m := range s.measures {
		table = append(table, []string{m.what, m.format(), m.target(), m.verdict(), m.note})
	}
	b.WriteByte('\n')
	writeTable(&b, table)
	for _, remark := range s.remarks {
		fmt.Fprintf(&b, "\n%s\n", remark)
	}
	if s.details != nil {
		b.WriteByte('\n')
		writeTable(&b, s.details)
	}
	return b.String()
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

// begin and end are the lines between which writeInto puts the section.
func (s *section) begin() string { return "<!-- measured: " + s.bench + " -->\n" }
func (s *section) end() string   { return "<!-- end of " + s.bench + " -->\n" }

// writeInto replaces the benchmark's section of the file and leaves all else.
// A file without one gets it at its end, below a heading; a file that does
// not exist is made.
func (s *section) writeInto(path string) error {
	text, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("report: %w", err)
	}
	before, rest, found := bytes.Cut(text, []byte(s.begin()))
	_, after, closed := bytes.Cut(rest, []byte(s.end()))
	if found && !closed {
		return fmt.Errorf("report: %s has no line %q", path, strings.TrimSpace(s.end()))
	}
	if !found {
		before = fmt.Appendf(before, "\n## %s\n\n", s.bench)
	}
	section := fmt.Sprintf("%sMeasured on %s.\n\n%s%s", s.begin(), time.Now().UTC().Format("2006-01-02"), s.markdown(), s.end())
	if err := os.WriteFile(path, slices.Concat(before, []byte(section), after), 0o644); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}
