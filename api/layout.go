package api

import (
	"strconv"

	"github.com/kolide/databalancer/proxy"
)

// format is the media type of an answer.
type format string

const (
	formatJSON   format = "json"
	formatNDJSON format = "ndjson"
	formatCSV    format = "csv"
)

// contentTypes are the values of the header, which all answers share.
var contentTypes = map[format][]string{
	formatJSON:   {"application/json"},
	formatNDJSON: {"application/x-ndjson"},
	formatCSV:    {"text/csv; charset=utf-8; header=present"},
}

// shape is the form of a row in JSON and NDJSON.
type shape string

const (
	shapeObjects shape = "objects"
	shapeArrays  shape = "arrays"
)

// layout is all that a format and a shape say about the bytes around and
// between the values of an answer. One loop (layout.write) writes rows of
// every kind. It is not changed once made.
type layout struct {
	head      []byte
	separator string // between rows
	prefixes  []string
	null      string
	suffix    string // of each row
	encoders  []encoder
	splitters []splitter
}

// write writes a row into a stream, whose mu the caller holds, and sends what
// does not fit there. What it returns is the stream's error.
func (l *layout) write(s *stream, values [][]byte, first bool) error {
	dst := s.buf
	if !first {
		dst = append(dst, l.separator...)
	}
	for i, value := range values {
		dst = append(dst, l.prefixes[i]...)
		switch {
		case value == nil:
			dst = append(dst, l.null...)
		case len(value) > largeValue:
			dst = s.pieces(dst, l.splitters[i](value))
		default:
			dst = l.encoders[i](dst, value)
		}
		if len(dst) >= bufferSize {
			dst = s.drain(dst)
		}
	}
	s.buf = append(dst, l.suffix...)
	return s.err
}

// newLayout returns the layout of an answer with these columns.
func newLayout(f format, s shape, columns []proxy.Column, quoteLarge bool) *layout {
	if f == formatCSV {
		return csvLayout(columns)
	}
	l := &layout{null: "null", encoders: make([]encoder, len(columns)), splitters: make([]splitter, len(columns))}
	for i, c := range columns {
		l.encoders[i], l.splitters[i] = jsonEncoder(c.Type, quoteLarge), jsonSplitter(c.Type)
	}
	if s == shapeArrays {
		l.prefixes, l.suffix = separators("[", ",", len(columns)), "]"
		l.head = append(appendColumns(nil, columns), `,"rows":[`...)
	} else {
		l.prefixes, l.suffix = keys(unique(columns)), "}"
		l.head = []byte(`{"results":[`)
	}
	if l.separator = ","; f == formatNDJSON {
		l.separator, l.suffix, l.head = "", l.suffix+"\n", nil
		if s == shapeArrays {
			l.head = append(appendColumns(nil, columns), "}\n"...)
		}
	}
	return l
}

func csvLayout(columns []proxy.Column) *layout {
	l := &layout{
		prefixes:  separators("", ",", len(columns)),
		suffix:    "\r\n",
		encoders:  make([]encoder, len(columns)),
		splitters: make([]splitter, len(columns)),
	}
	for i, c := range columns {
		l.encoders[i], l.splitters[i] = csvEncoder(c.Type), csvSplitter(c.Type)
		l.head = appendField(append(l.head, l.prefixes[i]...), []byte(c.Name))
	}
	l.head = append(l.head, l.suffix...)
	return l
}

// keys returns what stands before each value of an object.
func keys(columns []proxy.Column) []string {
	prefixes := separators("{", ",", len(columns))
	for i, c := range columns {
		prefixes[i] += string(appendText(nil, []byte(c.Name))) + ":"
	}
	return prefixes
}

func separators(first, others string, n int) []string {
	s := make([]string, n)
	for i := range s {
		s[i] = others
	}
	s[0] = first
	return s
}

// appendColumns appends an object whose end is left open, with the member
// "columns".
func appendColumns(dst []byte, columns []proxy.Column) []byte {
	prefix := `{"columns":[{"name":`
	for _, c := range columns {
		dst = appendText(append(dst, prefix...), []byte(c.Name))
		dst = appendText(append(dst, `,"type":`...), []byte(c.Type))
		prefix = `},{"name":`
	}
	return append(dst, "}]"...)
}

// unique returns the columns with repeated names told apart: the second gets
// ":2" appended, the third ":3", and so on. Names are compared exactly, as
// the keys of JSON objects are.
func unique(columns []proxy.Column) []proxy.Column {
	taken := make(map[string]int, len(columns))
	for _, c := range columns {
		taken[c.Name] = 0
	}
	result := make([]proxy.Column, len(columns))
	for i, c := range columns {
		result[i] = c
		taken[c.Name]++
		if taken[c.Name] == 1 {
			continue
		}
		for n := taken[c.Name]; ; n++ {
			name := c.Name + ":" + strconv.Itoa(n)
			if _, ok := taken[name]; !ok {
				taken[name], taken[c.Name], result[i].Name = 1, n, name
				break
			}
		}
	}
	return result
}
