package api

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// documents are texts of which some are JSON.
var documents = []string{
	``, ` `, `null`, `true`, `false`, `nul`, `nulll`, `truefalse`, `True`,
	`0`, `-0`, `-`, `01`, `1.5e+10`, `1.`, `.5`, `1e`, `+1`, `1 2`, `1,`, ` 1 `,
	`""`, `"`, `"a`, `"a"b`, `"a\"b"`, `"\\"`, `"\`, `"\x"`, `"\u00e9"`, `"\u00g0"`, `"\u00`, `"\ud800"`, `"\/\b\f\n\r\t"`,
	`"é 日本 😀"`, "\"a\xffb\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"a\nb\"", "\"a\tb\"", "\"a\x7fb\"", `"` + "\x00" + `"`, "\"\ufffd\"",
	`"eight by"`, `"eight byt"`, `"0123456789abcdef0123456789"`, `"0123456789abcdef\"0123456789"`,
	`{}`, `{ }`, `{"a":1}`, "{\n\t\"a\" : [ 1 , 2 ] ,\r\n\"b\":{}}", `{"a"}`, `{"a":}`, `{"a":1,}`, `{,}`, `{a:1}`, `{"a":1`, `{"a" 1}`, `{`, `}`, `{"a":1}}`, `{1:1}`,
	`[]`, `[ ]`, `[1]`, `[1,]`, `[,1]`, `[1 2]`, `[`, `]`, `[[[]]]`, `[[[]]`, `[1}`, `{"a":1]`, `[]]`,
	`{"query":"example.org","answers":["192.0.2.1","2001:db8::1"],"ttl":3600.000000,"rejected":false,"rtt":null}`,
}

func TestValidJSON(t *testing.T) {
	for _, d := range documents {
		checkValid(t, []byte(d))
	}
	for depth, want := range map[int]bool{maxNesting: true, maxNesting + 2: false} {
		if got := validJSON([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))); got != want {
			t.Errorf("%d levels: %t", depth, got)
		}
	}
}

func FuzzValidJSON(f *testing.F) {
	for _, d := range documents {
		f.Add([]byte(d))
	}
	f.Fuzz(checkValid)
}

func checkValid(t *testing.T, document []byte) {
	if got, want := validJSON(document), utf8.Valid(document) && json.Valid(document); got != want {
		t.Errorf("%q: %t, want %t", document, got, want)
	}
	out := appendJSON(nil, document)
	if !json.Valid(out) || strings.ContainsAny(string(out), "\r\n") {
		t.Errorf("%q becomes %q", document, out)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	document := []byte(`{"ts":"2012-03-16T12:30:00.000000Z","uid":"CWGtK431H9XuaTN4fi","id.orig_h":"192.168.202.100","id.orig_p":45658,` +
		`"id.resp_h":"192.168.27.203","id.resp_p":137,"proto":"udp","trans_id":33008,"query":"*\\x00\\x00\\x00","qclass":1,"qclass_name":"C_INTERNET",` +
		`"qtype":33,"qtype_name":"SRV","rcode":0,"rcode_name":"NOERROR","AA":false,"TC":false,"RD":false,"RA":false,"Z":0,"answers":null,"rejected":true}`)
	dst := make([]byte, 0, 2*len(document))
	b.SetBytes(int64(len(document)))
	for b.Loop() {
		dst = appendJSON(dst[:0], document)
	}
}
