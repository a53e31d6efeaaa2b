package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"testing"
)

// FuzzDecode holds the decoder against encoding/json: it must refuse what
// that refuses, and an accepted event's canonical JSON must be the same value
// as the event, without white space and with its keys in order.
func FuzzDecode(f *testing.F) {
	for _, body := range []string{
		`{"family":"dog_registry","schema":{"name":"string","weight":"int"},"logs":[{"name":"spot","weight":100},{}]}`,
		`{"logs":[{"j":{"b":[1,{"d":null,"c":"\ud83d\ude00"}],"a":-0.5e+7}}],"schema":{"j":"json"},"family":"f"}`,
		`{"family":"f","schema":{"t":"timestamp","b":"bool","f":"float"},"logs":[{"t":"2018-12-31T23:59:59.9999999-00:30","b":true,"f":1e308}]}`,
		`{"family":"f","schema":{"s":"string"},"logs":[{"s":"\u0000\"\\\/\b\f\n\r\t"},{"\u0073":"` + "\xe2\x80\xa8" + `"}]} `,
		`{"family":"f","schema":{"i":"int"},"logs":[{"i":9223372036854775807},{"i":1.0},{"x":[[]]},7]}`,
		`{"family":"f","schema":null,"logs":null}`,
		`{"family":"f","schema":{},"logs":[{"":"","":`,
		`{"logs":[{"j":}],"schema":{"j":"json"},"family":"f"}`,
		one("json", nested(MaxDepth)),
		one("json", nested(MaxDepth+1)),
		one("json", `{"a":1,"\u0061":2}`),
		one("string", "\"\xed\xa0\x80\""),
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		r, _, err := decodeBody(string(body), nil)
		if err != nil {
			checkRefusal(t, err)
			return
		}
		if !json.Valid(body) {
			t.Fatalf("accepted what is no JSON: %q", body)
		}
		var members struct{ Logs []any }
		readJSON(t, body, &members)
		if len(members.Logs) != r.len() {
			t.Fatalf("%d events, want %d", r.len(), len(members.Logs))
		}
		for i, want := range members.Logs {
			checkCanonical(t, r.log(i), want)
		}
	})
}

// checkRefusal checks that an error is of the three kinds that decoding has.
func checkRefusal(t *testing.T, err error) {
	t.Helper()
	var syntax *SyntaxError
	var found *InvalidError
	var large *TooLargeError
	switch {
	case errors.As(err, &syntax), errors.As(err, &large):
	case errors.As(err, &found) && found.Total >= len(found.Errors) && len(found.Errors) > 0:
	default:
		t.Fatalf("error of another kind: %v", err)
	}
}

func checkCanonical(t *testing.T, raw []byte, want any) {
	t.Helper()
	var got any
	readJSON(t, raw, &got)
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("canonical %s is another value than %v", raw, want)
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil || !bytes.Equal(compact.Bytes(), raw) {
		t.Fatalf("canonical %s has white space, or is none: %v", raw, err)
	}
	checkSorted(t, json.NewDecoder(bytes.NewReader(raw)))
}

// checkSorted checks that the keys of all objects ascend strictly.
func checkSorted(t *testing.T, d *json.Decoder) {
	t.Helper()
	token, err := d.Token()
	if err == io.EOF {
		return
	}
	switch token {
	case json.Delim('{'):
		for last := ""; d.More(); {
			key, _ := d.Token()
			if last != "" && key.(string) <= last {
				t.Fatalf("key %q behind %q", key, last)
			}
			last = key.(string)
			checkSorted(t, d)
		}
		_, _ = d.Token()
	case json.Delim('['):
		for d.More() {
			checkSorted(t, d)
		}
		_, _ = d.Token()
	}
}

func readJSON(t testing.TB, text []byte, into any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		t.Fatalf("%q: %v", text, err)
	}
}
