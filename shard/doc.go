// Package shard holds the connections to the MySQL servers that databalancer
// spreads its tables over: their pools, who they are, how they do, and how a
// statement on them is stopped. It knows no SQL but its own.
//
// # Who is at the other end
//
// An address is a promise, not a fact: flags get reordered, containers swap
// ports, backups are restored. So each shard keeps a row of ours
// (databalancer_shard) with an identity made when it joined and that of its
// catalog, and every new connection reads that row, with the server's version
// and the connection's id, in one round trip before anything else may use it.
// Another identity than the catalog's gives an *IdentityError, and the
// connection is closed.
//
// # Pools
//
// A Shard has three. Write is a database/sql pool with the driver's own
// connections, in strict mode, for ingest and DDL. Queries run on sessions
// that are read-only wherever the server offers it, and belong to the query
// account. A small control pool of the query account sends KILL, pings, and
// reads sizes and descriptions, so that all of these work when every query
// connection is taken. An account may always kill its own statements; it
// needs no further privilege.
//
// A plan that needs several query connections reserves them with Reserve, all of
// a shard's at once and one shard after the other, and only then takes them with
// Conn, so that two plans never wait for each other.
//
// A query connection that was in use within the last second is handed out
// unchecked. Should it have been lost meanwhile, its first statement fails
// before anything of an answer has come, and is sent once more over a new
// connection: a query changes nothing.
//
// # Reading rows
//
// Query connections use go-sql-driver/mysql to connect and authenticate, and
// then speak the text protocol over the same socket themselves (wire.go,
// rows.go). The driver parses numbers and boxes each value in an interface:
// nine allocations for a row of twelve columns, three quarters of the CPU
// time of reading it, only for the caller to print the numbers again. Here a
// value is a slice of the read buffer that holds the server's own digits, and
// column definitions that are those of the last result need not be read. The
// price is some 200 lines that know packets, and that these connections can
// be neither compressed nor encrypted by the driver.
//
// # Stopping a statement
//
// The driver's way, closing its connection, leaves the server computing. Here
// the end of a statement's context sends a KILL over the control pool, of the
// connection, which takes effect even where the statement has yet to begin; if
// that fails, or the statement has not ended a second later, the socket is
// closed too. A connection for which a KILL was sent is never used again, and
// is kept open until the KILL has been answered, so a KILL can't meet another
// statement than the one it was meant for. Rows that are closed early are
// killed, not drained. A statement that goes on all the same keeps its place
// among the connections, and its query's among the queries, until the server's
// list of what runs shows it no more (stuck.go).
package shard
