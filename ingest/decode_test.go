package ingest

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// decodeBody parses and decodes a whole body, as Put does. A nil table is a
// family not seen before.
func decodeBody(body string, table *catalog.Table) (*rows, *request, error) {
	req, err := parseRequest([]byte(body))
	if err != nil {
		return nil, nil, err
	}
	r := new(rows)
	r.reset(req.body)
	end, err := decode(r, req.logs, newFieldSet(req.fields, table), true, 1<<20)
	if err != nil {
		return nil, nil, err
	}
	return r, req, req.finish(end)
}

// show returns the cells of an event as text, in the event's order.
func show(r *rows, req *request, i int) string {
	var parts []string
	for _, c := range r.event(i) {
		value := "NULL"
		switch c.kind {
		case cellInt:
			value = strconv.FormatInt(int64(c.bits), 10)
		case cellFloat:
			value = strconv.FormatFloat(math.Float64frombits(c.bits), 'g', -1, 64)
		case cellBool:
			value = strconv.FormatBool(c.bits == 1)
		case cellBody, cellArena:
			value = strconv.Quote(string(r.content(c)))
		}
		parts = append(parts, req.fields[c.field].Name+"="+value)
	}
	return strings.Join(parts, " ")
}

// one wraps a value into a request of one event with one field.
func one(typ, value string) string {
	return `{"family":"f","schema":{"v":"` + typ + `"},"logs":[{"v":` + value + `}]}`
}

func TestValues(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, tt := range []struct{ typ, value, want, raw string }{
		{"string", `"labrador"`, `"labrador"`, `"labrador"`},
		{"string", `""`, `""`, `""`},
		{"text", `null`, `NULL`, `null`},
		{"string", `"` + long + `"`, `"` + long + `"`, `"` + long + `"`},
		{"string", `"a\"\\\/\b\f\n\r\tz"`, `"a\"\\/\b\f\n\r\tz"`, `"a\"\\/\b\f\n\r\tz"`},
		{"string", `"\u0000\u001F\u007f\u00e9\u2028"`, `"\x00\x1f\x7f` + "é" + `\u2028"`, "\"\\u0000\\u001f\x7fé\u2028\""},
		{"string", `"\ud83d\ude00 😀 \uD83D\uDE00"`, `"😀 😀 😀"`, `"😀 😀 😀"`},
		{"string", `"\uffff\u0041"`, `"\uffffA"`, "\"\uffffA\""},
		{"int", `0`, `0`, `0`},
		{"int", `-0`, `0`, `-0`},
		{"integer", `9223372036854775807`, `9223372036854775807`, `9223372036854775807`},
		{"bigint", `-9223372036854775808`, `-9223372036854775808`, `-9223372036854775808`},
		{"long", `-42`, `-42`, `-42`},
		{"float", `1`, `1`, `1`},
		{"double", `-0.10E+2`, `-10`, `-0.10E+2`},
		{"number", `1.7976931348623157e308`, `1.7976931348623157e+308`, `1.7976931348623157e308`},
		{"FLOAT", `5e-324`, `5e-324`, `5e-324`},
		{"float", `12345678901234567890`, `1.2345678901234567e+19`, `12345678901234567890`},
		{"bool", `true`, `true`, `true`},
		{"boolean", `false`, `false`, `false`},
		{"timestamp", `"2018-03-24T17:15:20.865716Z"`, `"2018-03-24 17:15:20.865716"`, `"2018-03-24T17:15:20.865716Z"`},
		{"timestamp", `"2018-03-24t17:15:20z"`, `"2018-03-24 17:15:20.000000"`, `"2018-03-24t17:15:20z"`},
		{"datetime", `"2018-12-31 23:59:59.9999999-00:30"`, `"2019-01-01 00:29:59.999999"`, `"2018-12-31 23:59:59.9999999-00:30"`},
		{"timestamp", `"2020-02-29T00:00:00.1+14:00"`, `"2020-02-28 10:00:00.100000"`, `"2020-02-29T00:00:00.1+14:00"`},
		{"timestamp", `"1000-01-01T00:00:00Z"`, `"1000-01-01 00:00:00.000000"`, `"1000-01-01T00:00:00Z"`},
		{"timestamp", `"9999-12-31T23:59:59.999999Z"`, `"9999-12-31 23:59:59.999999"`, `"9999-12-31T23:59:59.999999Z"`},
		{"timestamp", `"0999-12-31T23:30:00-01:00"`, `"1000-01-01 00:30:00.000000"`, `"0999-12-31T23:30:00-01:00"`},
		{"json", `{"b":1,"a":[1.0, 2e3 ,{"z":null,"y":{}}]}`, `"{\"a\":[1.0,2e3,{\"y\":{},\"z\":null}],\"b\":1}"`, `{"a":[1.0,2e3,{"y":{},"z":null}],"b":1}`},
		{"object", `{"\u0062":1,"a":2}`, `"{\"a\":2,\"b\":1}"`, `{"a":2,"b":1}`},
		{"array", `[ ]`, `"[]"`, `[]`},
		{"json", `"a\/b"`, `"\"a/b\""`, `"a/b"`},
		{"json", `123456789012345678901234567890.5e400`, `"123456789012345678901234567890.5e400"`, `123456789012345678901234567890.5e400`},
		{"json", `null`, `NULL`, `null`},
		{"json", nested(MaxDepth), `"` + nested(MaxDepth) + `"`, nested(MaxDepth)},
	} {
		r, req, err := decodeBody(one(tt.typ, tt.value), nil)
		if err != nil {
			t.Errorf("%s %s: %v", tt.typ, tt.value, err)
			continue
		}
		if got := show(r, req, 0); got != "v="+tt.want {
			t.Errorf("%s %s: stored %s, want %s", tt.typ, tt.value, got, tt.want)
		}
		if got := string(r.log(0)); got != `{"v":`+tt.raw+`}` {
			t.Errorf("%s %s: raw %s, want %s", tt.typ, tt.value, got, tt.raw)
		}
	}
}

