// Package admission decides which query may go on where not all can: a [Gate]
// hands out a number of units, such as the connections to a shard, and lets
// those wait for whom there are none.
//
// # Who is next
//
// A query is presumed short or long, and each kind waits in a lane of its own.
// In a lane the clients take turns, and the queries of one client stand in the
// order in which they came: a client alone may have everything, and one of
// several that wait has its turn however much the others ask for. The lanes
// take turns as well. So nobody waits for ever: units come back, as each query
// has an end, and each lane, client and query in the line has its turn.
//
// # Why the short do not wait for the long
//
// Long queries hold at most three quarters of the units at a time. What is left
// is for short ones, which give it back soon. Presumptions can be wrong: a query
// that has held its units for longer than [Patience] counts as long, whatever
// was presumed. While more units than the share of the long are held by such, and
// short queries wait, they are asked to yield, which a query can whose client
// has been told nothing: it is stopped, and waits once more, as a long one.
// Fewer than four units are not divided.
//
// A query that holds units of one gate may wait at another as long as all pass
// the gates in one order.
package admission
