// Package tpch makes the tables of the TPC-H benchmark at any scale, loads
// them into MySQL servers, and holds its 22 queries, for the tests and the
// benchmarks.
//
// Schema, value ranges and relations are those of the TPC-H specification
// (revision 3, clauses 1.4 and 4.2), the queries' parameters those of its
// validation runs. The program that makes the rows is our own, so that its
// figures are comparable with each other, not with published results.
//
// Every row depends on the scale, the seed and its own number alone: tables
// can be made in any order, on any number of servers, and are always the
// same.
//
// Where a small scale would leave a query without rows, some rows are made to
// fit: every nation has suppliers, and a part in 500 and an order in 2,500 are
// what the narrowest queries look for (see planted). From scale 0.01 on all 22
// queries have rows, and none of them only NULL.
package tpch
