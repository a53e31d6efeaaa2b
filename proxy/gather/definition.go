package gather

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kolide/databalancer/server"
)

// definition is a column as SHOW CREATE TABLE prints it, without what a copy
// of its values does not need: defaults, comments, visibility.
type definition struct {
	name      string
	kind      string // the first word of the type: varchar, bigint
	spelled   string // the type with all its digits, members, UNSIGNED and ZEROFILL
	charset   string // of a type of text; else empty
	collation string
	notNull   bool
}

var errDefinition = errors.New("answer of SHOW CREATE TABLE not understood")

// parseDefinitions reads the columns of a table without keys.
func parseDefinitions(create string) ([]definition, error) {
	_, list, ok := strings.Cut(create, "(\n")
	if !ok {
		return nil, errDefinition
	}
	s := &scanner{text: list}
	var columns []definition
	for {
		d, err := s.column()
		if err != nil {
			return nil, fmt.Errorf("%w: column %d: %w", errDefinition, len(columns)+1, err)
		}
		columns = append(columns, d)
		if s.take(")") {
			return withDefaultCharset(columns, s.text)
		}
		if !s.take(",") {
			return nil, errDefinition
		}
	}
}

// withDefaultCharset completes columns of text that have the table's own
// charset, which older servers print only at the end.
func withDefaultCharset(columns []definition, options string) ([]definition, error) {
	charset := option(options, "CHARSET=")
	collation := option(options, "COLLATE=")
	for i := range columns {
		c := &columns[i]
		if !kindsOfText[c.kind] {
			continue
		}
		if c.charset == "" {
			c.charset, _, _ = strings.Cut(c.collation, "_")
		}
		if c.charset == "" {
			c.charset, c.collation = charset, collation
		}
		if c.charset == "" {
			return nil, fmt.Errorf("%w: column %s has no charset", errDefinition, c.name)
		}
	}
	return columns, nil
}

func option(options, name string) string {
	_, value, _ := strings.Cut(options, name)
	if end := strings.IndexAny(value, " \n"); end >= 0 {
		value = value[:end]
	}
	return value
}

// column reads the definition of one column, up to the comma or the
// parenthesis behind it.
func (s *scanner) column() (d definition, err error) {
	if d.name = s.next(); len(d.name) < 2 || d.name[0] != '`' {
		return d, fmt.Errorf("no name at %.20q", d.name)
	}
	d.name = strings.ReplaceAll(d.name[1:len(d.name)-1], "``", "`")
	d.kind = strings.ToLower(s.next())
	d.spelled = d.kind + s.parentheses()
	for {
		switch word := strings.ToUpper(s.peek()); word {
		case "", ",", ")":
			return d, nil
		case "UNSIGNED", "ZEROFILL":
			d.spelled += " " + strings.ToLower(s.next())
		case "CHARACTER":
			s.next()
			s.next() // SET
			d.charset = s.next()
		case "COLLATE":
			s.next()
			d.collation = s.next()
		case "NOT":
			s.next()
			d.notNull = strings.EqualFold(s.next(), "NULL")
		case "(":
			s.parentheses()
		default:
			s.next()
		}
	}
}

// sql spells the column for CREATE TABLE.
func (d *definition) sql() string {
	s := server.QuoteName(d.name) + " " + d.spelled
	if d.charset != "" {
		s += " CHARACTER SET " + d.charset
	}
	if d.collation != "" {
		s += " COLLATE " + d.collation
	}
	if d.notNull {
		return s + " NOT NULL"
	}
	return s + " NULL"
}
