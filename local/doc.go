// Package local runs MariaDB's or MySQL's servers on this machine, for people
// who want databalancer without administering a database, and for the tests,
// TiDB's as well.
//
// A Cluster owns one folder. Server n keeps everything in the subfolder n:
// its data (data), its log (server.log) and its temporary files (tmp). The
// folder is locked while a Cluster is open, so that two processes never
// start servers over the same data.
//
// The servers have no TCP port. They listen on unix sockets in folders that
// only this user can enter, which is why root can do without a password.
// They read no configuration file of the machine.
//
// One supervisor goroutine a server starts it, waits for its end and starts
// it again with growing pauses, until Close. A server is bound to the life
// of this process: on Linux the kernel kills it when the process dies in
// whatever way, and InnoDB recovers every committed transaction at the next
// start. Elsewhere a server can outlive a process that was killed; the next
// one then waits for the data to be free, or says who holds it.
//
// Installing is atomic: data is set up under another name and renamed when
// it is whole, so that an interrupted installation is begun again.
package local
