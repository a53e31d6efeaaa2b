package gather

import (
	"strconv"
	"strings"
)

const (
	// heapLimit bounds one table kept in memory, in bytes, and heapTotal all
	// that this process keeps on one server.
	heapLimit = 256 << 20
	heapTotal = 512 << 20
	// heapRow is the longest row for which MEMORY, which pads every row to
	// its full length, is worth its memory.
	heapRow = 8 << 10

	// looseRow is the same for a table whose rows nobody has seen yet, and
	// likely is how many of them must be expected.
	looseRow = 1 << 10
	likely   = 100

	// fewest is how many rows a table in memory has at least. Of one with
	// fewer a server knows so when it makes its plan, and takes it for a
	// constant, which it never does with tables of InnoDB; and some of what
	// MariaDB makes of constants is wrong: 0 NOT IN (SELECT COUNT(DISTINCT id)
	// …) over such a table, or a DISTINCT beside a subquery over one.
	fewest = 2

	maxKey      = 3072 // bytes of an index entry in InnoDB and MEMORY
	maxKeyLoose = 1000 // in MyISAM; Aria takes more
	maxRow      = 60_000
	maxPage     = 7500 // of a row in an InnoDB page, in the worst case
	maxKeys     = 16
	maxKeyParts = 16
)

// bytesOf is the size of a character at most.
func bytesOf(charset string) int {
	switch charset {
	case "latin1", "ascii", "binary":
		return 1
	case "utf8mb3", "utf8":
		return 3
	}
	return 4
}

// size returns what a value takes in a row that is padded, and in a page of
// InnoDB in the worst case.
func (c *column) size() (row, page int) {
	n := c.digits()
	switch c.kind {
	case "char", "varchar":
		row = n*bytesOf(c.charset) + 2
	case "binary", "varbinary":
		row = n + 2
	case "decimal":
		row = n/2 + 2
	case "uuid", "inet6":
		row = 16
	default:
		row = 8
		if c.isBlob() {
			row = 12
			return row, 41
		}
	}
	if row > 257 {
		return row, 41
	}
	return row, row
}

// digits is the first number in the type's parentheses, 0 without any.
func (c *column) digits() int {
	_, inside, _ := strings.Cut(c.spelled, "(")
	end := strings.IndexAny(inside, ",)")
	if end < 0 {
		return 0
	}
	n, err := strconv.Atoi(inside[:end])
	if err != nil { // members of an ENUM
		return 0
	}
	return n
}

// sizes adds up the sizes of a row's columns.
func sizes(columns []column) (row, page int) {
	for i := range columns {
		r, p := columns[i].size()
		row, page = row+r, page+p
	}
	return row + len(columns)/8 + 9, page + len(columns)/8 + 30
}

// simple reports whether texts that are equal under the collation are equally
// long, but for spaces at their ends. Under the others 'ß' may equal 'ss', and
// a control character nothing.
func simple(collation string) bool {
	return strings.HasSuffix(collation, "_bin") || strings.HasSuffix(collation, "_general_ci") ||
		collation == "latin1_swedish_ci" || collation == "binary"
}

// reach is how many characters of a column have to be in an index, when the
// longest value has that many, so that no value is missed.
//
// Servers cut what they look up to the length of the index: in one of six
// characters they find no 'straße' for 'strasse'. Expanding characters triple
// a text at most; what is longer than that and yet equal would have to be
// full of control characters.
func reach(collation string, longest int) int {
	if simple(collation) {
		return max(longest, 1)
	}
	return 3*longest + 16
}

// covered is the inverse: the longest value that an index of so many
// characters may hold.
func covered(collation string, width int) int {
	if simple(collation) {
		return 1 << 30
	}
	return (width - 16) / 3
}
