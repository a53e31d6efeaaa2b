package server

import "fmt"

// What a server needs to be told where rows are gathered in temporary tables.

// Gathers reports whether rows can be gathered there, and shipped from there.
//
// TiDB has no CREATE TABLE … SELECT, by which types are learned, no MEMORY,
// and no sessions that are read-only. One TiDB of many nodes is one shard
// here, which joins all of its tables by itself; only several TiDBs would
// have to be gathered from.
func (s Info) Gathers() bool { return s.Vendor != TiDB }

// Reopens reports whether a statement may name a temporary table more than
// once, itself or by way of a WITH that it names more than once.
func (s Info) Reopens() bool { return s.Vendor != MySQL }

// LiftsReadOnly reports whether a session that only reads can lift that for
// one statement, as Lifted spells it. A session of another server must have
// been made writable (MayWrite) to make temporary tables.
func (s Info) LiftsReadOnly() bool { return s.Vendor == MariaDB }

// Lifted makes a statement that creates a temporary table one that a session
// which only reads can run, if the server can do that for one statement.
func (s Info) Lifted(statement string) string {
	if s.LiftsReadOnly() {
		return "SET STATEMENT tx_read_only = 0 FOR " + statement
	}
	return statement
}

// MayWrite is the settings of a session of a server that can't lift its being
// read-only for one statement.
//
// MySQL's InnoDB counts rows in several threads (from 8.0.14 on), which take
// what a read-only transaction has put into a temporary table after its
// snapshot for not there yet: COUNT(*) of such a table is 1 (9.7.4).
func (s Info) MayWrite() string {
	const settings = "transaction_read_only = 0"
	if s.Vendor == MySQL && s.atLeast(8, 0, 14) {
		return settings + ", innodb_parallel_read_threads = 1"
	}
	return settings
}

// HomeSettings makes the settings of a session that gathers: temporary tables
// may be kept in memory up to heap bytes each, and a join without an index
// takes buffer bytes. The servers' default of 256 KiB makes them read the inner
// table once for each some thousand rows of the outer one.
//
// MariaDB's join_cache_level stays as it is. Its hash joins would be faster
// where there is no index, but they cut a value to the length of the column
// it is looked up in, so that 'strasse' is not found in a VARCHAR(6) that
// holds 'straße', though both are equal.
func (s Info) HomeSettings(heap, buffer int) string {
	settings := fmt.Sprintf("SET SESSION max_heap_table_size = %d, join_buffer_size = %d", heap, buffer)
	if s.Vendor == MariaDB {
		return settings + fmt.Sprintf(", join_buffer_space_limit = %d", 4*buffer)
	}
	return settings + ", " + s.MayWrite()
}

// Raw makes a SELECT return texts as the bytes that are stored, in the charset
// of their columns, which its result then tells with their collations. Where
// that is a setting of the session it is first, else empty.
//
// among says that the statement looks for keys in a list. MariaDB would make a
// table of a list of 1,000 keys or more and join it, which cuts what it looks
// up to the length of the longest key, and is slower where the keys are in an
// index.
func (s Info) Raw(statement string, among bool) (first, raw string) {
	const results = "character_set_results = NULL"
	if s.Vendor != MariaDB {
		return "SET SESSION " + results, statement
	}
	if among {
		return "", "SET STATEMENT " + results + ", in_predicate_conversion_threshold = 0 FOR " + statement
	}
	return "", "SET STATEMENT " + results + " FOR " + statement
}

// JSONCheck is what makes a column JSON where that is no type of its own.
func (s Info) JSONCheck(column string) string {
	if !s.JSONIsText() {
		return ""
	}
	return " CHECK (json_valid(" + QuoteName(column) + "))"
}

// SpaciousEngine is an engine without InnoDB's limit on what a row takes in a
// page.
func (s Info) SpaciousEngine() string {
	if s.Vendor == MariaDB {
		return "Aria TRANSACTIONAL=0"
	}
	return "MyISAM"
}
