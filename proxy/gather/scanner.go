package gather

import "strings"

// scanner splits SQL as servers and the router print it: names in backquotes,
// strings in single quotes with backslash escapes or doubled quotes.
type scanner struct{ text string }

// peek returns the next word, name, string or sign, and leaves it there;
// empty at the end. Comments are passed over.
func (s *scanner) peek() string {
	for {
		s.text = strings.TrimLeft(s.text, " \t\r\n")
		if !strings.HasPrefix(s.text, "/*") {
			break
		}
		_, s.text, _ = strings.Cut(s.text, "*/")
	}
	if s.text == "" {
		return ""
	}
	return s.text[:s.length()]
}

// length is how long the next token is.
func (s *scanner) length() int {
	switch c := s.text[0]; {
	case c == '`':
		return s.quoted('`', false)
	case c == '\'':
		return s.quoted('\'', true)
	case isWord(c):
		n := 1
		for n < len(s.text) && isWord(s.text[n]) {
			n++
		}
		return n
	}
	return 1
}

// quoted is the length of what begins with a quote, with its quotes.
func (s *scanner) quoted(quote byte, escapes bool) int {
	for i := 1; i < len(s.text); i++ {
		switch {
		case escapes && s.text[i] == '\\':
			i++
		case s.text[i] != quote:
		case i+1 < len(s.text) && s.text[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return len(s.text)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// next takes what peek returns.
func (s *scanner) next() string {
	token := s.peek()
	s.text = s.text[len(token):]
	return token
}

// take takes the token if it is the next one.
func (s *scanner) take(token string) bool {
	if s.peek() != token {
		return false
	}
	s.next()
	return true
}

// parentheses takes what stands in parentheses, with them, if that is next.
func (s *scanner) parentheses() string {
	if s.peek() != "(" {
		return ""
	}
	start := s.text
	for depth := 0; s.text != ""; {
		switch s.next() {
		case "(":
			depth++
		case ")":
			if depth--; depth == 0 {
				return start[:len(start)-len(s.text)]
			}
		}
	}
	return start
}
