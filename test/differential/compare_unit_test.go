package differential

import (
	"strings"
	"testing"
)

// answerOf makes an answer of lines; the values stand between bars, and ~ is
// NULL.
func answerOf(columns string, lines ...string) *answer {
	a := &answer{}
	for name := range strings.SplitSeq(columns, " ") {
		name, kind, _ := strings.Cut(name, ":")
		a.columns = append(a.columns, column{name, kind})
	}
	for _, line := range lines {
		var row []cell
		for value := range strings.SplitSeq(line, "|") {
			row = append(row, cell{null: value == "~", text: value, exact: value})
		}
		a.rows = append(a.rows, row)
	}
	return a
}

// lower is a folder for which case makes no difference.
type lower struct{}

func (lower) fold(_ int, text string) string { return strings.ToLower(text) }

func TestCompare(t *testing.T) {
	open, approx, bag := map[int]mark{0: {open: true}}, map[int]mark{1: {approx: true}}, map[int]mark{0: {bag: true}}
	for _, test := range []struct {
		name      string
		rules     rules
		want, got *answer
		kind      string // of the difference; empty: none
	}{
		{"another order", rules{}, answerOf("a:int", "1", "2"), answerOf("a:int", "2", "1"), ""},
		{"a row less", rules{}, answerOf("a:int", "1", "2"), answerOf("a:int", "1"), "count"},
		{"a row more", rules{}, answerOf("a:int", "1"), answerOf("a:int", "1", "1"), "count"},
		{"no rows", rules{}, answerOf("a:int"), answerOf("a:int"), ""},
		{"other multiplicities", rules{}, answerOf("a:int", "1", "1", "2"), answerOf("a:int", "1", "2", "2"), "rows"},
		{"a value", rules{}, answerOf("a:int b:int", "1|2"), answerOf("a:int b:int", "1|3"), "rows"},
		{"values that change places", rules{}, answerOf("a:int b:int", "1|2"), answerOf("a:int b:int", "2|1"), "rows"},
		{"values that run together", rules{}, answerOf("a:text b:text", "ab|c"), answerOf("a:text b:text", "a|bc"), "rows"},
		{"NULL and a text", rules{}, answerOf("a:text", "~"), answerOf("a:text", ""), "rows"},
		{"NULL and NULL", rules{}, answerOf("a:text", "~"), answerOf("a:text", "~"), ""},
		{"a name", rules{}, answerOf("a:int", "1"), answerOf("A:int", "1"), "names"},
		{"a column less", rules{}, answerOf("a:int b:int", "1|1"), answerOf("a:int", "1"), "names"},
		{"a type", rules{}, answerOf("a:int", "1"), answerOf("a:decimal", "1"), "types"},
		{"a bool", rules{}, answerOf("a:int", "1"), answerOf("a:bool", "1"), ""},
		{"an int that was a bool", rules{}, answerOf("a:bool", "1"), answerOf("a:int", "1"), "types"},
		{"case", rules{}, answerOf("a:text", "de"), answerOf("a:text", "DE"), "rows"},
		{"case of a group", rules{marks: open}, answerOf("a:text b:int", "de|1"), answerOf("a:text b:int", "DE|1"), ""},
		{"case beside a group", rules{marks: open}, answerOf("a:text b:text", "de|x"), answerOf("a:text b:text", "DE|X"), "rows"},
		{"another group", rules{marks: open}, answerOf("a:text b:int", "de|1"), answerOf("a:text b:int", "fr|1"), "rows"},
		{"the last digits", rules{marks: approx}, answerOf("a:int b:float", "1|0.30000000000000004"), answerOf("a:int b:float", "1|0.3"), ""},
		{"the first digits", rules{marks: approx}, answerOf("a:int b:float", "1|0.3001"), answerOf("a:int b:float", "1|0.3"), "rows"},
		{"the last digits of another column", rules{}, answerOf("a:int b:float", "1|0.30000000000000004"), answerOf("a:int b:float", "1|0.3"), "rows"},
		{"a list in another order", rules{marks: bag}, answerOf("a:text", "[1,2]"), answerOf("a:text", "[2,1]"), ""},
		{"a list with another element", rules{marks: bag}, answerOf("a:text", "[1,2]"), answerOf("a:text", "[2,2]"), "rows"},
		{"a list that has an order", rules{}, answerOf("a:text", "[1,2]"), answerOf("a:text", "[2,1]"), "rows"},
		{"sorted", rules{order: total}, answerOf("a:int", "1", "2"), answerOf("a:int", "1", "2"), ""},
		{"sorted otherwise", rules{order: total}, answerOf("a:int", "1", "2"), answerOf("a:int", "2", "1"), "order"},
		{"ties", rules{order: byTies, ties: []int{0}}, answerOf("a:int b:int", "1|1", "1|2", "2|3"), answerOf("a:int b:int", "1|2", "1|1", "2|3"), ""},
		{"ties of equal texts", rules{order: byTies, ties: []int{0}}, answerOf("a:text b:int", "de|1", "DE|2", "fr|3"), answerOf("a:text b:int", "DE|2", "de|1", "fr|3"), ""},
		{"no ties", rules{order: byTies, ties: []int{0}}, answerOf("a:int b:int", "1|1", "2|2", "2|3"), answerOf("a:int b:int", "2|2", "1|1", "2|3"), "order"},
		{"another row in a tie", rules{order: byTies, ties: []int{0}}, answerOf("a:int b:int", "1|1", "1|2"), answerOf("a:int b:int", "1|1", "1|3"), "rows"},
	} {
		d := check(test.want, test.got, &test.rules, lower{}, true)
		if (d == nil) != (test.kind == "") || d != nil && d.kind != test.kind {
			t.Errorf("%s: got %v, want %q", test.name, d, test.kind)
		}
	}
}

