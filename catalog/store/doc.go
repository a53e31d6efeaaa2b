// Package store keeps the catalog, which all databalancer processes share, in
// a MySQL database of its own, and is the only one to change it.
//
// # Reading
//
// Each process holds the last catalog.Snapshot that it has seen, and reading
// it costs no I/O. A version number
// rises with every change, in the change's own transaction. Refresh reads that
// number, which is one round trip, and loads what has a higher version than
// the snapshot at hand, in one consistent read. Run polls in this way; who
// finds that a snapshot must be stale calls Refresh at once. While the
// catalog's server is down the last snapshot serves.
//
// # Changing
//
// A change to the catalog alone is one transaction. It locks in one order:
// the family's row, then the version's row, then the shards' rows, so that
// changes wait for each other rather than deadlock; a deadlock that arises
// all the same is tried again.
//
// A change to a shard's tables can't be part of a transaction. It has three
// steps:
//
//  1. The intent is committed: a family that is creating or dropping, columns
//     or placements that are adding, indexes that are adding or dropping.
//     Types, positions and shards are settled here, under the lock of the
//     family's row, and never change.
//  2. With the row locked again and the intent read again, the DDL is run. It
//     can be repeated.
//  3. In the transaction that holds the lock, what was done is marked done.
//
// What there is to do for each kind of intent is in part_*.go, and finish.go
// does it. Whoever finds an unfinished intent finishes it: the next caller
// that wants the family changed, or Run in any process. The row's lock keeps
// two from running DDL for a family at once, and one ALTER carries all that is
// pending. Columns, placements and indexes are finished each by themselves:
// what holds up one of them leaves the others alone. A placement that is
// adding gets all columns and indexes with its table, those that are adding
// included, and all other placements get them by ALTER; so the tables end
// alike, whatever was intended first. An intent to create a table whose name
// the shard's server has given to somebody else's, or an index that it
// refuses, is withdrawn in that same transaction. A family's id names one life
// of it: who comes late, for a family that was dropped or created anew
// meanwhile, finds the id gone and does nothing.
//
// What remains is a process that is suspended between step 2's check and its
// DDL for so long that the server drops its connection, and the lock with it.
// It may then create the table of a family that was dropped. Such a table
// holds no data and no query can name it, but the next family of that name is
// refused until somebody drops it.
//
// # New placements
//
// Rows must not be stored where a query with an older snapshot doesn't look.
// So a placement is first fresh: it has its table, and whoever reads the
// snapshot reads it, but nobody writes to it. Run in any process opens it,
// which is a change of the catalog like others, once it has seen it fresh for
// Config.Grace by its own monotonic clock. A process that has read the catalog
// within the grace knows it by then; another one is not InTouch. Wall clocks
// play no part, nor does how long a commit takes.
//
// raw_logs has a placement on each shard from the shard's first day on, which
// rows reach through families; so new families avoid new shards for as long.
package store
