package api

import (
	"reflect"
	"testing"
)

// plainBodies are bodies, and whether readPlain is to read them.
var plainBodies = []struct {
	body  string
	plain bool
}{
	{`{"query":"SELECT 1"}`, true},
	{" {\n\t\"query\" : \"SELECT 1\" ,\r\n \"limit\" : 10 } \n", true},
	{`{"args":[1,-2.50e+3,"spot",18446744073709551616],"query":"SELECT ?","shape":"arrays","timeout":"1s","limit":7}`, true},
	{`{"shape":"","query":"","timeout":"","limit":-1}`, true},
	{`{"query":"SELECT 'é'"}`, false},
	{`{"query":"SELECT \"a\""}`, false},
	{`{"query":"SELECT 1","args":[true]}`, false},
	{`{"query":"SELECT 1","args":[null]}`, false},
	{`{"query":"SELECT 1","args":[]}`, false},
	{`{"query":"SELECT 1","args":[01]}`, false},
	{`{"query":"SELECT 1","args":[1,]}`, false},
	{`{"query":"SELECT 1","args":[1e]}`, false},
	{`{"query":"SELECT 1","args":1}`, false},
	{`{"query":"SELECT 1","query":"SELECT 2"}`, false},
	{`{"limit":1,"limit":2}`, false},
	{`{"limit":+1}`, false},
	{`{"limit":01}`, false},
	{`{"limit":1.0}`, false},
	{`{"limit":99999999999999999999}`, false},
	{`{"limit":null}`, false},
	{`{"shape":null}`, false},
	{`{"quote_large_ints":true}`, false},
	{`{"QUERY":"SELECT 1"}`, false},
	{`{"query":"SELECT 1","more":1}`, false},
	{`{"query":"SELECT 1",}`, false},
	{`{"query":"SELECT 1"`, false},
	{`{"query":"SELECT 1`, false},
	{`{"query":"`, false},
	{`{"query":`, false},
	{`{"query"`, false},
	{`{"query":"a` + "\x01" + `"}`, false},
	{`{"query":"a` + "\xff" + `"}`, false},
	{`{"query":"SELECT 1"} {}`, false},
	{`{"query":"SELECT 1"}}`, false},
	{`["query"]`, false},
	{`{}`, false},
	{``, false},
}

func TestReadPlain(t *testing.T) {
	for _, tt := range plainBodies {
		if got := checkPlain(t, []byte(tt.body)); got != tt.plain {
			t.Errorf("%s: plain %t", tt.body, got)
		}
	}
}

func FuzzReadPlain(f *testing.F) {
	for _, tt := range plainBodies {
		f.Add([]byte(tt.body))
	}
	f.Fuzz(func(t *testing.T, body []byte) { checkPlain(t, body) })
}

// checkPlain makes sure that a body that reads as a plain one reads the same
// by encoding/json, and that another one has set nothing.
func checkPlain(t *testing.T, body []byte) bool {
	t.Helper()
	var plain, full queryBody
	if !plain.readPlain(body) {
		if !reflect.DeepEqual(plain, queryBody{}) {
			t.Errorf("%q: not plain, but %+v", body, plain)
		}
		return false
	}
	if err := decodeAny(body, &full); err != nil {
		t.Errorf("%q: plain, but %v", body, err)
	}
	if !reflect.DeepEqual(plain, full) {
		t.Errorf("%q: %+v, want %+v", body, plain, full)
	}
	return true
}
