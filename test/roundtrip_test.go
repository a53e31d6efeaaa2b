package test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kolide/databalancer/test/harness"
)

// dataFolder is where the round trip finds its logs.
func dataFolder() string {
	if dir := os.Getenv("DATABALANCER_TEST_DATA"); dir != "" {
		return dir
	}
	return filepath.Join("testdata", "logs")
}

// TestRoundTrip loads files of real logs with `databalancer load` and
// compares every value of every event with what a query returns.
func TestRoundTrip(t *testing.T) {
	files := logFiles(t, dataFolder())
	if len(files) == 0 {
		t.Fatalf("no logs in %s", dataFolder())
	}
	s := harness.StartOn(t, 3)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			family, _, _ := strings.Cut(filepath.Base(file), ".")
			load := exec.Command(harness.Binary(t), "load", "-server", "http://"+s.Address, "-family", family, "-concurrency", "1", file)
			output, err := load.CombinedOutput()
			if err != nil {
				t.Fatalf("load: %v\n%s", err, output)
			}
			compareEvents(t, s, family, readEvents(t, file), renames(string(output)))
		})
	}
}

func logFiles(t *testing.T, dir string) []string {
	t.Helper()
	var files []string
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".json") || strings.HasSuffix(path, ".json.gz") || strings.HasSuffix(path, ".ndjson") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// readEvents reads a file of JSON lines, with exact numbers.
func readEvents(t *testing.T, path string) []map[string]any {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var reader io.Reader = bufio.NewReader(file)
	if strings.HasSuffix(path, ".gz") {
		if reader, err = gzip.NewReader(reader); err != nil {
			t.Fatal(err)
		}
	}
	return readLines(t, reader)
}

func readLines(t *testing.T, reader io.Reader) []map[string]any {
	t.Helper()
	var events []map[string]any
	for lines := bufio.NewReaderSize(reader, 1<<20); ; {
		line, err := lines.ReadBytes('\n')
		if len(bytes.TrimSpace(line)) > 0 {
			events = append(events, harness.Decode[map[string]any](t, line))
		}
		if err == io.EOF {
			return events
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// compareEvents compares the family's rows, and its raw logs, with the events.
func compareEvents(t *testing.T, s *harness.Server, family string, events []map[string]any, renamed map[string]string) {
	t.Helper()
	res := s.Request("POST", "/api/query?format=ndjson", map[string]any{"query": "SELECT * FROM `" + family + "` ORDER BY id"})
	if res.Err != nil || res.Status != 200 {
		t.Fatalf("%d %v %.500s", res.Status, res.Err, res.Body)
	}
	rows := readLines(t, bytes.NewReader(res.Body))
	if len(rows) != len(events) {
		t.Fatalf("%d events in, %d rows out", len(events), len(rows))
	}
	different := 0
	for i, event := range events {
		if problem := differs(event, rows[i], renamed); problem != "" {
			t.Errorf("event %d: %s", i, problem)
			if different++; different == 10 {
				t.FailNow()
			}
		}
	}
}

// differs names the first field in which the row is not the event's.
func differs(event, row map[string]any, renamed map[string]string) string {
	seen := map[string]bool{"id": true}
	for field, want := range event {
		column := field
		if to, ok := renamed[field]; ok {
			column = to
		}
		if strings.EqualFold(column, "id") {
			column = "_id"
		}
		got, ok := row[column]
		if !ok {
			return "no column " + column
		}
		seen[column] = true
		if !same(want, got) {
			return fmt.Sprintf("%s: sent %#v, got %#v", field, want, got)
		}
	}
	for column, value := range row {
		if !seen[column] && value != nil {
			return fmt.Sprintf("%s: not sent, got %#v", column, value)
		}
	}
	return ""
}

// same compares a value sent with the value that came back: numbers as
// numbers, timestamps as instants, everything else exactly.
func same(sent, got any) bool {
	switch s := sent.(type) {
	case json.Number:
		g, ok := got.(json.Number)
		if !ok {
			return false
		}
		return sameNumber(s, g)
	case string:
		g, ok := got.(string)
		return ok && (s == g || sameInstant(s, g))
	case []any:
		g, ok := got.([]any)
		if !ok || len(s) != len(g) {
			return false
		}
		for i := range s {
			if !same(s[i], g[i]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(sent, got)
}

// sameNumber compares exactly, but for fractions, which are doubles.
func sameNumber(sent, got json.Number) bool {
	a, ok1 := new(big.Rat).SetString(sent.String())
	b, ok2 := new(big.Rat).SetString(got.String())
	if !ok1 || !ok2 || a.Cmp(b) == 0 {
		return ok1 && ok2
	}
	x, err1 := sent.Float64()
	y, err2 := got.Float64()
	return err1 == nil && err2 == nil && x == y && !a.IsInt()
}

func sameInstant(sent, got string) bool {
	a, err := time.Parse(time.RFC3339Nano, sent)
	if err != nil {
		return false
	}
	b, err := time.Parse("2006-01-02 15:04:05.999999", got)
	return err == nil && a.Equal(b)
}

var renameLine = regexp.MustCompile(`the field ("(?:[^"\\]|\\.)*") is sent as ("(?:[^"\\]|\\.)*")`)

// renames reads from the loader's messages which fields go by another name.
func renames(output string) map[string]string {
	names := map[string]string{}
	for _, m := range renameLine.FindAllStringSubmatch(output, -1) {
		from, err1 := strconv.Unquote(m[1])
		to, err2 := strconv.Unquote(m[2])
		if err1 == nil && err2 == nil {
			names[from] = to
		}
	}
	return names
}
