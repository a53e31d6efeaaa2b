package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// Type is the type of a column as the API reports it. The six types that an
// event's field can have are Int, Float, Bool, Text, Timestamp and JSON; the
// others occur only in registered tables and computed columns.
type Type string

const (
	Int       Type = "int"       // BIGINT
	Float     Type = "float"     // DOUBLE
	Bool      Type = "bool"      // BOOLEAN, that is TINYINT(1)
	Text      Type = "text"      // LONGTEXT
	Timestamp Type = "timestamp" // DATETIME(6), in UTC
	JSON      Type = "json"      // JSON
	Decimal   Type = "decimal"
	Bytes     Type = "bytes"
	Bit       Type = "bit"
	Date      Type = "date"
	Time      Type = "time"
	Year      Type = "year"
	Geometry  Type = "geometry"
)

// fieldTypes maps the names that a request's schema may use, in lower case,
// to the six types of a field.
var fieldTypes = map[string]Type{
	"string": Text, "text": Text,
	"int": Int, "integer": Int, "bigint": Int, "long": Int,
	"float": Float, "number": Float, "double": Float,
	"bool": Bool, "boolean": Bool,
	"timestamp": Timestamp, "datetime": Timestamp,
	"json": JSON, "object": JSON, "array": JSON,
}

// ParseFieldType returns the field type that name stands for, in any case:
// one of the six names or their synonyms (text, integer, bigint, long,
// number, double, boolean, datetime, object, array).
func ParseFieldType(name string) (Type, bool) {
	t, ok := fieldTypes[strings.ToLower(name)]
	return t, ok
}

// Fits reports whether a column of the stored type holds every value of the
// offered type without loss: types fit themselves, json holds everything, and
// text holds timestamps.
func Fits(stored, offered Type) bool {
	return stored == offered || stored == JSON || stored == Text && offered == Timestamp
}

// MaxFields is the number of fields that a family can have.
const MaxFields = 1000

// The limits of a family's indexes. Eight columns, of which a text takes 256
// bytes, stay below the 3,072 bytes of a key in InnoDB, and each index makes
// storing rows slower.
const (
	MaxIndexes      = 32
	MaxIndexColumns = 8
)

// KeyColumn is the name of the key column of every family and of raw_logs.
const KeyColumn = "id"

// RawLogs is the name of the table that keeps each event as JSON, on every
// shard.
const RawLogs = "raw_logs"

// PlacementSpan is the distance between the first ids of two placements of a
// table: placement n counts from n·PlacementSpan + 1, so ids stay unique over
// all placements, and below 2^53 for 8,192 of them.
const PlacementSpan = 1 << 40

// Kind says what a table is.
type Kind string

const (
	Family     Kind = "family"     // created and evolved by databalancer
	Registered Kind = "registered" // was there already; only queried
	System     Kind = "system"     // raw_logs
)

// Column is one column of a table.
type Column struct {
	Name string
	// Type is what the column holds, as the API reports it.
	Type Type
	// DataType is MySQL's own name of a registered table's column type, as
	// information_schema.COLUMNS.DATA_TYPE has it (varchar, enum); it is
	// empty for the columns of families and raw_logs.
	DataType string
	Nullable bool
	// Group is 0 for a column stored as such. A column of a wide family
	// beyond the row's budget has the number, from 1, of the hidden JSON
	// column that holds it (see HiddenColumn).
	Group int
	// Position counts from 0, the key column's, and never changes.
	Position int
}

// HiddenColumn returns the name of the nth hidden JSON column, from 1. No
// field's name can have its first character; and it is short, as each virtual
// column's expression bears it, which MariaDB has little room for.
func HiddenColumn(n int) string { return hiddenPrefix + strconv.Itoa(n) }

// IsHidden reports whether a column's name is that of a hidden one, a shadow's
// included.
func IsHidden(column string) bool {
	number, ok := strings.CutPrefix(column, hiddenPrefix)
	number = strings.TrimRight(number, hiddenKinds)
	return ok && number != "" && strings.Trim(number, "0123456789") == ""
}

const hiddenPrefix = "#"

// FieldColumn returns the name of the column that holds an event's field: the
// field's own name, except that a field called id, in any case, is kept in
// the column _id.
func FieldColumn(field string) string {
	if strings.EqualFold(field, KeyColumn) {
		return "_id"
	}
	return field
}

// Placement is a table's presence on one shard.
type Placement struct {
	Number int    // from 0; see PlacementSpan
	Shard  string // the shard's name
	Rows   int64  // estimated, when last measured; 0: not known
	Bytes  int64  // data and indexes, when last measured; 0: not known
	// Fresh is set while not every process may know the placement yet: it is
	// to be read, but not written to.
	Fresh bool
	// Full is set when the placement is so large that its family is to be
	// split (see store.Config.SplitBytes).
	Full bool
}

// TableSize is the size of one table on a shard.
type TableSize struct {
	Database string // where it is not ours; else empty
	Name     string
	Rows     int64 // estimated
	Bytes    int64 // data and indexes
}

// Index is an index over columns of a family's table, named as in Columns; of
// a text, the server has only the beginning in it (but see Shadow). The key's
// own index is not among a table's.
type Index struct {
	Columns []string
	// Bucket is set for the index of a timestamp's buckets, which is a Shadow
	// and not among a table's Indexes.
	Bucket Bucket
}

// Table is a table that queries may name. It is immutable.
type Table struct {
	// ID identifies one life of a family: a family that is deleted and
	// created again has another ID. It is 0 for raw_logs.
	ID   int64
	Name string // as it was first written, and as the shards have it
	Kind Kind
	// Database is the database of a registered table where it is not ours;
	// else it is empty.
	Database   string
	Columns    []Column // by position, the key column first for families
	Placements []Placement
	Indexes    []Index  // of a family; none are known of other tables
	Shadows    []Shadow // of a family

	byName map[string]int
}

// Column returns the column of that name, compared without case.
func (t *Table) Column(name string) (*Column, bool) {
	if t.byName == nil { // not from a snapshot: a test's own table
		for i := range t.Columns {
			if strings.EqualFold(t.Columns[i].Name, name) {
				return &t.Columns[i], true
			}
		}
		return nil, false
	}
	i, ok := t.byName[Key(name)]
	if !ok {
		return nil, false
	}
	return &t.Columns[i], true
}

// Groups returns the number of hidden JSON columns that the table has.
func (t *Table) Groups() int {
	n := 0
	for i := range t.Columns {
		n = max(n, t.Columns[i].Group)
	}
	return n
}

// HasIndex reports whether the table has an index of just these columns, in
// this order, compared without case.
func (t *Table) HasIndex(columns []string) bool {
	return slices.ContainsFunc(t.Indexes, func(ix Index) bool {
		return slices.EqualFunc(ix.Columns, columns, strings.EqualFold)
	})
}

// On reports whether the table has a placement on the shard.
func (t *Table) On(shard string) bool {
	_, ok := t.At(shard)
	return ok
}

// At returns the table's placement on the shard.
func (t *Table) At(shard string) (Placement, bool) {
	for _, p := range t.Placements {
		if p.Shard == shard {
			return p, true
		}
	}
	return Placement{}, false
}

// index prepares the table for a snapshot. Tables are shared by successive
// snapshots, so it leaves alone what is prepared already.
func (t *Table) index() {
	if t.byName != nil {
		return
	}
	t.byName = make(map[string]int, len(t.Columns))
	for i, c := range t.Columns {
		t.byName[Key(c.Name)] = i
	}
}
