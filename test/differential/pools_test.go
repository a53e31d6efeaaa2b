package differential

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
)

type source = *rand.Rand

// pool makes the value of a field in a row, counted from 0: an SQL literal
// for a registered table, JSON for a family.
type pool func(r source, row int) string

func number(n int) string { return strconv.Itoa(n) }

// serial counts from 1.
func serial(_ source, row int) string { return number(row + 1) }

func list(values ...string) pool {
	return func(r source, _ int) string { return values[r.IntN(len(values))] }
}

// nth gives each row a value of its own.
func nth(values ...string) pool {
	return func(_ source, row int) string { return values[row] }
}

// span is a number between the bounds, and sometimes NULL.
func span(from, to int) pool {
	return func(r source, _ int) string {
		if r.IntN(12) == 0 && from+5 < to {
			return "NULL"
		}
		return number(from + r.IntN(to-from+1))
	}
}

func notNull(p pool) pool {
	return func(r source, row int) string {
		for {
			if v := p(r, row); !strings.EqualFold(v, "NULL") {
				return v
			}
		}
	}
}

// smallInts are what most tables are joined by.
var smallInts = list("NULL", "0", "1", "2", "3", "3", "5", "7", "9", "-1")

// The texts that are equal under one collation and differ under another, or
// sort elsewhere, or read like numbers and patterns.
var (
	asciiTraps = list("NULL", "''", "'de'", "'DE'", "'De'", "'fr'", "'FR'", "'a'", "'A'", "'z'", "'10'", "'2'", "'1e1'", "'%'", "'de\\t'", "'de '")
	latinTraps = list("NULL", "''", "'de'", "'DE'", "'dé'", "'DÉ'", "'de '", "'fr'", "'ss'", "'ß'", "'ä'", "'a'", "'Ä'", "'ae'", "'o'", "'ö'", "'10'", "'it''s'")
	traps      = list("NULL", "NULL", "''", "' '", "'de'", "'de'", "'DE'", "'De '", "'de '", "'dé'", "'dé'", "'fr'", "'FR'", "'ss'", "'ß'", "'ä'", "'a'", "'A'", "'z'",
		"'10'", "'2'", "'1e1'", "'0'", "'2024-02-29'", "'it''s'", "'back\\\\slash'", "'%'", "'a_c'", "'😀'", "'😁'", "'日本'", "'de\\t'", "'ＤＥ'", "'ÿ'", "'þ'")
	longTraps = list("NULL", "'de'", "'DE'", "REPEAT('long ', 300)", "REPEAT('é', 700)", "CONCAT(REPEAT('x', 255), 'de')", "CONCAT(REPEAT('x', 255), 'DE ')")
	names     = list("'Ann'", "'ann'", "'Bob'", "'Böb'", "'Bob '", "'Çem'", "'cem'", "'Dörte'", "'Zoë'", "'zoe'", "'O''Neil'", "NULL")
	countries = list("NULL", "'de'", "'DE'", "'de '", "'dé'", "'fr'", "'FR'", "'a'", "'ss'", "'us'", "'1'", "'xx'")
)

var (
	dates = list("NULL", "'2024-02-29'", "'2024-01-01'", "'1999-12-31'", "'0000-00-00'", "'2024-00-15'", "'2024-02-00'", "'9999-12-31'", "'1000-01-01'", "'2024-03-01'")

	stamps = list("NULL", "'2024-02-29 12:34:56'", "'2024-02-29 00:00:00'", "'2024-01-01 00:00:00'", "'1999-12-31 23:59:59'", "'0000-00-00 00:00:00'", "'2024-03-01 08:00:00'", "'9999-12-31 23:59:59'")

	bytesPool = list("NULL", "x''", "x'00'", "x'ff'", "x'00ff41'", "'de'", "'DE'", "'de '", "x'c3a9'", "x'c328'", "x'6465'", "x'0a0d'", "x'5c27'", "x'e9'")

	documents = list("NULL", `'{"a":1,"b":{"c":[1,2,3]}}'`, `'{"a":1}'`, `'{"a": 1, "t": "de"}'`, `'[]'`, `'[1,"de",null,true]'`, `'"de"'`, `'1.50'`, `'null'`,
		`'{"t":"DE","a":2,"n":null}'`, `'{"a":"10","e":"é😀\\n"}'`, `'{"big":18446744073709551615,"f":1e3}'`)
)