// TestExactText compares the spelling of numbers, which only databalancer
// knows of.
func TestExactText(t *testing.T) {
	a, b := answerOf("a:float", "1"), answerOf("a:float", "1")
	b.rows[0][0].exact = "1e0"
	if d := check(a, b, &rules{}, verbatim{}, true); d != nil {
		t.Errorf("beside the oracle: %s", d)
	}
	if d := check(a, b, &rules{}, verbatim{}, false); d == nil || d.kind != "rows" {
		t.Errorf("beside the witness: %v", d)
	}
}

func TestReadAnswer(t *testing.T) {
	a, err := readAnswer([]byte(`{"columns":[{"name":"a","type":"int"},{"name":"b","type":"bool"},{"name":"c","type":"json"},{"name":"d","type":"float"},{"name":"e","type":"text"}],
		"rows":[[18446744073709551615,true,{"x": 1},1e3,"\u00e9"],[null,null,null,null,null]],"truncated":false}`))
	if err != nil {
		t.Fatal(err)
	}
	want := answerOf("a:int b:bool c:json d:float e:text", `18446744073709551615|1|{"x": 1}|1000|é`, "~|~|~|~|~")
	if d := check(want, a, &rules{}, verbatim{}, true); d != nil {
		t.Error(d)
	}
	for name, text := range map[string]string{
		"broken off":     `{"columns":[{"name":"a","type":"int"}],"rows":[[1],`,
		"without an end": `{"columns":[{"name":"a","type":"int"}],"rows":[[1]]}`,
		"with an error":  `{"columns":[],"rows":[],"error":{"code":"x"},"truncated":false}`,
		"a short row":    `{"columns":[{"name":"a","type":"int"}],"rows":[[]],"truncated":false}`,
		"a text as int":  `{"columns":[{"name":"a","type":"date"}],"rows":[[1]],"truncated":false}`,
	} {
		if _, err := readAnswer([]byte(text)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestFit(t *testing.T) {
	direct := answerOf("a:text b:text", "null|null", "{\n}|x")
	got := fit(direct, answerOf("a:json b:text"))
	if r := got.rows[0]; !r[0].null || r[1].null {
		t.Errorf("the document null: %v", r)
	}
	if got.rows[1][0].text != "{ }" {
		t.Errorf("a line break: %v", got.rows[1][0])
	}
}
