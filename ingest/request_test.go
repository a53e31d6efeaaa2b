package ingest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
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
		code  fault.Code
		field string
	}{
		{`{}`, fault.MissingMember, "family"},
		{`{"family":"f","logs":[]}`, fault.MissingMember, "schema"},
		{`{"family":"f","schema":{}}`, fault.MissingMember, "logs"},
		{`{"family":"f","schema":{},"logs":[],"extra":1}`, fault.UnknownMember, "extra"},
		{`{"extra":1}`, fault.UnknownMember, "extra"},
		{`{"Family":"f"}`, fault.UnknownMember, "Family"},
		{`{"family":"f","family":"f"}`, fault.DuplicateKey, "family"},
		{`{"family":"f","schema":{},"logs":[],"logs":[]}`, fault.DuplicateKey, "logs"},
		{`{"family":1}`, fault.TypeMismatch, "family"},
		{`{"schema":[]}`, fault.TypeMismatch, "schema"},
		{`{"logs":{}}`, fault.TypeMismatch, "logs"},
		{family(""), fault.InvalidFamily, "family"},
		{family("."), fault.InvalidFamily, "family"},
		{family(".."), fault.InvalidFamily, "family"},
		{family("a/b"), fault.InvalidFamily, "family"},
		{family("a b"), fault.InvalidFamily, "family"},
		{family("é"), fault.InvalidFamily, "family"},
		{family("a`b"), fault.InvalidFamily, "family"},
		{family(strings.Repeat("a", 65)), fault.InvalidFamily, "family"},
		{family(strings.Repeat("-", 41)), fault.InvalidFamily, "family"},
		{family("raw_logs"), fault.ReservedFamily, "family"},
		{family("Raw_Logs"), fault.ReservedFamily, "family"},
		{family("databalancer"), fault.ReservedFamily, "family"},
		{family("DataBalancer_x"), fault.ReservedFamily, "family"},
		{schema(`{"":"int"}`), fault.InvalidField, ""},
		{schema(`{"a b":"int"}`), fault.InvalidField, "a b"},
		{schema(`{"é":"int"}`), fault.InvalidField, "é"},
		{schema(`{"` + strings.Repeat("a", 65) + `":"int"}`), fault.InvalidField, strings.Repeat("a", 65)},
		{schema(`{"DATABALANCER_1":"int"}`), fault.ReservedField, "DATABALANCER_1"},
		{schema(`{"a":"varchar"}`), fault.UnknownType, "a"},
		{schema(`{"a":1}`), fault.UnknownType, "a"},
		{schema(`{"a":"int","a":"int"}`), fault.DuplicateKey, "a"},
		{schema(`{"a":"int","A":"int"}`), fault.CaseConflict, "A"},
		{schema(`{"id":"int","_id":"int"}`), fault.IDConflict, "_id"},
		{schema(`{"_ID":"int","Id":"int"}`), fault.IDConflict, "Id"},
		{schema(`{"id":"int","ID":"int"}`), fault.CaseConflict, "ID"},
		{schema(`{` + strings.Join(many, ",") + `}`), fault.TooManyFields, "schema"},
	} {
		_, _, err := decodeBody(tt.body, nil)
		var found *InvalidError
		if !errors.As(err, &found) {
			t.Errorf("%.80s: %v", tt.body, err)
			continue
		}
		if e := found.Errors[0]; e.Event != fault.Request || e.Code != tt.code || e.Field != tt.field {
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