// words of the families, as JSON.
var (
	jsonTexts = list("null", `""`, `"de"`, `"DE"`, `"de "`, `"dé"`, `"fr"`, `"ss"`, `"ß"`, `"10"`, `"it's"`, `"a\\b"`, `"😀"`, `"x\ny"`, `"日本"`)
	jsonHosts = list(`"web-1"`, `"WEB-1"`, `"web-2"`, `"db-1"`, `"db-1 "`, "null")
	jsonInts  = list("null", "0", "1", "3", "3", "5", "7", "-1")
	jsonBools = list("null", "true", "false")
	jsonTimes = list("null", `"2024-02-29T12:34:56.789012Z"`, `"2024-01-01T00:00:00Z"`, `"2024-01-01T01:00:00+01:00"`, `"1999-12-31T23:59:59Z"`, `"9999-12-31T23:59:59.999999Z"`)
	jsonAny   = list("null", `{"a":1,"b":{"c":[1,2,3]}}`, `[1,"de",null]`, `"de"`, `1.50`, `true`, `{"t":"DE","a":3}`, `{"a":{"b":{"c":"é"}}}`, `12345678901234567890`)
	quarters  = list("null", "0", "0.25", "-1.5", "3", "1000.75")
	fractions = list("null", "0.1", "0.2", "0.30000000000000004", "-7.3", "3", "99.99")
)

// wideFields is more than a row of stored columns has room for.
const wideFields = 260

func wideName(i int) string { return fmt.Sprintf("w%03d", i) }

// families are the tables that come of logs.
var families = []table{
	{name: "web", rows: 44, family: true, fields: []field{
		texts("host", "string", own, jsonHosts),
		tame("k", "int", integer, jsonInts),
		tame("status", "int", integer, list("200", "200", "404", "500", "null")),
		tame("dur", "float", float, quarters),
		tame("ok", "bool", boolean, jsonBools),
		wild("at", "timestamp", stamp, jsonTimes),
		wild("ext", "json", document, jsonAny),
		tame("person_id", "int", integer, family(span(1, 40))),
		texts("cc", "string", own, jsonTexts),
		wild("big", "int", integer, list("null", "9223372036854775807", "-9223372036854775808", "9007199254740993", "3")),
	}},
	{name: "login", rows: 60, family: true, split: true, fields: []field{
		texts("uid", "string", own, jsonTexts),
		tame("person_id", "int", integer, family(span(1, 40))),
		wild("at", "timestamp", stamp, jsonTimes),
		tame("ok", "bool", boolean, jsonBools),
		tame("tries", "int", integer, jsonInts),
		texts("host", "string", own, jsonHosts),
	}},
	{name: "metric", rows: 60, family: true, split: true, fields: []field{
		texts("name", "string", own, list(`"cpu"`, `"CPU"`, `"mem"`, `"disk"`, "null")),
		wild("value", "float", float, fractions),
		tame("q", "float", float, quarters),
		tame("n", "int", integer, jsonInts),
		wild("labels", "json", document, jsonAny),
		wild("at", "timestamp", stamp, jsonTimes),
	}},
	{name: "deploy", rows: 10, family: true, fields: []field{
		texts("app", "string", own, jsonHosts),
		texts("ver", "string", own, list(`"1.10"`, `"1.9"`, `"2"`, "null")),
		wild("at", "timestamp", stamp, jsonTimes),
		tame("k", "int", integer, jsonInts),
	}},
	{name: "silent", rows: 0, family: true, fields: []field{
		texts("name", "string", own, jsonTexts),
		tame("k", "int", integer, jsonInts),
		wild("at", "timestamp", stamp, jsonTimes),
	}},
	wide(),
}

// family makes NULL what it is in JSON.
func family(p pool) pool {
	return func(r source, row int) string { return strings.ToLower(p(r, row)) }
}

// wide has so many fields that the last ones are virtual columns over hidden
// JSON.
func wide() table {
	t := table{name: "wide", rows: 9, family: true}
	for i := range wideFields {
		t.fields = append(t.fields, texts(wideName(i), "string", own, jsonTexts))
	}
	t.fields = append(t.fields,
		tame("k", "int", integer, jsonInts),
		wild("at", "timestamp", stamp, jsonTimes),
		wild("ext", "json", document, jsonAny),
		tame("q", "float", float, quarters),
		tame("ok", "bool", boolean, jsonBools))
	return t
}
