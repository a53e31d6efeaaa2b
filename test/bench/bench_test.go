package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// TestQuick runs every benchmark with few rows. What it measures is not
// judged, only that it is measured.
func TestQuick(t *testing.T) {
	localtest.Program(t)
	t.Setenv("DATABALANCER_TEST_DATA", "")
	t.Setenv("TMPDIR", t.TempDir())
	out := filepath.Join(t.TempDir(), "benchmarks.md")
	var stdout, stderr bytes.Buffer
	if code := run(context.Background(), []string{"-quick", "-spider=false", "-out", out}, &stdout, &stderr); code != 0 {
		t.Fatalf("exit code %d\n%s", code, stderr.String())
	}
	for _, b := range benchmarks {
		if !strings.Contains(stdout.String(), "## "+b.name+"\n") {
			t.Errorf("no result of %s in\n%s", b.name, stdout.String())
		}
	}
	if strings.Contains(stdout.String(), "NaN") || strings.Contains(stdout.String(), "Inf") {
		t.Errorf("something was not measured:\n%s", stdout.String())
	}
	if strings.Contains(stdout.String(), differs) {
		t.Errorf("answers of many shards differ from one server's:\n%s", stdout.String())
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range benchmarks {
		_, found, _ := strings.Cut(stdout.String(), "## "+b.name+"\n\n")
		if found, _, _ = strings.Cut(found, "\n\n"); !bytes.Contains(text, []byte(found)) {
			t.Errorf("the file lacks what was found of %s:\n%s", b.name, text)
		}
	}
	if left, _ := os.ReadDir(os.TempDir()); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestUsage(t *testing.T) {
	for _, args := range [][]string{{"-only", "point,nonsense"}, {"-nonsense"}} {
		var stderr bytes.Buffer
		if code := run(context.Background(), args, io.Discard, &stderr); code != 2 || !strings.Contains(stderr.String(), "nonsense") {
			t.Errorf("%v: exit code %d, %q", args, code, stderr.String())
		}
	}
	if chosen, err := choose("point,ingest"); err != nil || len(chosen) != 2 || chosen[0].name != "ingest" {
		t.Errorf("chosen %v, %v", chosen, err)
	}
}

func TestMeasure(t *testing.T) {
	tests := []struct {
		measure
		format, target, verdict string
	}{
		{measure{value: 0.14999, unit: " ms", atMost: 0.15}, "0.15 ms", "≤ 0.15 ms", "pass"},
		{measure{value: 0.151, atMost: 0.15}, "0.151", "≤ 0.15", "**miss**"},
		{measure{value: 0.6, atLeast: 0.6}, "0.6", "≥ 0.6", "pass"},
		{measure{value: 0.59, atLeast: 0.6}, "0.59", "≥ 0.6", "**miss**"},
		{measure{value: 123456.7, unit: " rows/s"}, "123457 rows/s", "", ""},
		{measure{value: 12.345}, "12.3", "", ""},
		{measure{failed: "refused", atMost: 2}, "refused", "≤ 2", "**miss**"},
		{measure{failed: "refused"}, "refused", "", ""},
	}
	for _, tt := range tests {
		if f, ta, v := tt.measure.format(), tt.measure.target(), tt.verdict; f != tt.format || ta != tt.target || v != tt.measure.verdict() {
			t.Errorf("%+v: %q %q %q", tt.measure, f, ta, tt.measure.verdict())
		}
	}
}

func TestWriteIntoReplacesTheSection(t *testing.T) {
	path := filepath.Join(t.TempDir(), "b.md")
	r := section{bench: "first", machine: "A machine.", findings: findings{setting: "A setting.", measures: []measure{{what: "w", value: 1}}}}
	const before, after = "# Head\n\n", "\nFoot\n"
	write := func(text string) string {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.writeInto(path); err != nil {
			return "error: " + err.Error()
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(got)
	}
	other := section{bench: "second"}
	head, foot := before+other.begin()+"kept\n"+other.end(), other.begin()+"kept too\n"+other.end()+after
	once := write(head + r.begin() + "old\n" + r.end() + foot)
	if !strings.HasPrefix(once, head+r.begin()+"Measured on ") || !strings.HasSuffix(once, r.end()+foot) || strings.Contains(once, "old") {
		t.Errorf("got %q", once)
	}
	if twice := write(once); twice != once {
		t.Errorf("a second time: %q", twice)
	}
	if got := write(before); !strings.HasPrefix(got, before+"\n## first\n\n"+r.begin()) || !strings.HasSuffix(got, r.end()) {
		t.Errorf("without a section: %q", got)
	}
	if got := write(r.begin()); !strings.HasPrefix(got, "error: ") {
		t.Errorf("with an open section: %q", got)
	}
}

func TestClient(t *testing.T) {
	big := strings.Repeat("0123456789", 20_000)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		switch r.URL.Path {
		case "/echo":
			w.Write(body)
		case "/chunked":
			w.(http.Flusher).Flush()
			w.Write(body)
		case "/refuse":
			http.Error(w, "no", http.StatusTeapot)
		}
	}))
	defer server.Close()
	c, err := dial(server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	for _, path := range []string{"/echo", "/chunked"} {
		for _, body := range []string{"", "x", big, big[:4<<10+3], "y"} {
			if got, err := c.do("POST", path, []byte(body)); err != nil || string(got) != body {
				t.Errorf("%s: %d bytes, %v, want %d", path, len(got), err, len(body))
			}
			tail, n, err := c.drain("PUT", path, []byte(body))
			if err != nil || n != int64(len(body)) || !strings.HasSuffix(body, string(tail)) || len(tail) != min(len(body), 4<<10) {
				t.Errorf("%s: drained %d bytes, tail of %d, %v, want %d", path, n, len(tail), err, len(body))
			}
		}
	}
	if _, err := c.do("GET", "/refuse", nil); err == nil || !strings.Contains(err.Error(), "418 I'm a teapot: no") {
		t.Errorf("got %v", err)
	}
	if got, err := c.do("POST", "/echo", []byte("again")); err != nil || string(got) != "again" {
		t.Errorf("after a refusal: %q, %v", got, err)
	}
}

func TestProc(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); errors.Is(err, os.ErrNotExist) {
		t.Skip("no /proc here")
	}
	pid := os.Getpid()
	before, err := cpuTime(pid)
	if err != nil {
		t.Fatal(err)
	}
	for began := time.Now(); time.Since(began) < 100*time.Millisecond; {
	}
	after, err := cpuTime(pid)
	if used := after - before; err != nil || used < 20*time.Millisecond || used > 10*time.Second {
		t.Errorf("used %v, %v", used, err)
	}
	debug.FreeOSMemory()
	if err := resetPeak(pid); err != nil {
		t.Fatal(err)
	}
	idle, _ := memory(pid)
	block := bytes.Repeat([]byte{1}, 50<<20)
	_, peak := memory(pid)
	if grown := peak - idle; grown < 20<<20 || grown > 400<<20 {
		t.Errorf("grown by %d bytes for %d", grown, len(block))
	}
	if _, err := cpuTime(-1); err == nil {
		t.Error("no error for no process")
	}
}

func TestTraffic(t *testing.T) {
	made, err := newTraffic("")
	if err != nil {
		t.Fatal(err)
	}
	if len(made.bodies) != 20 {
		t.Errorf("%d requests", len(made.bodies))
	}
	for _, want := range []string{`{"family":"dns","schema":{"_path":"text"`, `"ts":"timestamp"`, `"rtt":"float"`, `"TTLs":"json"`, `"AA":"bool"`, `"Z":"int"`} {
		if !bytes.Contains(made.bodies[0], []byte(want)) {
			t.Errorf("no %s in %s", want, made.bodies[0][:1000])
		}
	}
	if _, err := newTraffic(t.TempDir()); err == nil {
		t.Error("no error for a folder without the log")
	}
}