func nested(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func TestInvalidValues(t *testing.T) {
	for _, tt := range []struct {
		typ, value string
		code       fault.Code
		detail     string
	}{
		{"string", `1`, fault.TypeMismatch, "a number, instead of a string"},
		{"string", `true`, fault.TypeMismatch, "a bool, instead of a string"},
		{"string", `{"a":[1]}`, fault.TypeMismatch, "an object, instead of a string"},
		{"string", `"\ud800"`, fault.InvalidUTF8, "surrogate"},
		{"string", `"\udc00\ud800"`, fault.InvalidUTF8, "surrogate"},
		{"string", `"\ud800\u0041"`, fault.InvalidUTF8, "surrogate"},
		{"string", "\"\xff\"", fault.InvalidUTF8, "no UTF-8"},
		{"string", "\"\xed\xa0\x80\"", fault.InvalidUTF8, "no UTF-8"},
		{"int", `1.0`, fault.TypeMismatch, "fraction"},
		{"int", `1e3`, fault.TypeMismatch, "exponent"},
		{"int", `"1"`, fault.TypeMismatch, "a string, instead of an int"},
		{"int", `[]`, fault.TypeMismatch, "an array, instead of an int"},
		{"int", `9223372036854775808`, fault.OutOfRange, "64 bits"},
		{"int", `-9223372036854775809`, fault.OutOfRange, "64 bits"},
		{"int", `100000000000000000000000`, fault.OutOfRange, "64 bits"},
		{"float", `1e309`, fault.OutOfRange, "float"},
		{"float", `"NaN"`, fault.TypeMismatch, "a string, instead of a float"},
		{"bool", `1`, fault.TypeMismatch, "a number, instead of a bool"},
		{"bool", `"true"`, fault.TypeMismatch, "a string, instead of a bool"},
		{"timestamp", `1522000000`, fault.TypeMismatch, "a number, instead of a timestamp"},
		{"timestamp", `"yesterday"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2018-03-24T17:15:20"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2018-03-24T17:15:20.Z"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2018-03-24T17:15:20+1:00"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2018-03-24T17:15:20+24:00"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2018-03-24T17:15:20ZZ"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2018/03/24T17:15:20Z"`, fault.TypeMismatch, "RFC 3339"},
		{"timestamp", `"2016-12-31T23:59:60Z"`, fault.OutOfRange, "leap second"},
		{"timestamp", `"2018-02-29T00:00:00Z"`, fault.OutOfRange, "day"},
		{"timestamp", `"2018-13-01T00:00:00Z"`, fault.OutOfRange, "day"},
		{"timestamp", `"2018-01-01T24:00:00Z"`, fault.OutOfRange, "time of day"},
		{"timestamp", `"0999-12-31T23:59:59Z"`, fault.OutOfRange, "year"},
		{"timestamp", `"1000-01-01T00:00:00+00:01"`, fault.OutOfRange, "year"},
		{"timestamp", `"9999-12-31T23:59:59-00:01"`, fault.OutOfRange, "year"},
		{"json", nested(MaxDepth + 1), fault.TooDeep, "30 levels"},
		{"json", nested(100_000), fault.TooDeep, "30 levels"},
		{"json", strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1), fault.TooDeep, "30 levels"},
		{"json", `{"a":1,"b":2,"\u0061":3}`, fault.DuplicateKey, `"a"`},
		{"json", `[{"x":{"a":1,"a":1}}]`, fault.DuplicateKey, `"a"`},
		{"json", "{\"\xff\":1}", fault.InvalidUTF8, "no UTF-8"},
		{"json", `["\udfff"]`, fault.InvalidUTF8, "surrogate"},
		{"int", `1,"v":2`, fault.DuplicateKey, "twice"},
		{"int", `1,"\u0076":2`, fault.DuplicateKey, "twice"},
	} {
		_, _, err := decodeBody(one(tt.typ, tt.value), nil)
		var found *InvalidError
		if !errors.As(err, &found) {
			t.Errorf("%s %.50s: %v", tt.typ, tt.value, err)
			continue
		}
		e := found.Errors[0]
		if e.Code != tt.code || !strings.Contains(e.Detail, tt.detail) || e.Event != 0 || e.Field != "v" && e.Field != `\u0076` {
			t.Errorf("%s %.50s: %+v", tt.typ, tt.value, e)
		}
	}
}

