// Command bench measures databalancer against what a user could do without
// it, on this machine and in one run, so that every figure is a ratio or a
// difference of two things that met the same conditions:
//
//	go run ./test/bench [-rows N] [-only point,stream] [-quick] [-data DIR] [-out docs/benchmarks.md]
//
// It builds the program, starts a MariaDB server of its own in a temporary
// folder, and runs the program against it. Both sides of a comparison use
// that one server and its one setting of durability, and they take turns in
// many short rounds, so that the machine's other work and the server's own
// background work hit both alike.
//
// Each benchmark is a file and an entry of the list in main.go. It gets the
// bed, which has the servers and the common data, and returns measures; a
// measure may have a target, and the table says whether it is met.
package main
