package resolve

import (
	"strconv"

	"github.com/kolide/databalancer/fault"
)

// The most of a statement that a server is to see. It takes memory for each
// before it looks at the first row, and until that is done no KILL bites: a
// reference is some 75 KB to MariaDB, a part that is a column of a WITH 1.6 KB
// there and 5 KB to TiDB.
const (
	maxReferences = 1_000
	maxParts      = 100_000
)

// saturated is where a size stops growing: sixty queries of a WITH, each of which
// names the one before twice, are 2^60 references.
const saturated = 1_000_000_000

// size is what a server sees of a block when each query of a WITH stands where it
// is named, as often as it is. It sees one that nothing names once.
type size struct {
	references int // the items of all FROMs
	parts      int // the nodes of all expressions by their weight, and the columns of all results
}

func (s *size) add(other size) {
	s.references = min(s.references+other.references, saturated)
	s.parts = min(s.parts+other.parts, saturated)
}

// measure tells the size of a block from those of the blocks inside it and of
// the queries that it names. A recursion is a reference to one table.
func (b *Block) measure() {
	b.size = size{references: len(b.Sources), parts: b.nodes + len(b.Columns)}
	for _, s := range b.Sources {
		if s.Block != nil {
			b.size.add(s.Block.size)
		}
	}
	for _, inner := range b.Inner {
		switch {
		case inner.Role == Subquery: // whose parts are those of an expression
			b.size.add(size{references: inner.size.references})
		case inner.Role != Derived && !inner.named:
			b.size.add(inner.size)
		}
	}
}

// References returns the number of table references that a server sees of the
// block.
func (b *Block) References() int { return b.size.references }

// check refuses what is larger than a server is to see.
func (s size) check() error {
	if s.references > maxReferences {
		return fault.New(fault.TooLarge, "the query has %s table references, with each WITH counted as often as it is named, and the limit is %d", counted(s.references), maxReferences)
	}
	if s.parts > maxParts {
		return fault.New(fault.TooLarge, "the query has %s names, values and columns, with the expressions of each WITH and derived table counted as often as they are named, and the limit is %d", counted(s.parts), maxParts)
	}
	return nil
}

// counted spells a part of a size.
func counted(n int) string {
	if n == saturated {
		return "more than " + strconv.Itoa(saturated)
	}
	return strconv.Itoa(n)
}
