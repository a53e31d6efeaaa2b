package catalog

import (
	"slices"
	"strconv"
	"strings"
)

// Bucket is a span of time that timestamps are counted by.
type Bucket string

// The buckets that an index can have.
const (
	Minute Bucket = "minute"
	Hour   Bucket = "hour"
	Day    Bucket = "day"
)

// Buckets are all, from the finest to the coarsest.
var Buckets = []Bucket{Minute, Hour, Day}

// Within reports whether times of one bucket b are always of one bucket c.
func (b Bucket) Within(c Bucket) bool {
	return slices.Contains(Buckets, c) && slices.Index(Buckets, b) <= slices.Index(Buckets, c)
}

// MaxShadowText is the longest text, in characters, that a shadow takes. An
// index has room for whole values of that length, which it can group and sort.
const MaxShadowText = 255

// MaxShadows is the number of shadows that a family can have. Each counts with
// 1,020 bytes among the 65,535 that servers allow a row's columns.
const MaxShadows = 16

// Shadow is a hidden, virtual column beside a column of a family, with an index
// of its own. That of a text has the text, as a VARCHAR of MaxShadowText
// characters: its index groups and sorts, as one on a LONGTEXT never does.
// Servers refuse a row whose text is longer, for as long as there is the
// shadow, so what it has is what the text has. That of a timestamp has the
// beginning of its bucket.
type Shadow struct {
	Column   string
	Position int    // of that column
	Bucket   Bucket // empty for a text's
	// Usable says that all placements have it, with all values. One that isn't
	// is being made or dropped, and is there or not.
	Usable bool
}

// Name returns the name of the hidden column. As that of a hidden column of
// JSON, it is none that a field can have.
func (s Shadow) Name() string {
	kind := "t"
	if s.Bucket != "" {
		kind = string(s.Bucket[:1])
	}
	return hiddenPrefix + strconv.Itoa(s.Position) + kind
}

// hiddenKinds are the letters behind the number in a shadow's name; the last
// one is of a shadow that is being dropped.
const hiddenKinds = "tmhdx"

// DroppedName is the name that the hidden column bears, on servers that do not
// drop it at one blow, between its fencing and its removal.
func (s Shadow) DroppedName() string { return s.Name() + "x" }

// Type returns the type of the shadow's column.
func (s Shadow) Type() Type {
	if s.Bucket != "" {
		return Timestamp
	}
	return Text
}

// ShadowsSize bounds what the definitions of all shadows of a family take in
// MariaDB, in bytes: each has the name of its column up to five times. (Found by
// trial on MariaDB 10.11.)
const ShadowsSize = MaxShadows * 768

// maxShadowed is the number of columns up to which a family has shadows: of
// more, InnoDB might have no room beside them.
const maxShadowed = 900

// RoomForShadows reports whether a table of these columns has room for
// MaxShadows shadows.
func RoomForShadows(columns []Column) bool {
	size := ShadowsSize
	for _, c := range columns {
		size += DefinitionSize(c)
	}
	return size <= DefinitionBudget && len(columns) <= maxShadowed
}

// Shadow returns the table's shadow of a column, compared without case, and a
// bucket, which is empty for a text.
func (t *Table) Shadow(column string, bucket Bucket) (Shadow, bool) {
	for _, s := range t.Shadows {
		if s.Bucket == bucket && strings.EqualFold(s.Column, column) {
			return s, true
		}
	}
	return Shadow{}, false
}

// ShadowNamed returns the table's shadow whose column has that name.
func (t *Table) ShadowNamed(name string) (Shadow, bool) {
	for _, s := range t.Shadows {
		if strings.EqualFold(s.Name(), name) {
			return s, true
		}
	}
	return Shadow{}, false
}

// Hides reports whether the table has columns that SELECT * is not to show.
func (t *Table) Hides() bool { return len(t.Shadows) > 0 || t.Groups() > 0 }
