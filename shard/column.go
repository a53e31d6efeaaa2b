package shard

import (
	"encoding/binary"
	"strconv"

	"github.com/kolide/databalancer/catalog"
)

// ColumnType describes a column of a result.
type ColumnType struct {
	Name string
	// Type is what the API calls the server's type. It is empty for a bare
	// NULL. What the protocol doesn't tell, it doesn't know: a BOOLEAN is an
	// int here, and MariaDB's JSON a text.
	Type catalog.Type
	// DatabaseType is MySQL's name of the type, in upper case and without
	// UNSIGNED: BIGINT, DECIMAL, VARCHAR, DATETIME, ENUM.
	DatabaseType string
	Unsigned     bool
	Nullable     bool
	// Scale is the number of fractional digits where HasScale: of a DECIMAL,
	// of a FLOAT or DOUBLE declared with digits, or of a DATETIME, TIMESTAMP
	// or TIME.
	Scale    int64
	HasScale bool

	zerofill bool
	wire     wireFacts
}

// wireFacts are what else the protocol tells of a column.
type wireFacts struct {
	length  uint32 // of a value as text, in bytes at most
	charset uint16 // the number of a collation: the column's own after Raw, else one of the session's charset
	flags   uint16
}

// Same reports whether two results have, as far as the protocol tells, the very
// same column: its name, its type, declared alike. Two columns of one type that
// were swapped, or renamed, differ by their names alone.
func (c ColumnType) Same(other ColumnType) bool { return c == other }

// Stores reports whether a table's column of the type c is what a server makes
// of a result's column, both as Raw tells them. Widths may differ: servers make
// integers as wide as a result needs, and a TEXT of a long VARCHAR. A bare NULL
// goes everywhere.
func (c ColumnType) Stores(result ColumnType) bool {
	if result.DatabaseType == "NULL" {
		return true
	}
	if c.Type != result.Type || c.Unsigned != result.Unsigned || c.Scale != result.Scale || c.HasScale != result.HasScale {
		return false
	}
	switch c.Type {
	case catalog.Int:
		return true
	case catalog.Text:
		return c.wire.charset == result.wire.charset && c.special() == result.special()
	case catalog.Bytes:
		return c.special() == result.special()
	}
	return c.DatabaseType == result.DatabaseType
}

// special is the type's name where its values are no mere text or bytes.
// MariaDB's UUID and its addresses are texts whose flags alone tell them from
// a CHAR: they are unsigned, and differ in length.
func (c ColumnType) special() string {
	switch c.DatabaseType {
	case "ENUM", "SET", "GEOMETRY", "VECTOR", "UNKNOWN":
		return c.DatabaseType
	}
	if c.Type == catalog.Text && c.wire.flags&flagUnsigned != 0 {
		return "CHAR " + strconv.Itoa(int(c.wire.length))
	}
	return ""
}

// wireType is a type of the protocol, with the names by which its text and
// binary forms go.
type wireType struct {
	kind   catalog.Type
	name   string
	binary string // the name where the charset is binary; empty: no difference
}

