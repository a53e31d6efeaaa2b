// Package proxy is the door to a query, for every front: it has the query
// planned, runs the plan on the shards and streams the rows to a sink.
//
// # Design
//
// A query is planned for the snapshot at hand. Where that contradicts the
// servers, the catalog is read anew and the query planned once more; and where
// the arms of a UNION ALL turn out to have columns of different types, it is
// planned as one that one server finishes (query.go).
//
// A run reserves the connections of the whole plan, shard by shard in the
// order of their names, before its first statement: two plans that need the
// same shards can then never hold what the other waits for. Where no rows are
// moved it opens every step at once, so that all servers compute at the same
// time. It checks that the results fit the plan and each other, and only then
// tells the sink the columns. Then it hands over the rows, step by step in the
// plan's order; a step whose turn has not come waits by TCP back-pressure, so
// memory depends neither on the number of rows nor on the number of steps.
//
// # Gathering
//
// A plan that gathers moves rows into temporary tables of one session on the
// home shard, and ends with a statement there. Its sessions are the home
// session and one a shard that ships, the source session, which runs all
// steps of its shard. Their statements are, in this order:
//
//   - The source sessions learn what columns their steps return: CREATE
//     TEMPORARY TABLE … AS the step's shape, SHOW CREATE TABLE; nothing when
//     that was asked within half a minute. They make the tables that are going
//     to be broadcast to them. Those with several steps, and on MySQL those
//     that have made a table, then START TRANSACTION WITH CONSISTENT SNAPSHOT,
//     READ ONLY.
//   - The home session makes its settings, and the tables: where it can, when
//     the first rows have come and tell how large they are.
//   - Where a filter reads keys at home, these and the client's statement have
//     to see one state, so home begins a snapshot too. It is read-only, and so
//     all tables are made before it; what is only known after it, the rows of
//     the filtered steps, goes to tables that can take whatever comes. Filling
//     a temporary table writes nothing, and works in it.
//   - Sources send rows while home stores them, in the order that schedule
//     tells; keys are read when the tables that they are read from are full.
//   - The client's statement runs read-only: in the snapshot, in a session
//     that never was anything else (MariaDB makes temporary tables with SET
//     STATEMENT), or after SET TRANSACTION READ ONLY.
//   - All sessions that were changed are reset, with which their tables go.
//     By then the client has its answer.
//
// What a gather moves must not change on its way. Types are the server's own;
// values whose text is lossy are asked for in another form (kinds.go); and an
// INSERT that the server warns of ends the query, because a warning is how it
// says that it has changed a value. A table that turns out to have been made
// too small or too narrow makes the gather begin anew, knowing that.
//
// # Errors and the end
//
// What happens before the sink has seen anything can be repeated: servers
// that contradict the snapshot that the plan was made from (an unknown table,
// an unknown column, other columns than expected) are a [StaleError]. An error
// of a server's that the client's own text has caused is a [QueryError]
// (blame.go).
//
// When Query returns, for whatever reason, nothing of the query is left to run
// on any shard: what was not read to its end has been killed, not drained. Every
// statement begins with a comment of ours that names the query ([Tag]), so
// that any process can find it in a shard's process list and stop it.
package proxy
