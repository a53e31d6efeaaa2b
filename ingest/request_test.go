package ingest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestSyntaxErrors(t *testing.T) {
	for _, tt := range []struct {
		body   string
		offset int
	}{
		{``, 0},
		{`[]`, 0},
		{`{`, 1},
		{`{"family":"f","schema":{},"logs":[]`, 35},
		{`{"family":"f","schema":{},"logs":[]}x`, 36},
		{`{"family":"f","schema":{},"logs":[]},`, 36},
		{`{"logs":[],"family":"f","schema":{}}x`, 36},
		{`{"family":"f",}`, 14},
		{`{"family" "f"}`, 10},
		{`{family:"f"}`, 1},
		{"\ufeff{}", 0},
		{`{"family":"f","schema":{},"logs":[{}`, 36},
		{`{"family":"f","schema":{},"logs":[{},]}`, 37},
		{`{"family":"f","schema":{},"logs":[{]}`, 35},
		{`{"logs":[{]},"family":"f","schema":{}}`, 10},
		{`{"logs":[{"a":],"family":"f","schema":{}}`, 41},
		{`{"family":"f","schema":{"a":"int"},"logs":[{"a":01}]}`, 49},
		{`{"family":"f","schema":{"a":"int"},"logs":[{"a":1.}]}`, 50},
		{`{"family":"f","schema":{"a":"int"},"logs":[{"a":+1}]}`, 48},
		{`{"family":"f","schema":{"a":"int"},"logs":[{"a":nul}]}`, 48},
		{`{"family":"f","schema":{"a":"int"},"logs":[{"a":1 "b":2}]}`, 50},
		{`{"family":"f","schema":{"a":"string"},"logs":[{"a":"\x"}]}`, 52},
		{`{"family":"f","schema":{"a":"string"},"logs":[{"a":"\u12g4"}]}`, 52},
		{"{\"family\":\"f\",\"schema\":{\"a\":\"string\"},\"logs\":[{\"a\":\"\n\"}]}", 52},
		{"{\"family\":\"\xff\"}", 11},
		{`{"family":"f","schema":{"a":"int"},"logs":[{"x":` + nested(2000) + `,"a":1}]}`, -1},
	} {
		_, _, err := decodeBody(tt.body, nil)
		var syntax *SyntaxError
		switch {
		case tt.offset < 0:
			if _, ok := errors.AsType[*InvalidError](err); !ok {
				t.Errorf("%.60s: %v", tt.body, err)
			}
		case !errors.As(err, &syntax):
			t.Errorf("%s: %v", tt.body, err)
		case syntax.Offset != tt.offset:
			t.Errorf("%s: offset %d, want %d: %v", tt.body, syntax.Offset, tt.offset, err)
		}
	}
}

func TestInvalidRequests(t *testing.T) {
	schema := func(s string) string { return `{"family":"f","schema":` + s + `,"logs":[]}` }
	family := func(name string) string { return `{"family":"` + name + `","schema":{},"logs":[]}` }
	var many []string
	for i := range 1001 {
		many = append(many, fmt.Sprintf(`"f%d":"int"`, i))
	}
	for _, tt := range []struct {
		body  string
		code  Code
		field string
	}{
		{`{}`, MissingMember, "family"},
		{`{"family":"f","logs":[]}`, MissingMember, "schema"},
		{`{"family":"f","schema":{}}`, MissingMember, "logs"},
		{`{"family":"f","schema":{},"logs":[],"extra":1}`, UnknownMember, "extra"},
		{`{"extra":1}`, UnknownMember, "extra"},
		{`{"Family":"f"}`, UnknownMember, "Family"},
		{`{"family":"f","family":"f"}`, DuplicateKey, "family"},
		{`{"family":"f","schema":{},"logs":[],"logs":[]}`, DuplicateKey, "logs"},
		{`{"family":1}`, TypeMismatch, "family"},
		{`{"schema":[]}`, TypeMismatch, "schema"},
		{`{"logs":{}}`, TypeMismatch, "logs"},
		{family(""), InvalidFamily, "family"},
		{family("."), InvalidFamily, "family"},
		{family(".."), InvalidFamily, "family"},
		{family("a/b"), InvalidFamily, "family"},
		{family("a b"), InvalidFamily, "family"},
		{family("é"), InvalidFamily, "family"},
		{family("a`b"), InvalidFamily, "family"},
		{family(strings.Repeat("a", 65)), InvalidFamily, "family"},
		{family(strings.Repeat("-", 41)), InvalidFamily, "family"},
		{family("raw_logs"), ReservedFamily, "family"},
		{family("Raw_Logs"), ReservedFamily, "family"},
		{family("databalancer"), ReservedFamily, "family"},
		{family("DataBalancer_x"), ReservedFamily, "family"},
		{schema(`{"":"int"}`), InvalidField, ""},
		{schema(`{"a b":"int"}`), InvalidField, "a b"},
		{schema(`{"é":"int"}`), InvalidField, "é"},
		{schema(`{"` + strings.Repeat("a", 65) + `":"int"}`), InvalidField, strings.Repeat("a", 65)},
		{schema(`{"DATABALANCER_1":"int"}`), ReservedField, "DATABALANCER_1"},
		{schema(`{"a":"varchar"}`), UnknownType, "a"},
		{schema(`{"a":1}`), UnknownType, "a"},
		{schema(`{"a":"int","a":"int"}`), DuplicateKey, "a"},
		{schema(`{"a":"int","A":"int"}`), CaseConflict, "A"},
		{schema(`{"id":"int","_id":"int"}`), IDConflict, "_id"},
		{schema(`{"_ID":"int","Id":"int"}`), IDConflict, "Id"},
		{schema(`{"id":"int","ID":"int"}`), CaseConflict, "ID"},
		{schema(`{` + strings.Join(many, ",") + `}`), TooManyFields, "schema"},
	} {
		_, _, err := decodeBody(tt.body, nil)
		var found *InvalidError
		if !errors.As(err, &found) {
			t.Errorf("%.80s: %v", tt.body, err)
			continue
		}
		if e := found.Errors[0]; e.Event != RequestEvent || e.Code != tt.code || e.Field != tt.field {
			t.Errorf("%.80s: %+v", tt.body, e)
		}
	}
}

func TestNamesAccepted(t *testing.T) {
	for _, name := range []string{"a", "id.orig_h", "@timestamp", "a-b:c$", "...", "0", strings.Repeat("a", 64), strings.Repeat("-", 40)} {
		if code, detail := checkFamily(name); code != "" {
			t.Errorf("family %s: %s %s", name, code, detail)
		}
		if code, detail := checkField(name + "/"); len(name) < 64 && code != "" {
			t.Errorf("field %s/: %s %s", name, code, detail)
		}
	}
}
