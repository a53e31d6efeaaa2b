// Package resolve says what each name in a guarded statement stands for, and what
// is known of each query block: its columns and their types, which conditions
// the rows of its sources have to fulfil, and whether its result, or a part of
// it, may be computed in one place and stored in another. It knows the catalog
// and decides nothing: plans are made one storey up.
//
// [Statement] resolves a statement in place. A restored tree then means the same
// on a shard as the client's text does here: references bear the tables' own
// names, * is spelled out where it would show hidden columns, NATURAL becomes
// USING, and times that are compared with those of families lose their zones.
// After that a [Block] does not change.
//
// Two rules decide what may be stored. A result may take the place of what it
// was computed from only where servers could not tell the difference: its
// values keep all their digits (exact.go), and its texts compare as they did
// (rank.go). What an expression returns, as far as sums of parts depend on it,
// is its kind (kind.go).
package resolve
