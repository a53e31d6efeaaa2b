package api

import (
	"bytes"
	"compress/gzip"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"

	"github.com/kolide/databalancer/ingest"
)

func gzipped(t testing.TB, body []byte) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func zstdded(t testing.TB, body []byte, options ...zstd.EOption) string {
	t.Helper()
	w, err := zstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll(body, nil))
}

// zstdWindow returns a small frame that asks for a window of size bytes.
func zstdWindow(t testing.TB, size int) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b, zstd.WithWindowSize(size), zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	for range 2 { // else the frame is of one segment, without a window
		if _, err := w.Write([]byte("{}")); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestBodies(t *testing.T) {
	const limit = 100_000
	f := newFixture(t, func(c *Config) { c.MaxBody = limit })
	exact := bytes.Repeat([]byte("x"), limit)
	more := append(bytes.Clone(exact), 'x')
	random := incompressible(limit + 5000)
	tests := []struct {
		name, body, encoding string
		status               int
		code                 string
		want                 []byte
	}{
		{"plain", "{}", "", 200, "", []byte("{}")},
		{"identity", "{}", "identity", 200, "", []byte("{}")},
		{"empty", "", "", 200, "", []byte{}},
		{"largest", string(exact), "", 200, "", exact},
		{"too large", string(more), "", 413, "too_large", nil},
		{"gzip", gzipped(t, []byte("{}")), "gzip", 200, "", []byte("{}")},
		{"GZIP", gzipped(t, []byte("{}")), "GZIP", 200, "", []byte("{}")},
		{"largest gzip", gzipped(t, exact), "gzip", 200, "", exact},
		{"too large gzip", gzipped(t, more), "gzip", 413, "too_large", nil},
		{"gzip bomb", gzipped(t, make([]byte, 2_000_000)), "gzip", 413, "too_large", nil},
		{"too large before decompression", gzipped(t, random), "gzip", 413, "too_large", nil},
		{"zstd", zstdded(t, []byte("{}")), "zstd", 200, "", []byte("{}")},
		{"largest zstd", zstdded(t, exact), "zstd", 200, "", exact},
		{"too large zstd", zstdded(t, more), "zstd", 413, "too_large", nil},
		{"zstd bomb", zstdded(t, make([]byte, 2_000_000)), "zstd", 413, "too_large", nil},
		{"zstd window", zstdWindow(t, 16<<20), "zstd", 413, "too_large", nil},
		{"not gzip", "{}", "gzip", 400, "incomplete_body", nil},
		{"not zstd", "{}", "zstd", 400, "incomplete_body", nil},
		{"half a gzip", gzipped(t, exact)[:50], "gzip", 400, "incomplete_body", nil},
		{"half a zstd", zstdded(t, random[:1000])[:500], "zstd", 400, "incomplete_body", nil},
		{"brotli", "{}", "br", 415, "unsupported_media_type", nil},
		{"twice", "{}", "gzip, gzip", 415, "unsupported_media_type", nil},
	}
	for range 2 { // decoders are used again
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				var got []byte
				f.ingester.put = func(body []byte) (*ingest.Result, error) {
					got = append([]byte{}, body...)
					return &ingest.Result{}, nil
				}
				headers := []string{"Content-Type", "application/json"}
				if tt.encoding != "" {
					headers = append(headers, "Content-Encoding", tt.encoding)
				}
				r := f.do(t, "PUT", "/api/log", tt.body, headers...)
				r.expect(t, tt.status, tt.code)
				if !bytes.Equal(got, tt.want) {
					t.Errorf("%d bytes, want %d", len(got), len(tt.want))
				}
				if tt.status == 415 && r.Header.Get("Accept-Encoding") == "" {
					t.Error("no Accept-Encoding")
				}
			})
		}
	}
	if !f.logs.budget.TryAcquire(f.cfg.MaxPending) {
		t.Error("some of the budget was not given back")
	}
}

// incompressible returns n bytes that no codec makes smaller.
func incompressible(n int) []byte {
	b := make([]byte, n)
	state := uint64(1)
	for i := range b {
		state = state*6364136223846793005 + 1442695040888963407
		b[i] = byte(state >> 56)
	}
	return b
}

func TestChunkedBody(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.MaxBody = 100_000 })
	for n, status := range map[int]int{100_000: 200, 100_001: 413} {
		body := io.MultiReader(strings.NewReader(strings.Repeat("x", n))) // hides the length
		req, _ := http.NewRequestWithContext(t.Context(), "PUT", f.server.URL+"/api/log", body)
		req.Header.Set("Content-Type", "application/json")
		resp, err := f.server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%d bytes: status %d, want %d", n, resp.StatusCode, status)
		}
	}
}

func TestBudget(t *testing.T) {
	f := newFixture(t)
	f.logs.budget = semaphore.NewWeighted(5) // each body takes 3
	var inside response
	f.ingester.put = func([]byte) (*ingest.Result, error) {
		f.ingester.put = nil
		inside = f.do(t, "PUT", "/api/log", "{}")
		return &ingest.Result{}, nil
	}
	f.do(t, "PUT", "/api/log", "{}").expect(t, 200, "")
	inside.expect(t, 429, "busy")
	if inside.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	f.do(t, "PUT", "/api/log", "{}").expect(t, 200, "")
}

// A body that does not arrive is not waited for for ever.
func TestBodyTimeout(t *testing.T) {
	f := newFixture(t, func(c *Config) { c.BodyTimeout = 50 * time.Millisecond })
	conn, err := net.Dial("tcp", f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(20 * time.Second))
	_, err = io.WriteString(conn, "PUT /api/log HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil || !strings.HasPrefix(string(answer), "HTTP/1.1 408 ") {
		t.Errorf("%q, %v", answer, err)
	}
}

func TestCheckText(t *testing.T) {
	for text, want := range map[string]bool{
		`plain`: true, `\n\\`: true, `\u00e9`: true, `\uD83D\uDE00`: true, `\ud83d\ude00\\ud83d`: true,
		`\ud83d`: false, `\ud83dx`: false, `\ud83d\n`: false, `\ud83d\ud83d`: false, `\ude00`: false,
		`\ud83d\ude00\ude00`: false, `\`: true, `\u12`: true, "\xc3\x28": false, "é": true,
	} {
		if got := checkText([]byte(text)) == nil; got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}
