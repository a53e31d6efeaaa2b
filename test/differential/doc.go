// Package differential holds the proof of the promise that an answer over
// many shards is the answer one MySQL server would give, or a refusal that
// says why, and never a wrong one.
//
// # What is compared
//
// A scattering is the same data three times: spread over one to three shards
// behind a running databalancer (the service), whole on one server behind
// another one with a single shard (the witness), and that server again, asked
// directly over the driver (the oracle). A query goes to all three. Names,
// types, and rows must be the same: rows as a multiset, and as a list where
// ORDER BY fixes one. The oracle vouches for the values, the witness for the
// types and for the exact text of numbers, which the driver does not keep.
//
// Where rows are not gathered, as on TiDB, all tables are on one shard. What the
// server itself can't do must then fail through the service as well, and need
// not be marked in the list.
//
// # Where the queries come from
//
// The files testdata/queries/*.txt are a hand-written list of every construct
// (TestList). A generator makes random ones from a seed (TestGenerated); and
// the 22 queries of TPC-H run on a small data set (TestTPCH).
//
// # What SQL leaves open
//
// Which of 'de' and 'DE' stands for their group, the last digits of a sum of
// doubles, the order of rows that tie: there a difference is no fault. Such
// columns are marked, and compared modulo exactly that: texts by the weights
// of their collation, doubles to nine digits, rows within a tie as a multiset.
// The generator marks what it makes; in the list, comments do. Beyond that,
// nothing is loosened. A difference in a generated query counts only if the
// oracle itself gives one answer, in whatever order its tables hold their
// rows: a second copy of the data, shuffled, tells.
//
// # Verdicts
//
// Each query is identical, refused (by status and code), failed on both
// sides, open (the oracle itself is not of one mind), slow, crashed (a server
// of MariaDB), or wrong. MySQL is of several minds where a text is compared by
// the rules of one collation and looked up in an index of another: which rows it
// finds then depends on the index. One wrong answer fails the test, with the query
// made as small as it can be.
//
// # Environment
//
//   - DATABALANCER_TEST_FUZZTIME=10m has TestNewSeeds go on with new data, new
//     scatterings and new queries for so long; DATABALANCER_TEST_SEED=N begins
//     with a seed that was printed.
//   - DATABALANCER_TEST_QUERY='SELECT …' has TestOneQuery show what becomes of
//     one query, with the directives of the list if it needs any.
//   - DATABALANCER_TEST_BINARY=PATH takes a program that is built already.
package differential
