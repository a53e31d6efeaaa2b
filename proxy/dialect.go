package proxy

import (
	"fmt"

	"github.com/kolide/databalancer/shard"
)

// joinBuffer is the memory for a join without an index. The servers' default,
// 256 KiB, makes them read the inner table once for each some thousand rows
// of the outer one.
const joinBuffer = 8 << 20

// dialect is the SQL of a gather that differs by vendor.
type dialect struct{ server shard.Server }

// home makes the settings of a home session: temporary tables may be kept in
// memory, up to heapLimit bytes each.
//
// MariaDB's join_cache_level stays as it is. Its hash joins would be faster
// where there is no index, but they cut a value to the length of the column
// it is looked up in, so that 'strasse' is not found in a VARCHAR(6) that
// holds 'straße', though both are equal.
func (d dialect) home() string {
	s := fmt.Sprintf("SET SESSION max_heap_table_size = %d, join_buffer_size = %d", heapLimit, joinBuffer)
	if d.server.Vendor == shard.MariaDB {
		return s + fmt.Sprintf(", join_buffer_space_limit = %d", 4*joinBuffer)
	}
	return s + ", " + mayWrite
}

// create makes a statement that creates a temporary table one that a session
// which only reads can run. MariaDB can lift that for the statement alone; a
// session of MySQL must have been made writable.
func (d dialect) create(statement string) string {
	if d.liftsReadOnly() {
		return "SET STATEMENT tx_read_only = 0 FOR " + statement
	}
	return statement
}

func (d dialect) liftsReadOnly() bool { return d.server.Vendor == shard.MariaDB }

// mayWrite is the setting of a session of MySQL that has to make temporary
// tables.
const mayWrite = "transaction_read_only = 0"

// amongKeys makes a statement that looks for keys in a list do so. MariaDB
// would make a table of a list of 1,000 keys or more and join it, which cuts
// what it looks up to the length of the longest key, and is slower where the
// keys are in an index.
func (d dialect) amongKeys(statement string) string {
	if d.server.Vendor == shard.MariaDB {
		return "SET STATEMENT in_predicate_conversion_threshold = 0 FOR " + statement
	}
	return statement
}

const (
	// snapshot makes all further statements read one state of the server's
	// tables, and write to none but temporary ones that exist already.
	snapshot = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
	// onceReadOnly is for the next statement alone.
	onceReadOnly = "SET TRANSACTION READ ONLY"
	commit       = "COMMIT"

	usualMode   = "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'"
	fillingMode = "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION,ALLOW_INVALID_DATES'"
)

// jsonCheck is what makes a column JSON where that is no type of its own.
func (d dialect) jsonCheck(name string) string {
	if d.server.Vendor != shard.MariaDB {
		return ""
	}
	return " CHECK (json_valid(" + name + "))"
}

// spacious is an engine without InnoDB's limit on what a row takes in a page.
func (d dialect) spacious() string {
	if d.server.Vendor == shard.MariaDB {
		return "Aria TRANSACTIONAL=0"
	}
	return "MyISAM"
}

// probeEngine is the engine of the tables that tell a result's types: one
// that takes every table.
func (d dialect) probeEngine(wide bool) string {
	if wide {
		return "ENGINE=" + d.spacious()
	}
	return "ENGINE=InnoDB"
}

// gathers says why a gather cannot run on such a server; nil: it can.
//
// TiDB has no CREATE TABLE … SELECT, by which types are learned, no MEMORY,
// and no sessions that are read-only. One TiDB of many nodes is one shard
// here, which joins all of its tables by itself; only several TiDBs would
// have to be gathered from.
func gathers(sh string, server shard.Server) error {
	if server.Vendor == shard.TiDB {
		return &UnsupportedError{Detail: fmt.Sprintf(
			"shard %s is a TiDB, from which rows are not moved to other shards; the tables of this query would have to be in one TiDB", sh)}
	}
	return nil
}

// alike says why rows of one server cannot be compared on the other; nil:
// they can.
func alike(a string, of shard.Server, b string, other shard.Server) error {
	if of.Vendor == other.Vendor && of.Major == other.Major {
		return nil
	}
	return &UnsupportedError{Detail: fmt.Sprintf(
		"the query needs tables of shard %s (%s) and of shard %s (%s) at once, and servers of different vendors or major versions do not compute alike",
		a, of, b, other)}
}
