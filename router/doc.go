// Package router turns a client's SQL and a snapshot of the catalog into a
// plan: which statement to run on which shard. It is pure: no I/O, no clock,
// no state but parsers at rest and plans that are remembered, so that what it decides can be read in a
// plan's text and tested without a server.
//
// # Storeys
//
// Each is a package that imports only those below it:
//
//   - router/tree: the syntax tree, how it prints, what functions are.
//   - router/guard: from a text to a statement that is safe to send.
//   - router/resolve: what its names stand for, and what is known of its blocks.
//   - router: the plan. The statement runs as it is on one shard (planner.go), as
//     several statements whose rows follow each other (concat.go), or at home,
//     with what home lacks shipped there (gather.go). What cannot be planned
//     correctly is refused by name.
//
// # Remembering
//
// A query's text is taken apart into what its kind shares and the values by which
// its queries differ (guard.Lift). Of a kind that has none yet, the statement is
// planned with holes for its values: a literal prints as a hole, and a step that
// decides by a literal's value, not by its type alone, says so (tree.Literal.Read),
// which makes the value part of what the kind shares. The next query of the kind is
// its plan with other values in the holes: what would be planned anew, to the letter.
//
// # Gathering
//
// The planner of a gather first reads the statement: which columns are needed,
// and by which the sources are joined. For each shard that may be home it lists
// the units that would have to be shipped, with an estimate of their size, and
// takes the shard with the least. There are four kinds: the result of a block,
// the rows of a source, a join of sources, and the parts of a block's groups.
//
// Then it takes unit by unit. Shipping one makes a SELECT of its own from the
// statement, and leaves that as it is; settling it puts a temporary table in its
// place there. What is left of the statement is the last step. The two go by
// turns since the keys by which a unit is narrowed may be those of a set, as the
// statement then reads it from a table that was filled before.
//
// Two rules keep this right. What is shipped is a superset of the rows that
// the statement has a use for, and the statement checks all of its conditions
// again; so a guess that is wrong costs time only. And a result is stored in
// place of what it was computed from only where servers could not tell the
// difference (router/resolve). Groups computed in parts (gather_partial.go) have
// rules of their own.
package router
