package api

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy"
)

// BenchmarkPoint is a SELECT of one row over a kept connection, without the
// database: what it costs is net/http and this package. The client allocates
// next to nothing.
func BenchmarkPoint(b *testing.B) {
	columns, values := wideRow(24)
	f := newFixture(b)
	f.proxy.query = func(_ context.Context, _ proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		if err := sink.Columns(columns); err != nil {
			return proxy.Result{}, err
		}
		return proxy.Result{Rows: 1}, sink.Row(values)
	}
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	body := "{\"query\":\"SELECT * FROM `dns` WHERE id = 12345\"}"
	request := fmt.Appendf(nil, "POST /api/query HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	answers := bufio.NewReader(conn)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := conn.Write(request); err != nil {
			b.Fatal(err)
		}
		if err := skipAnswer(answers); err != nil {
			b.Fatal(err)
		}
	}
}

// wideRow returns n columns and a row of them: an id, texts and numbers.
func wideRow(n int) ([]proxy.Column, [][]byte) {
	columns, values := make([]proxy.Column, n), make([][]byte, n)
	for i := range columns {
		columns[i] = proxy.Column{Name: "field_" + strconv.Itoa(i), Type: catalog.Text}
		values[i] = []byte("192.168.204.45")
		if i%4 == 0 {
			columns[i].Type, values[i] = catalog.Int, []byte("12345")
		}
	}
	return columns, values
}

// skipAnswer reads an answer to its end.
func skipAnswer(r *bufio.Reader) error {
	for length := 0; ; {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) == len("\r\n") {
			_, err := r.Discard(length)
			return err
		}
		if digits, ok := strings.CutPrefix(string(line), "Content-Length: "); ok {
			if length, err = strconv.Atoi(strings.TrimSpace(digits)); err != nil {
				return err
			}
		}
	}
}

// BenchmarkHandler is the handler alone, without a connection.
func BenchmarkHandler(b *testing.B) {
	columns, values := wideRow(24)
	f := newFixture(b)
	f.proxy.query = func(_ context.Context, _ proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		if err := sink.Columns(columns); err != nil {
			return proxy.Result{}, err
		}
		return proxy.Result{Rows: 1}, sink.Row(values)
	}
	body := strings.NewReader("")
	request := httptest.NewRequest("POST", "/api/query", nil)
	request.Header.Set("Content-Type", "application/json")
	request.Body = io.NopCloser(body)
	w := &nullWriter{header: http.Header{}}
	const query = "{\"query\":\"SELECT * FROM `dns` WHERE id = 12345\"}"
	request.ContentLength = int64(len(query))
	b.ReportAllocs()
	for b.Loop() {
		body.Reset(query)
		clear(w.header)
		f.ServeHTTP(w, request)
	}
}

// nullWriter is a ResponseWriter that keeps nothing.
type nullWriter struct{ header http.Header }

func (w *nullWriter) Header() http.Header         { return w.header }
func (w *nullWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *nullWriter) WriteHeader(int)             {}

// BenchmarkLayouts is why layouts are kept: kept ones beside ones made anew.
func BenchmarkLayouts(b *testing.B) {
	columns, _ := wideRow(24)
	b.Run("kept", func(b *testing.B) {
		var ls layouts
		for b.Loop() {
			ls.of(formatJSON, shapeObjects, columns, false)
		}
	})
	b.Run("made", func(b *testing.B) {
		for b.Loop() {
			newLayout(formatJSON, shapeObjects, columns, false)
		}
	})
}
