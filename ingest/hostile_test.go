package ingest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/kolide/databalancer/fault"
)

// hostile are values that one server or another does not take, or changes, by
// the type of their field. What has the decoder's own code is refused without
// asking a server; the others are stored, or refused by the server.
var hostile = []struct {
	name, typ, value string
	code             fault.Code
}{
	{"beyond a double", "json", `1e400`, ""},
	{"beyond a double, deep", "json", `{"a":[1,{"b":-1e400}]}`, ""},
	{"nearly zero", "json", `1e-400`, ""},
	{"an exponent", "json", `[1e2,1E+2,-0,-0.0,0e0]`, ""},
	{"3,000 digits", "json", strings.Repeat("9", 3000), ""},
	{"3,000 decimals", "json", "0." + strings.Repeat("7", 3000), ""},
	{"beyond 64 bits", "json", `[18446744073709551615,18446744073709551616,-9223372036854775809]`, ""},
	{"as deep as may be", "json", strings.Repeat("[", MaxDepth) + strings.Repeat("]", MaxDepth), ""},
	{"deep objects", "json", strings.Repeat(`{"a":`, MaxDepth) + "1e2" + strings.Repeat("}", MaxDepth), ""},
	{"too deep", "json", strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1), fault.TooDeep},
	{"half a pair", "json", `"\ud800"`, fault.InvalidUTF8},
	{"half a pair in a key", "json", `{"\udc00":1}`, fault.InvalidUTF8},
	{"a NUL", "json", `{"\u0000":"\u0000a"}`, ""},
	{"a long key", "json", `{"` + strings.Repeat("k", 70_000) + `":1}`, ""},
	{"many keys", "json", manyKeys(5_000), ""},
	{"a long array", "json", "[" + strings.Repeat("1,", 1<<15) + "1]", ""},
	{"7 MiB", "json", `"` + strings.Repeat("x", 7<<20) + `"`, ""},
	{"7 MiB", "string", `"` + strings.Repeat("x", 7<<20) + `"`, ""},
	{"14.9 MiB", "string", `"` + strings.Repeat("x", 149<<20/10) + `"`, ""},
	{"control characters", "string", `"\u0000\u001f\u007f\ufffe\uffff\ud83d\ude00"`, ""},
	{"half a pair", "string", `"\ud83d"`, fault.InvalidUTF8},
	{"the largest", "float", `1.7976931348623157e308`, ""},
	{"the smallest", "float", `5e-324`, ""},
	{"below zero", "float", `-0.0`, ""},
	{"beyond a double", "float", `1e309`, fault.OutOfRange},
	{"beyond 64 bits", "int", `9223372036854775808`, fault.OutOfRange},
	{"the least", "int", `-9223372036854775808`, ""},
	{"year 0", "timestamp", `"0000-01-01T00:00:00Z"`, fault.OutOfRange},
	{"year 1, by its zone", "timestamp", `"0001-01-01T00:00:00+23:00"`, fault.OutOfRange},
	{"the last one", "timestamp", `"9999-12-31T23:59:59.999999999Z"`, ""},
	{"year 10000, by its zone", "timestamp", `"9999-12-31T23:59:59-01:00"`, fault.OutOfRange},
}

func manyKeys(n int) string {
	keys := make([]string, n)
	for i := range keys {
		keys[i] = fmt.Sprintf(`"%d":%d`, i, i)
	}
	return "{" + strings.Join(keys, ",") + "}"
}

// TestHostileValues stores each of the values between others. Nothing else than
// the value is at fault, and what is acknowledged can be read.
func TestHostileValues(t *testing.T) {
	fx := newFixture(t, 1)
	for _, wide := range []bool{false, true} {
		schema := `{"family":"hostile_%d","schema":{"n":"int","good":"json","v":"%s"`
		if wide {
			schema = strings.Replace(schema, `"v"`, fillers()+`,"v"`, 1)
		}
		for i, tt := range hostile {
			if wide && tt.typ != "json" && tt.typ != "float" {
				continue // as in a column of its own
			}
			t.Run(fmt.Sprintf("wide %v/%s %s", wide, tt.typ, tt.name), func(t *testing.T) {
				number := i
				if wide {
					number += len(hostile)
				}
				family := fmt.Sprintf("hostile_%d", number)
				head := fmt.Sprintf(schema+`},"logs":[`, number, tt.typ)
				fx.put(t, head+"]}")
				_, err := fx.Put(t.Context(), []byte(head+`{"n":1,"good":[1]},{"n":2},{"n":3,"v":`+tt.value+`,"good":{}},{"n":4}]}`))
				found := refusalOf(t, err, tt.code)
				if found != nil && (found.Event != 2 || found.Field != "v") {
					t.Errorf("found at fault: %s", found)
				}
				want := 0
				if found == nil {
					want = 4
					keptValue(t, fx, family, tt.typ, tt.value)
				}
				if n, raw := fx.count(t, family, family), len(fx.texts(t, family, "SELECT id FROM raw_logs WHERE family = ?", family)); n != want || raw != want {
					t.Errorf("%d rows and %d logs, want %d", n, raw, want)
				}
			})
		}
	}
}

