package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxEvent bounds one event's text, in bytes. No server takes a larger one.
const maxEvent = 64 << 20

var errNotEvents = errors.New("neither JSON objects nor one JSON array of them")

// splitter cuts a stream into the texts of its events: JSON objects separated
// by white space, such as one a line, or the elements of one JSON array. It
// only looks for each object's end; whether the text is valid JSON is the
// decoder's business. Its memory is one event's.
type splitter struct {
	r       *bufio.Reader
	buf     []byte
	line    int // from 1, the one being read
	array   bool
	started bool
}

func newSplitter(r io.Reader) *splitter {
	return &splitter{r: bufio.NewReaderSize(r, 1<<16), line: 1}
}

// next returns the next event's text, valid until the following call, and the
// line it begins on. The error is io.EOF after the last event.
func (s *splitter) next() (event []byte, line int, err error) {
	c, err := s.skip()
	if !s.started && err == nil {
		s.started = true
		if c == '[' {
			s.array = true
			c, err = s.skip()
		}
	}
	switch {
	case err == io.EOF && s.array:
		return nil, s.line, io.ErrUnexpectedEOF
	case err != nil:
		return nil, s.line, err
	case c == ']' && s.array:
		return nil, s.line, s.atEnd()
	case c != '{':
		return nil, s.line, fmt.Errorf("%w: %q", errNotEvents, c)
	}
	line = s.line
	err = s.object()
	return s.buf, line, err
}

// skip consumes white space, a byte order mark at the start and, in an array,
// commas, and returns the byte after them.
func (s *splitter) skip() (byte, error) {
	if !s.started {
		if bom, _ := s.r.Peek(3); bytes.Equal(bom, []byte("\xef\xbb\xbf")) {
			s.r.Discard(3)
		}
	}
	for {
		c, err := s.r.ReadByte()
		if err != nil {
			return 0, err
		}
		switch c {
		case '\n':
			s.line++
		case ' ', '\t', '\r':
		case ',':
			if !s.array {
				return c, nil
			}
		default:
			return c, nil
		}
	}
}

// object reads to the end of the object whose opening brace was just read.
func (s *splitter) object() error {
	s.buf = append(s.buf[:0], '{')
	for depth, inString := 1, false; depth > 0; {
		c, err := s.r.ReadByte()
		if err == io.EOF {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		s.buf = append(s.buf, c)
		switch {
		case c == '\n':
			s.line++
		case c == '"':
			inString = !inString
		case inString && c == '\\':
			if c, err = s.r.ReadByte(); err != nil {
				return io.ErrUnexpectedEOF
			}
			s.buf = append(s.buf, c)
		case inString:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			depth--
		}
		if len(s.buf) > maxEvent {
			return fmt.Errorf("an event of more than %d bytes", maxEvent)
		}
	}
	return nil
}

// atEnd checks that nothing follows the array.
func (s *splitter) atEnd() error {
	c, err := s.skip()
	if err == nil {
		return fmt.Errorf("%q after the array's end", c)
	}
	return err
}