// https://dev.mysql.com/doc/dev/mysql-server/latest/field__types_8h.html
var wireTypes = [256]wireType{
	0:   {catalog.Decimal, "DECIMAL", ""},
	1:   {catalog.Int, "TINYINT", ""},
	2:   {catalog.Int, "SMALLINT", ""},
	3:   {catalog.Int, "INT", ""},
	4:   {catalog.Float, "FLOAT", ""},
	5:   {catalog.Float, "DOUBLE", ""},
	6:   {"", "NULL", ""},
	7:   {catalog.Timestamp, "TIMESTAMP", ""},
	8:   {catalog.Int, "BIGINT", ""},
	9:   {catalog.Int, "MEDIUMINT", ""},
	10:  {catalog.Date, "DATE", ""},
	11:  {catalog.Time, "TIME", ""},
	12:  {catalog.Timestamp, "DATETIME", ""},
	13:  {catalog.Year, "YEAR", ""},
	14:  {catalog.Date, "DATE", ""},
	15:  {catalog.Text, "VARCHAR", "VARBINARY"},
	16:  {catalog.Bit, "BIT", ""},
	242: {catalog.Bytes, "VECTOR", ""},
	245: {catalog.JSON, "JSON", ""},
	246: {catalog.Decimal, "DECIMAL", ""},
	247: {catalog.Text, "ENUM", ""},
	248: {catalog.Text, "SET", ""},
	249: {catalog.Text, "TINYTEXT", "TINYBLOB"},
	250: {catalog.Text, "MEDIUMTEXT", "MEDIUMBLOB"},
	251: {catalog.Text, "LONGTEXT", "LONGBLOB"},
	252: {catalog.Text, "TEXT", "BLOB"},
	253: {catalog.Text, "VARCHAR", "VARBINARY"},
	254: {catalog.Text, "CHAR", "BINARY"},
	255: {catalog.Geometry, "GEOMETRY", ""},
}

const (
	flagNotNull  = 1 << 0
	flagUnsigned = 1 << 5
	flagZerofill = 1 << 6
	flagBinary   = 1 << 7
	flagEnum     = 1 << 8
	flagSet      = 1 << 11

	flagsOfTypes = flagNotNull | flagUnsigned | flagZerofill | flagBinary | flagEnum | flagSet

	binaryCharset = 63
	typeYear      = 13
	noFixedScale  = 31 // the scale of a FLOAT or DOUBLE without declared digits
)

// definition is a column as the protocol describes it.
type definition struct {
	name     []byte
	charset  uint16
	length   uint32 // in characters at most, as displayed
	kind     byte
	flags    uint16
	decimals byte
}

// readDefinition reads a column definition packet:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset_column_definition.html
func readDefinition(p []byte) (d definition, err error) {
	var names [6][]byte // catalog, schema, table, original table, name, original name
	for i := range names {
		if names[i], p, err = lengthBytes(p); err != nil {
			return d, err
		}
	}
	if len(p) < 11 {
		return d, errMalformed
	}
	return definition{
		name:     names[4],
		charset:  binary.LittleEndian.Uint16(p[1:]), // after the length of what follows
		length:   binary.LittleEndian.Uint32(p[3:]),
		kind:     p[7],
		flags:    binary.LittleEndian.Uint16(p[8:]),
		decimals: p[10],
	}, nil
}

func (d *definition) column() ColumnType {
	t := wireTypes[d.kind]
	if t.name == "" { // of a later protocol than this
		t = wireType{catalog.Bytes, "UNKNOWN", ""}
	}
	c := ColumnType{
		Name:         string(d.name),
		Type:         t.kind,
		DatabaseType: t.name,
		Nullable:     d.flags&flagNotNull == 0,
		zerofill:     d.flags&flagZerofill != 0 && d.kind != typeYear,
		wire:         wireFacts{length: d.length, charset: d.charset, flags: d.flags & flagsOfTypes},
	}
	switch {
	case d.flags&flagEnum != 0:
		c.DatabaseType = "ENUM"
	case d.flags&flagSet != 0:
		c.DatabaseType = "SET"
	case t.binary != "" && d.charset == binaryCharset:
		c.Type, c.DatabaseType = catalog.Bytes, t.binary
	}
	d.digits(&c)
	return c
}

// digits sets what the column says of its digits.
func (d *definition) digits(c *ColumnType) {
	scale := int64(d.decimals)
	switch c.Type {
	case catalog.Int, catalog.Decimal, catalog.Float: // others have the flag too
		c.Unsigned = d.flags&flagUnsigned != 0
	}
	switch c.Type {
	case catalog.Decimal:
		c.Scale, c.HasScale = scale, true
	case catalog.Float:
		if scale < noFixedScale {
			c.Scale, c.HasScale = scale, true
		}
	case catalog.Timestamp, catalog.Time:
		if scale <= 6 {
			c.Scale, c.HasScale = scale, true
		}
	}
}