// refusalOf returns the fault of the one event that is at fault, or nil. All
// other errors, and a wrong code, fail the test.
func refusalOf(t *testing.T, err error, code fault.Code) *fault.Event {
	t.Helper()
	if err == nil {
		if code != "" {
			t.Errorf("was stored, want %s", code)
		}
		return nil
	}
	report := fault.Of(err)
	if report.Code != fault.InvalidEvents && report.Code != fault.TooLarge || len(report.Events) != 1 {
		t.Fatalf("%s: %.300v", report.Code, err)
	}
	event := report.Events[0]
	if code == "" {
		t.Logf("%.200s", event)
	}
	if unfit := (*UnfitError)(nil); errors.As(err, &unfit) != (code == "") || code != "" && event.Code != code {
		t.Errorf("%.300s, want %s", event, code)
	}
	return &event
}

// keptValue compares the value that is stored, and the one in its raw log, with
// what was sent. Servers that parse JSON keep its numbers as doubles.
func keptValue(t *testing.T, fx *fixture, family, typ, sent string) {
	t.Helper()
	stored := fx.texts(t, family, "SELECT v FROM "+family+" WHERE n = 3")[0][0]
	switch typ {
	case "timestamp":
		if stored != "9999-12-31 23:59:59.999999" {
			t.Errorf("stored %s", stored)
		}
	case "string":
		var text string
		readJSON(t, []byte(sent), &text)
		if stored != text {
			t.Errorf("stored another text: %.50q of %d bytes", stored, len(stored))
		}
	case "float":
		a, _ := strconv.ParseFloat(stored, 64)
		b, _ := strconv.ParseFloat(sent, 64)
		if a != b {
			t.Errorf("stored %s", stored)
		}
	default:
		if a, b := parsed(t, stored, true), parsed(t, sent, true); !reflect.DeepEqual(a, b) {
			t.Errorf("stored %.100s", stored)
		}
	}
	log := fx.texts(t, family, "SELECT log FROM raw_logs WHERE family = ? AND log LIKE '%\"n\":3%'", family)[0][0]
	var event struct{ V json.RawMessage }
	readJSON(t, []byte(log), &event)
	if a, b := parsed(t, string(event.V), false), parsed(t, sent, false); !reflect.DeepEqual(a, b) {
		t.Errorf("logged %.100s", event.V)
	}
}

// parsed returns the value that a JSON text stands for: its numbers exact, or
// as doubles.
func parsed(t *testing.T, text string, doubles bool) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%.100s: %v", text, err)
	}
	return numbers(v, doubles)
}

func numbers(v any, doubles bool) any {
	switch v := v.(type) {
	case json.Number:
		if doubles {
			f, _ := strconv.ParseFloat(v.String(), 64)
			return f + 0
		}
		r, ok := new(big.Rat).SetString(v.String())
		return fmt.Sprint(ok, r)
	case []any:
		for i := range v {
			v[i] = numbers(v[i], doubles)
		}
	case map[string]any:
		for k := range v {
			v[k] = numbers(v[k], doubles)
		}
	}
	return v
}

// TestHostileAmongOthers sends good requests and bad ones at once, so that they
// meet in batches: only the bad ones fail.
func TestHostileAmongOthers(t *testing.T) {
	fx := newFixture(t, 1)
	const head = `{"family":"mixed","schema":{"n":"int","j":"json"},"logs":[`
	fx.put(t, head+`]}`)
	var wg sync.WaitGroup
	errs := make([]error, 60)
	for i := range errs {
		wg.Go(func() {
			value := `{"k":1}`
			switch i % 10 {
			case 3:
				value = `[1e400]`
			case 7:
				value = `{"` + strings.Repeat("k", 70_000) + `":1}`
			}
			_, errs[i] = fx.Put(t.Context(), []byte(fmt.Sprintf(`%s{"n":%d,"j":1},{"n":%d,"j":%s}]}`, head, i, i, value)))
		})
	}
	wg.Wait()
	var stored []string
	for i, err := range errs {
		switch {
		case err == nil:
			stored = append(stored, fmt.Sprint(i))
		case i%10 != 3 && i%10 != 7:
			t.Errorf("request %d failed: %v", i, err)
		default:
			if found := refusalOf(t, err, ""); found.Event != 1 || found.Field != "j" {
				t.Errorf("request %d: %v", i, found)
			}
		}
	}
	rows := fx.texts(t, "mixed", "SELECT n FROM mixed GROUP BY n HAVING COUNT(*) = 2 ORDER BY n")
	var got []string
	for _, r := range rows {
		got = append(got, r[0])
	}
	if !reflect.DeepEqual(got, stored) || fx.count(t, "mixed", "mixed") != 2*len(stored) {
		t.Errorf("stored %v, acknowledged %v", got, stored)
	}
}
