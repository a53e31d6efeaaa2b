package tables

import (
	"fmt"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// dialect spells tables for one kind of server, with the catalog's collation.
type dialect struct {
	server.Info
	collation string
}

// types are the column types of fields. JSON is MariaDB's name for a LONGTEXT
// that is checked to be JSON; without the check its JSON functions would take
// it for a string.
var types = map[catalog.Type]string{
	catalog.Int:       "BIGINT",
	catalog.Float:     "DOUBLE",
	catalog.Bool:      "BOOLEAN",
	catalog.Text:      "LONGTEXT",
	catalog.Timestamp: "DATETIME(6)",
	catalog.JSON:      "JSON",
}

// column spells the definition of a field's column. A grouped text is read
// without JSON_VALUE, if it is to be unquoted.
func (d dialect) column(c catalog.Column, unquoted bool) string {
	definition := server.QuoteName(c.Name) + " " + types[c.Type]
	if c.Group > 0 {
		definition += " GENERATED ALWAYS AS (" + d.extract(c, unquoted) + ") VIRTUAL"
	}
	return definition
}

// hidden spells the definition of a hidden JSON column. MariaDB would check
// its own JSON type again on every write.
func (d dialect) hidden(group int) string {
	definition := server.QuoteName(catalog.HiddenColumn(group)) + " JSON"
	if d.JSONIsText() {
		definition = server.QuoteName(catalog.HiddenColumn(group)) + " LONGTEXT"
	}
	if d.Invisible() {
		definition += " INVISIBLE"
	}
	return definition
}

// extract spells the expression that reads a column's value out of its hidden
// column, exactly for every value that is written there: see [Member].
func (d dialect) extract(c catalog.Column, unquoted bool) string {
	column, path := server.QuoteName(catalog.HiddenColumn(c.Group)), "'$."+Member(c.Position)+"'"
	switch {
	case c.Type == catalog.JSON:
		return server.JSONMember(column, path)
	case c.Type == catalog.Text && unquoted:
		return server.JSONUnquoted(column, path)
	case c.Type == catalog.Text:
		return d.JSONText(column, path)
	case c.Type == catalog.Timestamp:
		return d.JSONTimestamp(column, path)
	case c.Type == catalog.Float:
		return d.JSONFloat(column, path)
	}
	return d.JSONInt(column, path)
}

// options spells what follows the columns of a placement's table. A comment is
// left out if it is empty.
func (d dialect) options(number int, comment string) string {
	options := fmt.Sprintf("ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=%s AUTO_INCREMENT=%d",
		d.collation, firstID(number))
	if comment != "" {
		options += " COMMENT='" + comment + "'"
	}
	return options + d.AscendingIDs()
}

// firstID is where the ids of a placement begin.
func firstID(number int) int64 { return int64(number)*catalog.PlacementSpan + 1 }

// lifeComment says which life of a family a table belongs to.
func lifeComment(id int64) string { return "databalancer family " + strconv.FormatInt(id, 10) }

// Member returns the name under which the field at a position is kept in its
// hidden column, a JSON object: one or two letters, as MariaDB keeps the
// expressions of all columns in 64 KiB. A string or JSON is kept as such, a
// timestamp as MySQL's text of it, a number or a bool as a number; NULL is not
// kept.
func Member(position int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	n := len(letters)
	if position < n {
		return letters[position : position+1]
	}
	return string([]byte{letters[position/n%n], letters[position%n]})
}