func TestRequests(t *testing.T) {
	for name, tt := range map[string]struct{ body, want, raw string }{
		"in order":      {`{"family":"f","schema":{"a":"int","b":"string"},"logs":[{"a":1,"b":"x"}]}`, `a=1 b="x"`, `{"a":1,"b":"x"}`},
		"logs first":    {`{"logs":[{"b":"]}\"x","a":1}],"schema":{"a":"int","b":"string"},"family":"f"}`, `b="]}\"x" a=1`, `{"a":1,"b":"]}\"x"}`},
		"logs between":  {`{"family":"f","logs":[{"a":1}],"schema":{"a":"int"}}`, `a=1`, `{"a":1}`},
		"schema first":  {`{"schema":{"a":"int"},"family":"f","logs":[{"a":1}]}`, `a=1`, `{"a":1}`},
		"white space":   {" {\n\"family\" :\t\"f\" , \"schema\" : { \"a\" : \"int\" } ,\r\n\"logs\" : [ { \"a\" : 1 } ] } \n", `a=1`, `{"a":1}`},
		"escaped names": {`{"\u0066amily":"\u0066","schema":{"\u0061":"\u0069nt"},"logs":[{"\u0061":1}]}`, `a=1`, `{"a":1}`},
		"bytewise keys": {`{"family":"f","schema":{"b":"int","a.b":"int","a":"int","B":"int","_":"int"}` + `,"logs":[{"b":1,"a.b":2,"a":3,"_":5}]}`, ``, ``},
		"absent fields": {`{"family":"f","schema":{"a":"int","b":"int"},"logs":[{"b":1}]}`, `b=1`, `{"b":1}`},
		"empty event":   {`{"family":"f","schema":{},"logs":[{}]}`, ``, `{}`},
		"id":            {`{"family":"f","schema":{"ID":"int"},"logs":[{"ID":7}]}`, `ID=7`, `{"ID":7}`},
	} {
		t.Run(name, func(t *testing.T) {
			r, req, err := decodeBody(tt.body, nil)
			if name == "bytewise keys" { // b and B are the same column
				if _, ok := errors.AsType[*InvalidError](err); !ok {
					t.Fatal(err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := show(r, req, 0); got != tt.want || string(r.log(0)) != tt.raw || req.family != "f" {
				t.Errorf("%s, %s, family %s", got, r.log(0), req.family)
			}
		})
	}
}

func TestEventCounts(t *testing.T) {
	for body, want := range map[string]int{
		`{"family":"f","schema":{},"logs":[]}`:                 0,
		`{"family":"f","schema":null,"logs":null}`:             0,
		`{"logs":null,"family":"f","schema":{}}`:               0,
		`{"family":"f","schema":{"a":"int"},"logs":[ ]}`:       0,
		`{"logs":[{},{},{}],"family":"f","schema":{}}`:         3,
		`{"family":"f","schema":{"a":"int"},"logs":[{},{}]}  `: 2,
	} {
		r, _, err := decodeBody(body, nil)
		if err != nil || r.len() != want {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// TestOrder reads events whose fields change places, so that the decoder's
// guesses go wrong.
func TestOrder(t *testing.T) {
	r, req, err := decodeBody(`{"family":"f","schema":{"a":"int","b":"int","c":"int"},"logs":[
		{"c":1,"b":2,"a":3},{"a":4,"c":5},{"b":6,"a":7,"c":8},{"c":9},{"c":10,"b":11,"a":12}]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"c=1 b=2 a=3", "a=4 c=5", "b=6 a=7 c=8", "c=9", "c=10 b=11 a=12"} {
		if got := show(r, req, i); got != want {
			t.Errorf("event %d: %s, want %s", i, got, want)
		}
	}
	if got := string(r.log(2)); got != `{"a":7,"b":6,"c":8}` {
		t.Error(got)
	}
}

func TestKeysSortedBytewise(t *testing.T) {
	r, _, err := decodeBody(`{"family":"f","schema":{"b":"int","a.b":"int","a":"int","C":"int","_x":"int","a-b":"int"},
		"logs":[{"b":1,"a.b":2,"a":3,"C":4,"_x":5,"a-b":6}]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := string(r.log(0)), `{"C":4,"_x":5,"a":3,"a-b":6,"a.b":2,"b":1}`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestManyFields crosses the words of the set of seen fields.
func TestManyFields(t *testing.T) {
	var schema, event, want []string
	for i := range 1000 {
		name := fmt.Sprintf("f%03d", 999-i)
		schema = append(schema, `"`+name+`":"int"`)
		event = append(event, fmt.Sprintf(`"%s":%d`, name, i))
		want = append(want, fmt.Sprintf(`"f%03d":%d`, i, 999-i))
	}
	r, _, err := decodeBody(`{"family":"f","schema":{`+strings.Join(schema, ",")+`},"logs":[{`+strings.Join(event, ",")+`}]}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(r.log(0)) != "{"+strings.Join(want, ",")+"}" {
		t.Errorf("%s", r.log(0))
	}
}

// TestWidened stores values in columns that hold more than the request
// declares.
func TestWidened(t *testing.T) {
	table := &catalog.Table{Name: "f", Columns: []catalog.Column{
		{Name: "id", Type: catalog.Int}, {Name: "i", Type: catalog.JSON}, {Name: "s", Type: catalog.JSON},
		{Name: "b", Type: catalog.JSON}, {Name: "f", Type: catalog.JSON}, {Name: "t", Type: catalog.JSON},
		{Name: "tt", Type: catalog.Text}, {Name: "n", Type: catalog.JSON},
	}}
	schema := `{"family":"f","schema":{"i":"int","s":"string","b":"bool","f":"float","t":"timestamp","tt":"timestamp","n":"int"},`
	r, req, err := decodeBody(schema+`"logs":[{"i":-0,"s":"a\u0022\/","b":true,"f":1.50,"t":"2020-01-01T00:00:00+01:00","tt":"2020-01-01T00:00:00+01:00","n":null}]}`, table)
	if err != nil {
		t.Fatal(err)
	}
	want := `i="-0" s="\"a\\\"/\"" b="true" f="1.50" t="\"2020-01-01T00:00:00+01:00\"" tt="2020-01-01T00:00:00+01:00" n=NULL`
	if got := show(r, req, 0); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
	if _, _, err := decodeBody(schema+`"logs":[{"i":"1","tt":"now"}]}`, table); err == nil || err.(*InvalidError).Total != 2 {
		t.Errorf("wrong types in wider columns: %v", err)
	}
}

func TestErrorsAreCounted(t *testing.T) {
	events := strings.Repeat(`{"a":"x","b":1,"c":{"d":[1,2]}},`, 50) + `7,{"a":1}`
	_, _, err := decodeBody(`{"family":"f","schema":{"a":"int"},"logs":[`+events+`]}`, nil)
	var found *InvalidError
	if !errors.As(err, &found) {
		t.Fatal(err)
	}
	if found.Total != 151 || len(found.Errors) != 20 {
		t.Errorf("%d errors, %d listed", found.Total, len(found.Errors))
	}
	want := []fault.Event{
		{Event: 0, Field: "a", Code: fault.TypeMismatch, Detail: "a string, instead of an int"},
		{Event: 0, Field: "b", Code: fault.UnknownField, Detail: "the schema doesn't name it"},
		{Event: 0, Field: "c", Code: fault.UnknownField, Detail: "the schema doesn't name it"},
		{Event: 1, Field: "a", Code: fault.TypeMismatch, Detail: "a string, instead of an int"},
	}
	for i, w := range want {
		if found.Errors[i] != w {
			t.Errorf("error %d: %+v", i, found.Errors[i])
		}
	}
}

func TestTooLarge(t *testing.T) {
	_, _, err := decodeBody(one("string", `"`+strings.Repeat("x", 1<<20)+`"`), nil)
	var large *TooLargeError
	if !errors.As(err, &large) || large.Event != 0 || large.Limit != 1<<20 {
		t.Error(err)
	}
}
