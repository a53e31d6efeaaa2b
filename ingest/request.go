package ingest

import (
	"unicode/utf8"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// request is one request's body, read as far as its members.
type request struct {
	body   []byte
	family string
	fields []catalog.Field // in the schema's order
	logs   span            // the array of events, not looked into yet
	parser *parser         // stands where the logs begin, if these come last
}

// parseRequest finds the members of a body and reads all but the events. The
// error is a *SyntaxError or an *InvalidError.
//
// Where the logs come last, as they mostly do, it stops in front of them:
// logs.end is then the body's, and finish is to be called with the true end
// once that is known. So nothing is read twice.
func parseRequest(body []byte) (*request, error) {
	p := &parser{scanner: scanner{buf: body}, req: &request{body: body}}
	if p.peek() != '{' {
		return nil, p.unexpected("an object with family, schema and logs")
	}
	p.pos++
	if err := p.members(true); err != nil {
		return nil, err
	}
	return p.req, nil
}

// finish reads what follows the logs, which end at the position.
func (r *request) finish(end int) error {
	if r.parser == nil {
		return nil
	}
	r.parser.pos = end
	return r.parser.members(false)
}

// parser reads the members of a request.
type parser struct {
	scanner
	req                  *request
	family, schema, logs bool // seen
}

// members reads members up to the end of the body, or up to the logs once the
// others are known.
func (p *parser) members(first bool) error {
	for ; ; first = false {
		more, err := p.more(first, '}')
		if err != nil {
			return err
		}
		if !more {
			break
		}
		if err := p.member(); err != nil || p.req.parser != nil && p.req.logs.start == p.pos {
			return err
		}
	}
	if p.peek() != 0 || p.pos < len(p.buf) {
		return p.unexpected("the end")
	}
	return p.missing()
}

// missing returns the error for the first member that isn't there.
func (p *parser) missing() error {
	for _, m := range []struct {
		name string
		seen bool
	}{{"family", p.family}, {"schema", p.schema}, {"logs", p.logs}} {
		if !m.seen {
			return invalid(fault.MissingMember, m.name, "the request doesn't have it")
		}
	}
	return nil
}

func (p *parser) member() error {
	name, err := p.name()
	if err != nil {
		return err
	}
	switch name {
	case "family":
		return p.once(&p.family, name, p.readFamily)
	case "schema":
		return p.once(&p.schema, name, p.readSchema)
	case "logs":
		return p.once(&p.logs, name, p.findLogs)
	}
	return invalid(fault.UnknownMember, name, "a request has the members family, schema and logs")
}

func (p *parser) once(seen *bool, name string, read func() error) error {
	if *seen {
		return invalid(fault.DuplicateKey, name, "the member stands twice in the request")
	}
	*seen = true
	return read()
}

// name reads a member's name.
func (p *parser) name() (string, error) {
	key, escaped, err := p.key()
	if err != nil {
		return "", err
	}
	return p.plainText(key, escaped)
}

// plainText returns the text of a name or a string.
func (p *parser) plainText(content span, escaped bool) (string, error) {
	text, ok := p.bytes(content), true
	if escaped {
		text, ok = unescape(nil, text)
	}
	if !ok || !utf8.Valid(text) {
		return "", &SyntaxError{Offset: content.start, Reason: "text that is not UTF-8"}
	}
	return string(text), nil
}

func (p *parser) readFamily() error {
	if p.peek() != '"' {
		return invalid(fault.TypeMismatch, "family", "a family's name is a string")
	}
	content, escaped, err := p.text()
	if err != nil {
		return err
	}
	if p.req.family, err = p.plainText(content, escaped); err != nil {
		return err
	}
	if code, detail := checkFamily(p.req.family); code != "" {
		return invalid(code, "family", "%s", detail)
	}
	return nil
}

// findLogs finds where the events begin, and where they end unless the other
// members are known. null, which some encoders write for an empty list, is an
// array too.
func (p *parser) findLogs() (err error) {
	first := p.peek()
	p.req.logs = span{p.pos, len(p.buf)}
	switch {
	case first != '[' && first != 'n':
		return invalid(fault.TypeMismatch, "logs", "the events are an array")
	case p.family && p.schema:
		p.req.parser = p
		return nil
	case first == '[':
		err = p.bracketed()
	default:
		_, err = p.literal()
	}
	p.req.logs.end = p.pos
	return err
}
