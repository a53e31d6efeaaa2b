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
// How many queries run at once is bounded, and so is how many wait for that;
// package admission says who is next. A query that is presumed short, and is not,
// may have to begin anew, as long as the sink has been told nothing (visit.go).
//
// A run reserves the connections of the whole plan, shard by shard in the
// order of their names, before its first statement: two plans that need the
// same shards can then never hold what the other waits for. Where no rows are
// moved it opens every step at once, so that all servers compute at the same
// time. It checks that the results fit the plan and each other, and only then
// tells the sink the columns. Then it hands over the rows, step by step in the
// plan's order; a step whose turn has not come waits by TCP back-pressure, so
// memory depends neither on the number of rows nor on the number of steps.
// What moves rows is package gather, whose last step's rows are handed over in
// the same way.
//
// # Errors and the end
//
// What happens before the sink has been told the columns can be repeated, and
// nothing after that. An error of a server's that the client's own text has
// caused is a [QueryError] (blame.go).
//
// When Query returns, for whatever reason, nothing of the query is left to run
// on any shard: what was not read to its end has been killed, not drained. Where
// a server does not heed that, the query keeps its places until it has (package
// shard, stuck.go). Every statement begins with a comment of ours that names the
// query ([Tag]), so that any process can find it in a shard's process list and
// stop it.
package proxy
