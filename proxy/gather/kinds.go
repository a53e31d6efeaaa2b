package gather

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
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

// plainText holds the charsets whose bytes are those of utf8mb4. Texts of others
// are shipped as the bytes that they are.
var plainText = map[string]bool{"utf8mb4": true, "utf8mb3": true, "utf8": true, "ascii": true}

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
	if c.isText() && !plainText[d.charset] {
		c.form = encoded
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

// readAs returns the statement by which rows of these columns are read without
// loss: sql itself where it gives them so. Otherwise what is read in another form
// follows as it is, behind all columns, since only that tells its type.
func readAs(sql string, columns []column) string {
	list := make([]string, len(columns))
	var asIs []string
	for i := range columns {
		c := &columns[i]
		list[i] = server.QuoteName(c.name)
		if c.reading != "" {
			asIs = append(asIs, list[i])
			list[i] = fmt.Sprintf(c.reading, list[i]) + " AS " + list[i]
		}
	}
	if asIs == nil {
		return sql
	}
	for i, name := range asIs {
		list = append(list, fmt.Sprintf("%s AS databalancer_raw_%d", name, i+1))
	}
	return "SELECT " + strings.Join(list, ", ") + " FROM (" + sql + ") AS databalancer_t"
}

// asDeclared returns the columns of a result of readAs as they are where nothing
// is read in another form; nil where there are not so many.
func asDeclared(result []shard.ColumnType, columns []column) []shard.ColumnType {
	declared, asIs := slices.Clone(result[:min(len(result), len(columns))]), len(columns)
	for i := range columns {
		if columns[i].reading == "" {
			continue
		}
		if asIs < len(result) {
			declared[i] = result[asIs]
		}
		asIs++
	}
	if asIs != len(result) {
		return nil
	}
	return declared
}
