package ingest

import (
	"fmt"
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// dialect spells what the three servers spell differently.
type dialect struct {
	vendor    shard.Vendor
	invisible bool // columns can be left out of SELECT *
}

func dialectOf(s shard.Server) dialect { return dialect{s.Vendor, s.Invisible()} }

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

// column spells the definition of a field's column.
func (d dialect) column(c catalog.Column) string {
	definition := quoteName(c.Name) + " " + types[c.Type]
	if c.Group > 0 {
		definition += " GENERATED ALWAYS AS (" + d.extract(c) + ") VIRTUAL"
	}
	return definition
}

// hidden spells the definition of a hidden JSON column. MariaDB would check
// its own JSON type again on every write.
func (d dialect) hidden(group int) string {
	definition := quoteName(catalog.HiddenColumn(group)) + " JSON"
	if d.vendor == shard.MariaDB {
		definition = quoteName(catalog.HiddenColumn(group)) + " LONGTEXT"
	}
	if d.invisible {
		definition += " INVISIBLE"
	}
	return definition
}

// extract spells the expression that reads a column's value out of its hidden
// column, exactly for every value that appendMember writes.
func (d dialect) extract(c catalog.Column) string {
	args := "(" + quoteName(catalog.HiddenColumn(c.Group)) + ", '$." + memberName(c.Position) + "')"
	switch {
	case c.Type == catalog.JSON:
		return "JSON_EXTRACT" + args
	case d.vendor == shard.MariaDB:
		return "JSON_VALUE" + args
	case c.Type == catalog.Text:
		return "JSON_UNQUOTE(JSON_EXTRACT" + args + ")"
	case c.Type == catalog.Timestamp:
		return "CAST(JSON_UNQUOTE(JSON_EXTRACT" + args + ") AS DATETIME(6))"
	case c.Type == catalog.Float:
		return "JSON_EXTRACT" + args // MySQL casts to DOUBLE only from 8.0.17 on
	}
	return "CAST(JSON_EXTRACT" + args + " AS SIGNED)"
}

// options spells what follows a family's columns. The comment says which
// life of the family the table belongs to.
func (d dialect) options(t *catalog.Table, p catalog.Placement) string {
	options := fmt.Sprintf("ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci AUTO_INCREMENT=%d COMMENT='%s'",
		int64(p.Number)*catalog.PlacementSpan+1, lifeComment(t.ID))
	if d.vendor == shard.TiDB {
		options += " AUTO_ID_CACHE 1" // else ids would not ascend
	}
	return options
}

// online spells what makes a server refuse to change a table's indexes rather
// than keep rows from being stored meanwhile. TiDB never does that.
func (d dialect) online() string {
	if d.vendor == shard.TiDB {
		return ""
	}
	return ", ALGORITHM=INPLACE, LOCK=NONE"
}

func lifeComment(id int64) string { return "databalancer family " + strconv.FormatInt(id, 10) }

// memberName is the name of a field in its hidden column: one or two letters,
// as MariaDB keeps the expressions of all columns in 64 KiB.
func memberName(position int) string {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	n := len(letters)
	if position < n {
		return letters[position : position+1]
	}
	return string([]byte{letters[position/n%n], letters[position%n]})
}

func quoteName(name string) string { return "`" + name + "`" } // names of ours have no backticks
