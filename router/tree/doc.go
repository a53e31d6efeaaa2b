// Package tree is the ground floor of the router: the syntax tree of the TiDB
// parser, and what each storey above does with one. It walks expressions, takes
// clauses apart and puts them together, keeps literals as the client wrote them,
// prints a tree as the text that shards are sent, and has the one table of what
// SQL functions are. It knows no catalog and decides nothing.
//
// # What shards are sent
//
// Shards never see the client's text, only what [Restore] prints from a guarded
// tree: keywords in upper case, names in backticks, strings in single quotes
// with backslashes doubled, no comment and no hint. This relies on sessions in
// utf8mb4, a sql_mode without ANSI_QUOTES, NO_BACKSLASH_ESCAPES and
// PIPES_AS_CONCAT, and a connection that takes one statement at a time.
package tree
