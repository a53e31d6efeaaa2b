package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
)

func TestJSONEncoder(t *testing.T) {
	tests := []struct {
		typ   catalog.Type
		value string
		want  string
	}{
		{catalog.Int, "0", "0"},
		{catalog.Int, "-1", "-1"},
		{catalog.Int, "9223372036854775807", "9223372036854775807"},
		{catalog.Int, "18446744073709551615", "18446744073709551615"},
		{catalog.Int, "007", `"007"`},
		{catalog.Int, "-", `"-"`},
		{catalog.Int, "", `""`},
		{catalog.Decimal, "0.50", "0.50"},
		{catalog.Decimal, "-12345678901234567890.123456789", "-12345678901234567890.123456789"},
		{catalog.Decimal, ".5", `".5"`},
		{catalog.Decimal, "1.", `"1."`},
		{catalog.Float, "1e20", "1e20"},
		{catalog.Float, "1.5e-7", "1.5e-7"},
		{catalog.Float, "-0", "-0"},
		{catalog.Float, "1e", `"1e"`},
		{catalog.Float, "1e+", `"1e+"`},
		{catalog.Float, "nan", `"nan"`},
		{catalog.Bool, "0", "false"},
		{catalog.Bool, "1", "true"},
		{catalog.Bool, "2", "2"},
		{catalog.Bool, "-1", "-1"},
		{catalog.JSON, `{"a":[1,null]}`, `{"a":[1,null]}`},
		{catalog.JSON, "{\n \"a\":\r\n1}", `{  "a":  1}`},
		{catalog.JSON, `"a\nb"`, `"a\nb"`},
		{catalog.JSON, `{"a":`, `"{\"a\":"`},
		{catalog.JSON, "", `""`},
		{catalog.JSON, "\"\xff\"", `"Iv8i"`},
		{catalog.Bit, "\x00", "0"},
		{catalog.Bit, "\x01\x00", "256"},
		{catalog.Bit, "\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615"},
		{catalog.Text, "", `""`},
		{catalog.Text, "plain", `"plain"`},
		{catalog.Text, "a\"b\\c\n\r\t\x00\x1f\x7f", "\"a\\\"b\\\\c\\n\\r\\t\\u0000\\u001f\x7f\""},
		{catalog.Text, "naïve 🐕 \u2028", "\"naïve 🐕 \u2028\""},
		{catalog.Text, "a\xff", `"Yf8="`},
		{catalog.Bytes, "text", `"text"`},
		{catalog.Bytes, "\xff\x00", `"/wA="`},
		{catalog.Timestamp, "2024-01-02 03:04:05.000006", `"2024-01-02 03:04:05.000006"`},
		{catalog.Date, "0000-00-00", `"0000-00-00"`},
		{catalog.Year, "2024", `"2024"`},
		{"", "x", `"x"`},
	}
	for _, tt := range tests {
		got := jsonEncoder(tt.typ, false)([]byte("prefix"), []byte(tt.value))
		if string(got) != "prefix"+tt.want {
			t.Errorf("%s %q: %s, want %s", tt.typ, tt.value, got[len("prefix"):], tt.want)
		}
		if !json.Valid(got[len("prefix"):]) {
			t.Errorf("%s %q: %s is not JSON", tt.typ, tt.value, got[len("prefix"):])
		}
	}
}

func TestQuoteLargeInts(t *testing.T) {
	tests := []struct {
		typ   catalog.Type
		value string
		want  string
	}{
		{catalog.Int, "9007199254740992", "9007199254740992"},
		{catalog.Int, "-9007199254740992", "-9007199254740992"},
		{catalog.Int, "9007199254740993", `"9007199254740993"`},
		{catalog.Int, "-9007199254740993", `"-9007199254740993"`},
		{catalog.Int, "10000000000000000", `"10000000000000000"`},
		{catalog.Int, "999999999999999", "999999999999999"},
		{catalog.Decimal, "9007199254740991.99", "9007199254740991.99"},
		{catalog.Decimal, "9007199254740992.01", `"9007199254740992.01"`},
		{catalog.Decimal, "1.23456789012345678901", "1.23456789012345678901"},
		{catalog.Float, "1e300", "1e300"},
		{catalog.Bit, "\x00\x20\x00\x00\x00\x00\x00\x00", "9007199254740992"},
		{catalog.Bit, "\x00\x20\x00\x00\x00\x00\x00\x01", `"9007199254740993"`},
	}
	for _, tt := range tests {
		if got := jsonEncoder(tt.typ, true)(nil, []byte(tt.value)); string(got) != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.typ, tt.value, got, tt.want)
		}
	}
}

func TestCSVEncoder(t *testing.T) {
	tests := []struct {
		typ   catalog.Type
		value string
		want  string
	}{
		{catalog.Text, "", `""`},
		{catalog.Text, "plain text", "plain text"},
		{catalog.Text, "a,b", `"a,b"`},
		{catalog.Text, `say "hi"`, `"say ""hi"""`},
		{catalog.Text, `"`, `""""`},
		{catalog.Text, "two\nlines", "\"two\nlines\""},
		{catalog.Text, "\r", "\"\r\""},
		{catalog.Text, "\xff", "/w=="},
		{catalog.JSON, `{"a":1}`, `"{""a"":1}"`},
		{catalog.Bool, "1", "true"},
		{catalog.Bool, "0", "false"},
		{catalog.Bool, "7", "7"},
		{catalog.Bit, "\x05", "5"},
		{catalog.Bit, "123456789", "123456789"},
		{catalog.Int, "-5", "-5"},
	}
	for _, tt := range tests {
		if got := csvEncoder(tt.typ)(nil, []byte(tt.value)); string(got) != tt.want {
			t.Errorf("%s %q: %s, want %s", tt.typ, tt.value, got, tt.want)
		}
	}
}

// FuzzEncoders checks that whatever a server sends, an answer stays JSON on
// one line, and that text comes back as it was.
func FuzzEncoders(f *testing.F) {
	for _, seed := range []string{"", "0", "-0.5e+10", "01", "a\"\\\n", "é\xff", "{\"a\":\n[1]}", "\xed\xa0\x80", "9007199254740993"} {
		f.Add([]byte(seed))
	}
	types := []catalog.Type{catalog.Int, catalog.Decimal, catalog.Float, catalog.Bool, catalog.JSON, catalog.Bit, catalog.Text}
	f.Fuzz(func(t *testing.T, value []byte) {
		for _, typ := range types {
			for _, quote := range []bool{false, true} {
				got := jsonEncoder(typ, quote)(nil, value)
				if !json.Valid(got) || bytes.ContainsAny(got, "\n\r") || !utf8.Valid(got) {
					t.Errorf("%s %q: %q", typ, value, got)
				}
			}
		}
		var text string
		if err := json.Unmarshal(appendText(nil, value), &text); err != nil {
			t.Fatal(err)
		}
		want := string(value)
		if !utf8.Valid(value) {
			want = base64.StdEncoding.EncodeToString(value)
		}
		if text != want {
			t.Errorf("%q came back as %q", want, text)
		}
		if got, want := isNumber(value), isJSONNumber(value); got != want {
			t.Errorf("isNumber(%q) = %t", value, got)
		}
	})
}

func isJSONNumber(value []byte) bool {
	return len(value) > 0 && bytes.IndexByte([]byte("-0123456789"), value[0]) >= 0 &&
		json.Valid(value) && !bytes.ContainsAny(value, " \t\r\n")
}
