package server

import "fmt"

// ReadOnlySessions reports whether a session can be made read-only. TiDB
// refuses that unless its no-op functions are turned on.
func (s Info) ReadOnlySessions() bool { return s.Vendor != TiDB }

// PlainMode is the sql_mode of sessions of ours that have no use for a stricter
// one.
const PlainMode = "NO_ENGINE_SUBSTITUTION"

// StrictMode is the sql_mode of sessions that store what must not change.
const StrictMode = "STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION"

// FillMode is the sql_mode in which any date that a server has stored can be
// stored anew.
const FillMode = PlainMode + ",ALLOW_INVALID_DATES"

// QueryMode is the sql_mode under which users' statements are computed: the
// one that a server of this vendor comes with, whatever its configuration has
// made of it, so that all shards compute alike, but for ONLY_FULL_GROUP_BY.
// Temporary tables have no keys, from which a server could see that a column
// depends on others. No server comes with a mode that changes how a text is
// read, such as ANSI_QUOTES. (MySQL 9 manual, "Server SQL Modes"; MariaDB,
// "SQL_MODE"; TiDB, "SQL Mode".)
func (s Info) QueryMode() string {
	switch s.Vendor {
	case MariaDB:
		return "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
	case TiDB:
		return "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION"
	}
	return "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
}

// KeepsWarnings spells the setting that has a session keep some thousand warnings of
// a statement, some 2 MB. It is empty for MySQL, which keeps 1,024 and lets only
// the privileged change that.
func (s Info) KeepsWarnings() string {
	if s.Vendor == MySQL {
		return ""
	}
	return "max_error_count = 4096"
}

// RecursionLimit spells the setting that lets a WITH RECURSIVE take as many steps
// as a server counts, instead of 1,000. Time and space bound it all the same.
func (s Info) RecursionLimit() string {
	if s.Vendor == MariaDB {
		return recursionLimit + " = 4294967295"
	}
	return "cte_max_recursion_depth = 4294967295"
}

// SetMode spells the setting of a session's sql_mode.
func SetMode(mode string) string { return "SET SESSION sql_mode = '" + mode + "'" }

// FreshStatistics is the statement that makes information_schema tell the
// sizes of tables as they are; "" where it does so anyway. MySQL's may be a
// day old otherwise.
func (s Info) FreshStatistics() string {
	if s.Vendor == MySQL {
		return "SET SESSION information_schema_stats_expiry = 0"
	}
	return ""
}

// KillConnection spells the KILL of a connection, and so of the statement that it
// runs. One of the statement alone is lost if it comes before the server has
// begun with that.
func (s Info) KillConnection(id uint64) string { return s.kill("", id) }

// KillRunning spells the KILL of a statement by a number that SelectRunning
// gave. MariaDB's names the statement itself. The others know only
// connections: a statement that ends before it is stopped may give its KILL to
// its connection's next one.
func (s Info) KillRunning(id uint64) string {
	if s.Vendor == MariaDB {
		return s.kill("QUERY ID ", id)
	}
	return s.kill("QUERY ", id)
}

// kill spells a KILL. Without the keyword TIDB, older servers behind one address
// may take the number for another server's connection.
func (s Info) kill(what string, id uint64) string {
	if s.Vendor == TiDB {
		what = "TIDB " + what
	}
	return fmt.Sprintf("KILL %s%d", what, id)
}

// SelectConnectionLimits spells the query for how many connections the server
// takes, and how many of the account that asks; 0 is any number.
func (s Info) SelectConnectionLimits() string {
	if s.Vendor == TiDB { // which knows no limit of an account's
		return "SELECT @@max_connections, 0"
	}
	return "SELECT @@max_connections, @@max_user_connections"
}

// SelectStatements spells the query for what runs: the number of each connection,
// and as many of its statement's first characters as the argument says.
func (s Info) SelectStatements() string {
	return "SELECT id, LEFT(info, ?) FROM " + s.processList() + " WHERE info IS NOT NULL"
}

func (s Info) processList() string {
	if s.Vendor == TiDB {
		return "information_schema.cluster_processlist"
	}
	return "information_schema.processlist"
}

// SelectRunning spells the query for what runs: the number for KillRunning,
// and as many of the text's first characters as its argument says.
func (s Info) SelectRunning() string {
	id := "id"
	if s.Vendor == MariaDB {
		id = "query_id"
	}
	return "SELECT " + id + ", LEFT(info, ?) FROM " + s.processList() + " WHERE info IS NOT NULL"
}

// UnboundedAggregates names the aggregates, in lower case, that keep in memory
// all that they have met, whatever settings say, at up to 100 MB/s. MariaDB cuts
// JSON_ARRAYAGG to group_concat_max_len, and has no ST_COLLECT; TiDB's memory
// quota of a query misses most of what they take, and it then looks for no KILL.
// GROUP_CONCAT is cut everywhere.
func (s Info) UnboundedAggregates() string {
	switch s.Vendor {
	case MariaDB:
		return "json_objectagg"
	case TiDB:
		return "json_objectagg json_arrayagg"
	}
	return "json_objectagg json_arrayagg st_collect"
}
