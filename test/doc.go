// Package test holds the suites that see databalancer from outside: black-box
// tests that run the built binary against servers which they start
// themselves, fault tests, the round trip of real logs, the checks of the
// compose files and of the import rules. The benchmarks are in test/bench.
//
// Environment:
//
//   - DATABALANCER_TEST_BINARY=PATH takes a program that is built already.
//   - DATABALANCER_TEST_SHARDS=addr,addr runs everything that needs no server
//     of its own against the given MySQL servers.
//   - DATABALANCER_TEST_SERVER=PATH names the server program to start.
//   - DATABALANCER_TEST_REQUIRE_SERVERS=1 turns the skips of a machine
//     without a server program into failures.
//   - DATABALANCER_TEST_DATA names a folder of newline-delimited JSON files
//     (.json, .json.gz) for the round trip; the default is testdata/logs.
package test
