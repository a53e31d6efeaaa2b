// Package gather runs plans that gather: it moves rows between shards into
// temporary tables of one session on the home shard, and runs the client's
// statement there.
//
// # The life of a gather
//
// A gather reserves the connections of its whole plan (shard.Reserve), and
// then makes one attempt, or a few (gather.go). An attempt (attempt.go) has one
// session for each shard that ships, the source session, which runs all steps
// of its shard, and one on the home shard. It goes through three phases; each
// begins when all of the one before is done:
//
//	open    every source session, on its own (source.go):
//	          learns what columns its steps return: CREATE TEMPORARY TABLE …
//	          AS the step's shape, SHOW CREATE TABLE; nothing where that was
//	          asked within half a minute (shape.go); what is
//	          read must be of these types all the same             → learned
//	          makes the tables that are broadcast to it            → made
//	          with several steps, or on MySQL having made a table:
//	          START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY
//	ship    the home session (home.go):
//	          makes its settings                                   → opened
//	          where a filter reads keys: makes the tables that have to wait
//	          for them, and when all are made begins a snapshot    → begun
//	        every shipment, when what it waits for has happened (schedule.go):
//	          asks home for the keys, if it has a filter (keys.go)
//	          reads rows from its source …                         → read
//	          … and at the same time, chunk by chunk as INSERTs, stores them:
//	          in a table that is there, or in one that it then makes, knowing
//	          the rows that have come (fill.go, table.go)    → made, stored
//	answer  the home session runs the client's statement, read-only, and its
//	        rows go to whoever asked; meanwhile the source sessions are reset
//
// At its end all sessions that were changed are reset, with which their tables
// go; by then the client has its answer. Where anything has failed they are
// closed instead.
//
// Who waits for what is one type, [progress]: the events on the right, and
// nothing else, are waited for across goroutines, but for the turn to run a
// statement in a session. No event waits for one that comes after it in the
// plan (check in plan.go sees to that), so nothing waits in a circle.
//
// # What must not change
//
// What a gather moves must not change on its way. Types are the server's own;
// values whose text is lossy are asked for in another form (kinds.go); and an
// INSERT that the server warns of ends the query, because a warning is how it
// says that it has changed a value.
//
// Where a filter reads keys at home, these and the client's statement have to
// see one state, hence the snapshot there. It is read-only, and so all tables
// are made before it; what is only known after it, the rows of the filtered
// steps, goes to tables that can take whatever comes. Filling a temporary table
// writes nothing, and works in it. Without a filter, the statement runs in a
// session that never could write (MariaDB makes temporary tables with SET
// STATEMENT), or after SET TRANSACTION READ ONLY.
//
// A table that turns out to have been made too small or too narrow makes the
// gather begin anew, knowing that (again in gather.go, hint in design.go).
package gather
