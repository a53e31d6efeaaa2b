package guard

import (
	"strings"

	"github.com/kolide/databalancer/router/tree"
)

// unparsedBefore names the function with a syntax that the parser does not know
// in or right after whose parentheses the parser stumbles, or nothing.
func unparsedBefore(text string, at int) string {
	s := scanner{src: text}
	var open []string // the words before the parentheses around the place
	last, closed := "", ""
	for t := s.next(); t.kind != tokenEnd && t.start < at; t = s.next() {
		now := text[t.start:t.end]
		switch {
		case now == "(":
			open = append(open, strings.ToLower(last))
		case now == ")" && len(open) > 0:
			closed, open = open[len(open)-1], open[:len(open)-1]
		case t.kind == tokenWord && !follows(now):
			closed = ""
		}
		last = ""
		if t.kind == tokenWord {
			last = now
		}
	}
	if strings.HasPrefix(text[at:], "(") && last != "" {
		open = append(open, strings.ToLower(last))
	}
	for i := len(open) - 1; i >= 0; i-- {
		if what := tree.Unparsed[open[i]]; what != "" {
			return what
		}
	}
	return tree.Unparsed[closed]
}

// follows reports whether a word may stand behind a function's parentheses, as
// part of its call.
func follows(word string) bool {
	switch strings.ToLower(word) {
	case "over", "within", "group":
		return true
	}
	return false
}
