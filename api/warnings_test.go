package api

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/kolide/databalancer/proxy"
)

// TestWarnings finds the warnings of short and of long answers where each format
// has them, and none where there are none.
func TestWarnings(t *testing.T) {
	f := newFixture(t)
	want := []proxy.Warning{{Level: "warning", Code: 1292, Message: "Truncated incorrect value: 'ä\U0001F600\"'"}, {Level: "note", Code: 1, Message: "x"}}
	for _, n := range []int{0, 10, 20000} {
		for _, warnings := range [][]proxy.Warning{nil, want} {
			answer := rows(n, nil)
			f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
				result, err := answer(ctx, q, sink)
				result.Warnings = warnings
				return result, err
			}
			for _, format := range []string{"json", "ndjson", "csv"} {
				r := f.do(t, "POST", "/api/query?format="+format, `{"query":"SELECT 1"}`)
				if r.err != nil {
					t.Fatal(r.err)
				}
				text := r.body
				lines := strings.Split(strings.TrimSpace(text), "\n")
				switch format {
				case "ndjson":
					if text = lines[len(lines)-1]; !strings.HasPrefix(text, `{"warnings":`) {
						text = "{}"
					}
				case "csv":
					text = `{"warnings":` + r.Header.Get("X-Warnings") + r.Trailer.Get("X-Warnings") + "}"
					if text == `{"warnings":}` {
						text = "{}"
					}
				}
				var got struct{ Warnings []proxy.Warning }
				if err := json.Unmarshal([]byte(text), &got); err != nil || !reflect.DeepEqual(got.Warnings, warnings) {
					t.Errorf("%s of %d rows: %+v, %v", format, n, got.Warnings, err)
				}
			}
		}
	}
}

// TestWarningsHeader keeps to its length and to ASCII, and is JSON.
func TestWarningsHeader(t *testing.T) {
	var many []proxy.Warning
	for range 64 {
		many = append(many, proxy.Warning{Level: "warning", Code: 1292, Message: strings.Repeat("ü", 50)})
	}
	text := headerOf(many)
	var got []proxy.Warning
	if err := json.Unmarshal([]byte(text), &got); err != nil || len(got) == 0 || len(text) > maxWarningsHeader || !reflect.DeepEqual(got, many[:len(got)]) {
		t.Errorf("%d bytes with %d warnings, %v", len(text), len(got), err)
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			t.Errorf("%q in a header", c)
		}
	}
}
