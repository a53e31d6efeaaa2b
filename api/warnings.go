package api

import (
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf16"

	"github.com/kolide/databalancer/proxy"
)

// warningsHeader has the warnings of an answer in CSV, as an array in JSON: as a
// header, or as a trailer where the answer is too long to be held until they
// are known.
const warningsHeader = "X-Warnings"

// maxWarningsHeader bounds it, in bytes: clients take no headers of any length.
const maxWarningsHeader = 4 << 10

// appendWarnings appends the member "warnings" of an object.
func appendWarnings(dst []byte, warnings []proxy.Warning) []byte {
	return append(append(dst, `"warnings":`...), warningsJSON(warnings)...)
}

func warningsJSON(warnings []proxy.Warning) []byte {
	text, err := json.Marshal(warnings)
	if err != nil { // strings and numbers only
		panic(err)
	}
	return text
}

// headerOf returns as many of the warnings as there is room for, in ASCII.
func headerOf(warnings []proxy.Warning) string {
	for n := len(warnings); ; n-- {
		if text := ascii(warningsJSON(warnings[:n])); len(text) <= maxWarningsHeader || n == 0 {
			return text
		}
	}
}

// ascii escapes what is not ASCII in a JSON document, which it can only be in
// strings.
func ascii(document []byte) string {
	var b strings.Builder
	for _, r := range string(document) {
		switch {
		case r < 0x7f:
			b.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		}
	}
	return b.String()
}
