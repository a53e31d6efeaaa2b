// Package router turns a client's SQL and a snapshot of the catalog into a
// plan: which statement to run on which shard. It is pure: no I/O, no clock,
// no state but parsers at rest, so that what it decides can be read in a
// plan's text and tested without a server.
//
// # Stages
//
// parse takes the text through four gates, and its result is safe to send:
//
//   - survey (scan.go) looks at the bytes before any parser does: length,
//     UTF-8, nesting, comments that some servers execute. It blanks all other
//     comments, so no later stage sees one.
//   - the TiDB parser makes the syntax tree, with values of our own
//     (literal.go) that keep the client's spelling where it has a meaning.
//   - guard walks the tree and accepts only the nodes, clauses and functions
//     (functions.go) that it knows.
//   - bind puts the arguments into the tree as literals. No text is ever
//     pasted into text.
//
// resolve then binds each name to a table of the catalog or to a CTE, and the
// planner chooses how to run the statement: as it is on one shard (single.go),
// as several statements whose rows follow each other (concat.go), or at home,
// with what home lacks shipped there (gather.go). What it cannot plan
// correctly it refuses by name.
//
// # Gathering
//
// The planner of a gather first reads the statement: which names are bound to
// what (bind.go), which conditions the rows of each source have to fulfil
// (conditions.go), which columns are needed and by which the sources are
// joined. For each shard that may be home it lists the units that would have
// to be shipped, with an estimate of their size, and takes the shard with the
// least. Then it ships unit by unit: it prints the unit's own SELECT, and puts
// a temporary table in its place in the tree. What is left of the tree is the
// last step.
//
// Two rules keep this right. What is shipped is a superset of the rows that
// the statement has a use for, and the statement checks all of its conditions
// again; so a guess that is wrong costs time only. And a result is stored in
// place of what it was computed from only where servers could not tell the
// difference (gather_exact.go, gather_rank.go). Groups computed in parts
// (gather_partial.go) have rules of their own.
//
// # What shards are sent
//
// Shards never see the client's text, only what restore prints from the
// guarded tree: keywords in upper case, names in backticks, strings in single
// quotes with backslashes doubled, no comment and no hint. This relies on
// sessions in utf8mb4, a sql_mode without ANSI_QUOTES, NO_BACKSLASH_ESCAPES
// and PIPES_AS_CONCAT, and a connection that takes one statement at a time.
// The functions are an allow-list, since names fold (ſleep is SLEEP in upper
// case) and servers learn new ones.
//
// A restored statement returns what the client's own text returns, down to
// the names of columns: a field without an alias gets as its alias the name
// that the server would have made of the client's text. Where the parser's
// tree loses what the client wrote (joined strings after a character set,
// CHAR … BINARY, an empty alias), the statement is refused rather than
// changed.
//
// Grammar that the parser lacks is a syntax error though a server may know
// it: SOUNDS LIKE, MATCH … AGAINST inside an expression without parentheses
// around it, JSON_TABLE, GROUP_CONCAT with LIMIT, and what only MariaDB has,
// such as CAST(… AS VARCHAR).
package router
