package gather

import (
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// joinBuffer is the memory for a join without an index, in bytes.
const joinBuffer = 8 << 20

const (
	// snapshot makes all further statements read one state of the server's
	// tables, and write to none but temporary ones that exist already.
	snapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	// onceReadOnly is for the next statement alone.
	onceReadOnly = "SET TRANSACTION READ ONLY"
)

// probeEngine is the engine of the tables that tell a result's types: one
// that takes every table.
func probeEngine(info server.Info, wide bool) string {
	if wide {
		return "ENGINE=" + info.SpaciousEngine()
	}
	return "ENGINE=InnoDB"
}

// gathers says why a gather cannot run on such a server; nil: it can.
func gathers(sh string, info server.Info) error {
	if info.Gathers() {
		return nil
	}
	return fault.New(fault.Unsupported,
		"shard %s is a %s, from which rows are not moved to other shards; the tables of this query would have to be in one %[2]s", sh, info.Vendor)
}

// alike says why rows of one server cannot be compared on the other; nil:
// they can.
func alike(a string, of server.Info, b string, other server.Info) error {
	if of.ComputesLike(other) {
		return nil
	}
	return fault.New(fault.Unsupported,
		"the query needs tables of shard %s (%s) and of shard %s (%s) at once, and servers of different vendors or major versions do not compute alike",
		a, of, b, other)
}
