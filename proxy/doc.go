// Package proxy runs a plan on the shards and streams the rows to a sink.
//
// # Design
//
// A run has four phases. It reserves the connections of the whole plan, shard
// by shard in the order of their names, before its first statement: two plans
// that need the same shards can then never hold what the other waits for. It
// opens every step at once, so that all servers compute at the same time. It
// checks that the results fit the plan and each other, and only then tells
// the sink the columns. Then it hands over the rows, step by step in the
// plan's order; a step whose turn has not come waits by TCP back-pressure, so
// memory depends neither on the number of rows nor on the number of steps.
//
// What happens before the sink has seen anything can be repeated: servers
// that contradict the snapshot that the plan was made from (an unknown table,
// an unknown column, other columns than expected) are a [StaleError], after
// which the caller refreshes the catalog and plans again.
//
// When Run returns, for whatever reason, nothing of the query is left to run
// on any shard: what was not read to its end has been killed, not drained. Every
// statement begins with a comment of ours that names the query ([Tag]), so
// that any process can find it in a shard's process list and stop it.
package proxy
