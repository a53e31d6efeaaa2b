// Command bench measures databalancer against what a user could do without
// it, on this machine and in one run, so that every figure is a ratio or a
// difference of two things that met the same conditions:
//
//	go run ./test/bench [-only point,join] [-rows N] [-quick] [-spider=false]
//		[-data DIR] [-plans DIR] [-profile DIR] [-hold] [-out docs/benchmarks.md]
//
// It builds the program, starts MariaDB servers of its own in a temporary
// folder, and runs the program against them. Both sides of a comparison use
// servers with the same settings, and they take turns in many short rounds,
// so that the machine's other work and the servers' own background work hit
// both alike.
//
// Each benchmark is a file and an entry of the list in main.go. It runs on
// one of two sets of servers: a single one (single.go), which both sides
// share, or three shards beside one server that holds everything
// (scattered.go). It returns findings; a measure may have a target, and the
// table says whether it is met.
package main
