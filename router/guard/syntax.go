package guard

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/fault"
)

// syntaxError tells of the parser's error in our words.
func syntaxError(err error, text string) error {
	at := errorOffset(err.Error(), text)
	if at < 0 {
		_, reason, _ := strings.Cut(err.Error(), "]") // [class:number]
		if what, name, ok := strings.Cut(reason, ": "); ok && unknownNames[strings.TrimSpace(what)] != "" {
			return fault.New(fault.Unsupported, "%s %.70s is not supported", unknownNames[strings.TrimSpace(what)], strings.Trim(name, "'"))
		}
		return fault.New(fault.Syntax, "the query cannot be parsed: %.200s", strings.TrimSpace(reason))
	}
	if clause := clauseBefore(text, at); clause != "" {
		return fault.At(fault.ForbiddenClause, at, "%s is not accepted", clause)
	}
	if what := unparsedBefore(text, at); what != "" {
		return fault.At(fault.Unsupported, at, "%s is not supported", what)
	}
	if refused := named(text, at); refused != nil {
		return refused
	}
	return fault.At(fault.Syntax, at, "syntax error %s%s", place(text, at), advice(text, at))
}

// unknownNames has the parser's words for names that it does not know.
var unknownNames = map[string]string{
	"Unsupported character introducer": "the character set",
	"Unknown character set":            "the character set",
	"Unknown collation":                "the collation",
}

// errorOffset reads the place of a syntax error out of the parser's message:
// line 1 column 2 near "the rest of the text". Of a rest beyond 2,048 bytes
// the message has the beginning, and its total length.
func errorOffset(message, text string) int {
	_, rest, ok := strings.Cut(message, ` near "`)
	if !ok {
		return -1
	}
	if i := strings.LastIndex(rest, "(total length "); i >= 0 {
		digits, _, _ := strings.Cut(rest[i+len("(total length "):], ")")
		if n, err := strconv.Atoi(digits); err == nil && n > 2048 && n <= len(text) {
			return len(text) - n
		}
	}
	if i := strings.LastIndexByte(rest, '"'); i >= 0 && strings.HasSuffix(text, rest[:i]) {
		return len(text) - i
	}
	return -1
}

// clauseBefore names the clause that the parser stumbles over, where that is
// one that it does not know and we would refuse.
func clauseBefore(text string, at int) string {
	s := scanner{src: text}
	last := ""
	for t := s.next(); t.kind != tokenEnd && t.start <= at; t = s.next() {
		now := strings.ToUpper(text[t.start:t.end])
		if t.start == at && now == "PROCEDURE" || last == "PROCEDURE" {
			return "PROCEDURE"
		}
		into := last == "INTO" && (now == "OUTFILE" || now == "DUMPFILE")
		if into || t.start == at && last == "INTO" {
			return "SELECT … INTO"
		}
		last = now
	}
	return ""
}

// place describes an offset in words.
func place(text string, at int) string {
	line := strings.Count(text[:at], "\n") + 1
	column := at - strings.LastIndexByte(text[:at], '\n')
	near := strings.TrimSpace(text[at:])
	if near == "" {
		return fmt.Sprintf("at the end, line %d, column %d", line, column)
	}
	if len(near) > 40 {
		near = strings.ToValidUTF8(near[:40], "") + "…"
	}
	return fmt.Sprintf("at line %d, column %d, near %q", line, column, near)
}
