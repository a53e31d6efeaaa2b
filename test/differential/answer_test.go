package differential

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// query is a SELECT with the arguments of its placeholders, as JSON.
type query struct {
	sql  string
	args []json.RawMessage
}

// answer is the result of a query.
type answer struct {
	columns []column
	rows    [][]cell
}

// column is one of an answer. The oracle does not know of the types bool and
// json: there they are int and text.
type column struct{ name, kind string }

// cell is one value. Its text is MySQL's own, but that doubles are written in
// one form whoever printed them, bytes that are not UTF-8 in base64, and BITs
// as numbers. exact is the service's own text of a number; the oracle has none.
type cell struct {
	null  bool
	text  string
	exact string
}

func (c cell) String() string {
	if c.null {
		return "NULL"
	}
	return strconv.Quote(c.text)
}

// readAnswer reads what the service answers in the shape "arrays".
func readAnswer(text []byte) (*answer, error) {
	var body struct {
		Columns []struct{ Name, Type string }
		Rows    [][]json.RawMessage
		// What a client must look at lest it take half an answer for a whole one.
		Truncated *bool
		Error     json.RawMessage
	}
	if err := json.Unmarshal(text, &body); err != nil {
		return nil, fmt.Errorf("answer is no JSON: %w", err)
	}
	if body.Truncated == nil || body.Error != nil {
		return nil, fmt.Errorf("answer is not complete: %s", text[max(0, len(text)-300):])
	}
	a := &answer{}
	for _, c := range body.Columns {
		a.columns = append(a.columns, column{c.Name, c.Type})
	}
	for _, values := range body.Rows {
		if len(values) != len(a.columns) {
			return nil, fmt.Errorf("row of %d values in an answer of %d columns", len(values), len(a.columns))
		}
		row := make([]cell, len(values))
		for i, v := range values {
			var err error
			if row[i], err = readCell(a.columns[i].kind, v); err != nil {
				return nil, fmt.Errorf("column %s: %w", a.columns[i].name, err)
			}
		}
		a.rows = append(a.rows, row)
	}
	return a, nil
}

// readCell reads a value of the API type.
func readCell(kind string, v json.RawMessage) (cell, error) {
	if string(v) == "null" && kind != "json" {
		return cell{null: true}, nil
	}
	switch {
	case kind == "json":
		return jsonCell(v), nil
	case kind == "bool" && string(v) == "true":
		return cell{text: "1"}, nil
	case kind == "bool" && string(v) == "false":
		return cell{text: "0"}, nil
	case v[0] == '"':
		var s string
		err := json.Unmarshal(v, &s)
		if year, numeric := strconv.Atoi(s); kind == "year" && numeric == nil { // 0 and 0000
			return cell{text: strconv.Itoa(year), exact: s}, err
		}
		return cell{text: s}, err
	case kind == "float":
		f, err := strconv.ParseFloat(string(v), 64)
		return cell{text: formatFloat(f, 64), exact: string(v)}, err
	case kind == "int" || kind == "decimal" || kind == "bit" || kind == "bool":
		return cell{text: string(v), exact: string(v)}, nil
	}
	return cell{}, fmt.Errorf("a %s is %s", kind, v)
}

// jsonCell is the document as it came. A NULL and the document null look
// alike in an answer, and so do they here.
func jsonCell(v json.RawMessage) cell {
	if string(v) == "null" {
		return cell{null: true}
	}
	return cell{text: string(v)}
}

func formatFloat(f float64, bits int) string { return strconv.FormatFloat(f, 'g', -1, bits) }

// printable is a value as JSON answers show it: bytes that are not UTF-8 in
// base64.
func printable(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	return base64.StdEncoding.EncodeToString(b)
}

// String shows the first rows.
func (a *answer) String() string {
	const shown = 12
	var b strings.Builder
	for i, c := range a.columns {
		fmt.Fprintf(&b, "%s%s %s", map[bool]string{true: ", "}[i > 0], c.name, c.kind)
	}
	fmt.Fprintf(&b, ": %d rows\n", len(a.rows))
	for _, row := range a.rows[:min(shown, len(a.rows))] {
		b.WriteString("  " + printRow(row) + "\n")
	}
	if len(a.rows) > shown {
		b.WriteString("  …\n")
	}
	return b.String()
}

func printRow(row []cell) string {
	var b bytes.Buffer
	for i, c := range row {
		if i > 0 {
			b.WriteString(" | ")
		}
		b.WriteString(c.String())
	}
	return b.String()
}
