package gather

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// form is how the values of a column are written as literals.
type form int

const (
	unknown form = iota
	bare         // digits
	quoted       // a string of the connection's charset
	octets       // bytes
	encoded      // bytes of the column's own charset
)

// forms holds the types that can be shipped without loss.
var forms = map[string]form{
	"tinyint": bare, "smallint": bare, "mediumint": bare, "int": bare, "bigint": bare,
	"decimal": bare, "year": bare, "bit": bare, "enum": bare, "set": bare,
	"float": quoted, "double": quoted, // '-0', which bare is 0
	"date": quoted, "time": quoted, "datetime": quoted, "timestamp": quoted,
	"char": quoted, "varchar": quoted, "tinytext": quoted, "text": quoted, "mediumtext": quoted, "longtext": quoted,
	"json": quoted, "uuid": quoted, "inet4": quoted, "inet6": quoted,
	"binary": octets, "varbinary": octets, "tinyblob": octets, "blob": octets, "mediumblob": octets, "longblob": octets,
	"geometry": octets, "point": octets, "linestring": octets, "polygon": octets, "multipoint": octets,
	"multilinestring": octets, "multipolygon": octets, "geometrycollection": octets, "geomcollection": octets,
	"vector": octets,
}

var kindsOfText = map[string]bool{
	"char": true, "varchar": true, "tinytext": true, "text": true, "mediumtext": true, "longtext": true,
	"enum": true, "set": true,
}

// readings are the types that are asked for as something else, since their
// text is lossy or ambiguous: a FLOAT's has six digits (and FLOAT + 0 would
// lose the sign of -0), a member of an ENUM may be called ” or '1', and a
// computed BIT comes as digits, where a BIT's comes as bytes.
var readings = map[string]string{
	"float": "%s * 1e0",
	"enum":  "CAST(%s AS UNSIGNED)",
	"set":   "CAST(%s AS UNSIGNED)",
	"bit":   "CAST(%s AS UNSIGNED)",
}

// unicode holds the charsets that are turned into utf8mb4 and back without
// loss. The others are shipped as the bytes that they are.
var unicode = map[string]bool{
	"utf8mb4": true, "utf8mb3": true, "utf8": true, "ucs2": true, "utf16": true, "utf16le": true, "utf32": true,
}

// column is a column of a table that is filled with shipped rows.
type column struct {
	definition
	form    form
	reading string // a format for the name; empty: the name alone
	json    bool   // on MariaDB, which knows JSON by its CHECK
}

func newColumn(d definition) (column, error) {
	c := column{definition: d, form: forms[d.kind], reading: readings[d.kind]}
	if c.form == unknown {
		return c, fault.New(fault.Unsupported,
			"column %s is of the type %s, which is not known to survive being moved between shards; CAST it to another type", d.name, d.kind)
	}
	if c.isText() && !unicode[d.charset] {
		c.form, c.reading = encoded, "CONVERT(%s USING binary)"
	}
	return c, nil
}

// isText reports whether the column holds text of any length, of which its
// values are made.
func (c *column) isText() bool { return kindsOfText[c.kind] && c.kind != "enum" && c.kind != "set" }

// isBlob reports whether MEMORY refuses the column.
func (c *column) isBlob() bool {
	switch c.kind {
	case "json", "tinytext", "text", "mediumtext", "longtext", "tinyblob", "blob", "mediumblob", "longblob", "vector":
		return true
	}
	return forms[c.kind] == octets && !strings.HasSuffix(c.kind, "binary")
}

// readAs returns the statement by which rows of these columns are read
// without loss: sql itself where it gives them so.
func readAs(sql string, columns []column) string {
	plain := true
	list := make([]string, len(columns))
	for i := range columns {
		c := &columns[i]
		list[i] = server.QuoteName(c.name)
		if c.reading != "" {
			list[i] = fmt.Sprintf(c.reading, list[i]) + " AS " + list[i]
			plain = false
		}
	}
	if plain {
		return sql
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (" + sql + ") AS databalancer_t"
}
