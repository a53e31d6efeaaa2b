package api

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy"
)

// largeLine is a geometry, a line of n positions.
func largeLine(n int) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("\x00\x00\x00\x00\x01\x02\x00\x00\x00"), uint32(n))
	return append(b, bytes.Repeat([]byte("\x00\x00\x00\x00\x00\x00\xf0\x3f"), 2*n)...)
}

// Written in pieces, a large value is what it is as a whole, in every format,
// type and shape that it can have.
func TestPieces(t *testing.T) {
	values := map[string][]byte{
		"plain":            bytes.Repeat([]byte("x"), 3*largeValue),
		"escapes":          bytes.Repeat([]byte("a\"\n\\\x01,"), largeValue),
		"not ASCII":        []byte(strings.Repeat("é€😀", largeValue)),
		"not UTF-8":        bytes.Repeat([]byte("ab\xff\xfe"), largeValue+1),
		"not UTF-8, late":  append(bytes.Repeat([]byte("x"), 5*largeValue), 0xff),
		"document":         []byte("{\"a\":\r\n[" + strings.Repeat("\"b\\n\",\n", largeValue) + "1]}"),
		"document, broken": []byte("[" + strings.Repeat("1,\n", largeValue)),
		"geometry":         largeLine(5000),
		"geometry, broken": largeLine(5000)[:60000],
	}
	for name, value := range values {
		for _, f := range []format{formatJSON, formatNDJSON, formatCSV} {
			for _, kind := range []catalog.Type{catalog.Text, catalog.Bytes, catalog.JSON, catalog.Geometry, catalog.Int, catalog.Bool, catalog.Bit} {
				if f == formatCSV && kind == catalog.Int { // which is never large, nor looked at
					continue
				}
				columns := []proxy.Column{{Name: "a", Type: kind}, {Name: "b", Type: catalog.Int}}
				l := newLayout(f, shapeObjects, columns, false)
				want := l.prefixes[0] + string(l.encoders[0](nil, value)) + l.prefixes[1] + "7" + l.suffix
				if got := streamed(l, [][]byte{value, []byte("7")}); got != want {
					t.Errorf("%s as %s in %s: %d bytes, want %d", name, kind, f, len(got), len(want))
				}
			}
		}
	}
}

func FuzzPieces(f *testing.F) {
	f.Add([]byte(`{"a":"b"}`), uint16(2000))
	f.Add([]byte("é\"\n\xff"), uint16(5000))
	f.Fuzz(func(t *testing.T, unit []byte, times uint16) {
		value := bytes.Repeat(unit, 1+int(times))
		if len(value) <= largeValue || len(value) > 1<<20 {
			return
		}
		for _, kind := range []catalog.Type{catalog.Text, catalog.JSON, catalog.Geometry} {
			for _, of := range []format{formatJSON, formatCSV} {
				l := newLayout(of, shapeArrays, []proxy.Column{{Name: "a", Type: kind}}, false)
				want := l.prefixes[0] + string(l.encoders[0](nil, value)) + l.suffix
				if got := streamed(l, [][]byte{value}); got != want {
					t.Fatalf("%s in %s: %d bytes, want %d", kind, of, len(got), len(want))
				}
			}
		}
	})
}

// streamed returns a row as a client gets it.
func streamed(l *layout, values [][]byte) string {
	w := httptest.NewRecorder()
	s := newStream(w, time.Minute, func() {})
	defer s.close()
	s.mu.Lock()
	_ = l.write(s, values, true)
	_ = s.send()
	s.mu.Unlock()
	return w.Body.String()
}

// A large value takes no more of the buffer than a small one.
func TestLargeValuesAreNotHeld(t *testing.T) {
	columns := []proxy.Column{{Name: "a", Type: catalog.Text}, {Name: "b", Type: catalog.JSON}}
	l := newLayout(formatJSON, shapeObjects, columns, false)
	s := newStream(httptest.NewRecorder(), time.Minute, func() {})
	defer s.close()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, text := range []string{"x", "\x01"} { // the latter becomes six times as long
		value := bytes.Repeat([]byte(text), 8<<20)
		if err := l.write(s, [][]byte{value, value}, true); err != nil {
			t.Fatal(err)
		}
	}
	if cap(s.buf) > bufferKeep {
		t.Errorf("the buffer grew to %d bytes", cap(s.buf))
	}
}

// An answer beyond the limit is refused while nothing of it has been sent, and
// broken off at the end of a row after that.
func TestMaxResultBytes(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.MaxResultBytes = 1000 })
	f.proxy.query = rows(50, nil) // of 14 bytes each
	f.query(t, `{"query":"SELECT 1"}`).expect(t, 200, "")
	stopped := false
	f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		r, err := rows(500, nil)(ctx, q, sink)
		stopped = err != nil && r.Rows < 500
		return r, err
	}
	for _, format := range []string{"json", "ndjson", "csv"} {
		r := f.do(t, "POST", "/api/query?format="+format, `{"query":"SELECT 1"}`)
		r.expect(t, 413, "too_large")
		if !strings.Contains(r.body, "-max_result_bytes") || !stopped {
			t.Errorf("%s: stopped %t: %s", format, stopped, r.body)
		}
	}
	f = newFixture(t, func(c *Config) { c.MaxResultBytes = 200_000 })
	f.proxy.query = rows(40000, nil)
	for format, want := range map[string]string{"json": `],"error":{`, "ndjson": `{"error":{`, "csv": "#error,too_large,"} {
		r := f.do(t, "POST", "/api/query?format="+format, `{"query":"SELECT 1","limit":1000000}`)
		if r.StatusCode != 200 || r.err == nil || !strings.Contains(r.body, want) || !strings.Contains(r.body, "too_large") {
			t.Errorf("%s: %d, %v: %s", format, r.StatusCode, r.err, fmt.Sprintf("%.100s", r.body[max(0, len(r.body)-300):]))
		}
		if len(r.body) < 200_000 || len(r.body) > 201_000 {
			t.Errorf("%s: %d bytes", format, len(r.body))
		}
	}
}
