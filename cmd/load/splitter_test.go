package load

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func split(text string) (events []string, err error) {
	s := newSplitter(strings.NewReader(text))
	for {
		event, line, err := s.next()
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return events, err
		}
		events = append(events, fmt.Sprintf("%d %s", line, event))
	}
}

func TestSplitter(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "", ""},
		{"lines", "{\"a\":1}\r\n\n{\"b\":2}\n", `1 {"a":1}|3 {"b":2}`},
		{"no last newline", `{"a":1}`, `1 {"a":1}`},
		{"one line", `{}{} {}`, `1 {}|1 {}|1 {}`},
		{"pretty", "{\n\"a\":\n1}\n{}", "1 {\n\"a\":\n1}|4 {}"},
		{"array", "[\n{\"a\":[1]},\n{}\n]\n", `2 {"a":[1]}|3 {}`},
		{"empty array", "[ ]", ""},
		{"strings", `{"}":"{\"]\\"}{"a":"\\\""}`, `1 {"}":"{\"]\\"}|1 {"a":"\\\""}`},
		{"byte order mark", "\xef\xbb\xbf{}", `1 {}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := split(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if g := strings.Join(got, "|"); g != tt.want {
				t.Errorf("got %s, want %s", g, tt.want)
			}
		})
	}
}

func TestSplitterRefuses(t *testing.T) {
	for _, text := range []string{"x", "5", `"a"`, ",{}", "{", `{"a`, `{"a\`, "[", "[{}", "[5]", "[{}]]", "]"} {
		if got, err := split(text); err == nil {
			t.Errorf("%q: got %q and no error", text, got)
		}
	}
}

// FuzzSplitter holds the splitter against encoding/json: whatever is a valid
// array of objects comes out as just those.
func FuzzSplitter(f *testing.F) {
	f.Add(`{"a":"}"}`)
	f.Add(`{"\\":[{"\"":1}]}`)
	f.Fuzz(func(t *testing.T, object string) {
		if !json.Valid([]byte(object)) || bytes.TrimSpace([]byte(object))[0] != '{' {
			t.Skip("not an object")
		}
		object = strings.TrimSpace(object)
		for _, text := range []string{object + "\n" + object, "[" + object + "," + object + "]"} {
			s := newSplitter(strings.NewReader(text))
			for range 2 {
				if event, _, err := s.next(); err != nil || string(event) != object {
					t.Fatalf("got %q, %v, want %q", event, err, object)
				}
			}
			if _, _, err := s.next(); err != io.EOF {
				t.Fatalf("got %v after the last event", err)
			}
		}
	})
}
