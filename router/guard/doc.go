// Package guard turns a client's text into a statement that is safe to send to a
// server. It knows SQL and no catalog, and its [Statement] is the only thing
// that the storeys above take.
//
// [Parse] takes the text through four gates:
//
//   - survey (scan.go) looks at the bytes before any parser does: length,
//     UTF-8, nesting, comments that some servers execute. It blanks all other
//     comments, so no later stage sees one.
//   - The TiDB parser makes the syntax tree, with values of our own
//     ([tree.Literal]) that keep the client's spelling where it has a meaning.
//   - guard walks the tree and accepts only the nodes, clauses and functions
//     that it knows. The functions are an allow-list ([tree.Functions]), since
//     names fold (ſleep is SLEEP in upper case) and servers learn new ones.
//   - bind puts the arguments into the tree as literals. No text is ever
//     pasted into text.
//
// A restored statement returns what the client's own text returns, down to the
// names of columns: a field without an alias gets as its alias the name that
// the server would have made of the client's text. Where the parser's tree
// loses what the client wrote (joined strings after a character set, CHAR …
// BINARY, an empty alias), the statement is refused rather than changed.
//
// Grammar that the parser lacks is a syntax error though a server may know it:
// SOUNDS LIKE, MATCH … AGAINST inside an expression without parentheses around
// it, JSON_TABLE, GROUP_CONCAT with LIMIT, and what only MariaDB has, such as
// CAST(… AS VARCHAR).
package guard
