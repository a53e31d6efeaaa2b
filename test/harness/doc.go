// Package harness drives databalancer as its users do: it builds the program,
// starts it with flags, waits until it serves, and speaks to it over HTTP. Of
// ours it knows only the servers that tests start, so that a suite built on it
// sees nothing of the program but what comes out.
//
// A Process is the program itself, for whoever handles errors. A Server is one
// that belongs to a test, which fails when the program does not do as it
// should, and ends with the test.
//
// DATABALANCER_TEST_BINARY names a program that is there already, such as an
// older version's.
package harness
