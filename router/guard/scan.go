package guard

import (
	"strings"
	"unicode/utf8"
)

// tokenKind is what a token is, as far as this package must know before it parses.
type tokenKind int

const (
	tokenEnd        tokenKind = iota
	tokenWord                 // a keyword, an unquoted name or a number
	tokenName                 // `name`
	tokenString               // 'text' or "text"
	tokenComment              // /* */, -- or #
	tokenHint                 // /*+ */
	tokenExecutable           // /*! */, /*M! */, /*T! */: comments that some servers run
	tokenSymbol               // any other character
	tokenEndless              // a quote or comment without an end
)

// token is a piece of SQL text: src[start:end].
type token struct {
	kind       tokenKind
	start, end int
}

// scanner splits SQL text into tokens. It knows quotes and comments as the
// parser and the servers do, and nothing of grammar.
type scanner struct {
	src string
	pos int
}

// next returns the next token, comments included.
func (s *scanner) next() token {
	for s.pos < len(s.src) && isSpace(s.src[s.pos]) {
		s.pos++
	}
	t := token{start: s.pos}
	if s.pos < len(s.src) {
		t.kind = s.token()
	}
	t.end = s.pos
	return t
}

func (s *scanner) token() tokenKind {
	rest := s.src[s.pos:]
	switch c := rest[0]; {
	case isWord(c):
		return s.word()
	case c == '\'' || c == '"':
		return s.quoted(c, tokenString)
	case c == '`':
		return s.quoted(c, tokenName)
	case c == '#', strings.HasPrefix(rest, "--") && (len(rest) == 2 || isSpace(rest[2])):
		return s.lineComment()
	case strings.HasPrefix(rest, "/*"):
		return s.blockComment()
	}
	s.pos++
	return tokenSymbol
}

func (s *scanner) word() tokenKind {
	for s.pos < len(s.src) && isWord(s.src[s.pos]) {
		s.pos++
	}
	return tokenWord
}

// quoted passes a quoted text. A doubled quote does not end it; a backslash
// escapes in strings only.
func (s *scanner) quoted(quote byte, kind tokenKind) tokenKind {
	for s.pos++; s.pos < len(s.src); s.pos++ {
		switch c := s.src[s.pos]; {
		case c == '\\' && kind == tokenString:
			s.pos++
		case c != quote:
		case s.pos+1 < len(s.src) && s.src[s.pos+1] == quote:
			s.pos++
		default:
			s.pos++
			return kind
		}
	}
	s.pos = len(s.src) // a last backslash may have stepped over the end
	return tokenEndless
}

func (s *scanner) lineComment() tokenKind {
	if n := strings.IndexByte(s.src[s.pos:], '\n'); n >= 0 {
		s.pos += n + 1
	} else {
		s.pos = len(s.src)
	}
	return tokenComment
}

func (s *scanner) blockComment() tokenKind {
	body := s.src[s.pos+2:]
	kind := tokenComment
	switch {
	case strings.HasPrefix(body, "!"), strings.HasPrefix(body, "M!"), strings.HasPrefix(body, "T!"):
		kind = tokenExecutable
	case strings.HasPrefix(body, "+"):
		kind = tokenHint
	}
	n := strings.Index(body, "*/")
	if n < 0 {
		s.pos = len(s.src)
		return tokenEndless
	}
	s.pos += 2 + n + 2
	return kind
}

// The parser takes these bytes for space and for parts of words.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' ||
		c == '_' || c == '$' || c >= utf8.RuneSelf
}
