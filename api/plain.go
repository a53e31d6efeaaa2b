package api

import (
	"bytes"
	"encoding/json"
	"strconv"
)

// plainReader is a body that can read itself, if it is simple enough,
// without encoding/json. Where it returns false it must have set nothing.
type plainReader interface {
	readPlain(body []byte) bool
}

// readPlain reads the body of a query in its usual spelling: known members,
// each once, and strings of ASCII without escapes. That takes a tenth of
// encoding/json's time, which would be a good part of a short query's. Of any
// other body, right or wrong, it returns false.
func (b *queryBody) readPlain(body []byte) bool {
	var read queryBody
	s := plainScanner{rest: body}
	if !s.object(read.readMember) || len(s.rest) > 0 {
		return false
	}
	*b = read
	return true
}

// readMember reads one member's value. It returns false for one that is not
// known, that was there before, or that is null.
func (b *queryBody) readMember(s *plainScanner, name []byte) (ok bool) {
	switch string(name) {
	case "query":
		ok = b.Query == ""
		b.Query = s.string(&ok)
	case "args":
		ok = b.Args == nil && s.args(&b.Args)
	case "shape":
		ok = b.Shape == nil
		text := shape(s.string(&ok))
		b.Shape = &text
	case "timeout":
		ok = b.Timeout == nil
		text := s.string(&ok)
		b.Timeout = &text
	case "limit":
		number := s.number()
		n, err := strconv.ParseInt(string(number), 10, 64)
		ok = b.Limit == nil && err == nil && isNumber(number)
		b.Limit = &n
	}
	return ok
}

// plainScanner takes a JSON text apart from its beginning. Its methods return
// false where the text does not go on as they expect it, or not plainly.
type plainScanner struct{ rest []byte }

// next passes over white space, and over c if that follows.
func (s *plainScanner) next(c byte) bool {
	s.rest = passSpace(s.rest)
	if len(s.rest) == 0 || s.rest[0] != c {
		return false
	}
	s.rest = passSpace(s.rest[1:])
	return true
}

// object reads an object that is not empty. member has to read each value.
func (s *plainScanner) object(member func(s *plainScanner, name []byte) bool) bool {
	if !s.next('{') {
		return false
	}
	for {
		name, ok := s.text()
		if !ok || !s.next(':') || !member(s, name) {
			return false
		}
		if !s.next(',') {
			return s.next('}')
		}
	}
}

// text reads a string and returns what is between the quotation marks.
func (s *plainScanner) text() (text []byte, ok bool) {
	if len(s.rest) == 0 || s.rest[0] != '"' {
		return nil, false
	}
	end := 1 + bytes.IndexByte(s.rest[1:], '"')
	if end == 0 || plainPrefix(s.rest[1:end]) != end-1 {
		return nil, false
	}
	text, s.rest = s.rest[1:end], s.rest[end+1:]
	return text, true
}

// string reads a string, and makes ok false if there is none.
func (s *plainScanner) string(ok *bool) string {
	text, is := s.text()
	*ok = *ok && is
	return string(text)
}

// number returns what may be a number.
func (s *plainScanner) number() []byte {
	n := numberLength(s.rest)
	number := s.rest[:n]
	s.rest = s.rest[n:]
	return number
}

// args reads an array of strings and numbers that is not empty.
func (s *plainScanner) args(args *[]any) bool {
	if !s.next('[') {
		return false
	}
	for {
		if text, ok := s.text(); ok {
			*args = append(*args, string(text))
		} else if number := s.number(); isNumber(number) {
			*args = append(*args, json.Number(number))
		} else {
			return false
		}
		if !s.next(',') {
			return s.next(']')
		}
	}
}

var _ plainReader = (*queryBody)(nil)
