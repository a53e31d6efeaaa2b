package server

import "fmt"

// ReadOnlySessions reports whether a session can be made read-only. TiDB
// refuses that unless its no-op functions are turned on.
func (s Info) ReadOnlySessions() bool { return s.Vendor != TiDB }

// FreshStatistics is the statement that makes information_schema tell the
// sizes of tables as they are; "" where it does so anyway. MySQL's may be a
// day old otherwise.
func (s Info) FreshStatistics() string {
	if s.Vendor == MySQL {
		return "SET SESSION information_schema_stats_expiry = 0"
	}
	return ""
}

// KillConnection spells the KILL of the statement that a connection runs.
// Without the keyword TIDB, older servers behind one address may take the
// number for another server's connection.
func (s Info) KillConnection(id uint64) string {
	if s.Vendor == TiDB {
		return fmt.Sprintf("KILL TIDB QUERY %d", id)
	}
	return fmt.Sprintf("KILL QUERY %d", id)
}

// KillRunning spells the KILL of a statement by a number that SelectRunning
// gave. MariaDB's names the statement itself. The others know only
// connections: a statement that ends before it is stopped may give its KILL to
// its connection's next one.
func (s Info) KillRunning(id uint64) string {
	if s.Vendor == MariaDB {
		return fmt.Sprintf("KILL QUERY ID %d", id)
	}
	return s.KillConnection(id)
}

// SelectRunning spells the query for what runs: the number for KillRunning,
// and as many of the text's first characters as its argument says.
func (s Info) SelectRunning() string {
	id, list := "id", "information_schema.processlist"
	switch s.Vendor {
	case MariaDB:
		id = "query_id"
	case TiDB:
		list = "information_schema.cluster_processlist"
	}
	return "SELECT " + id + ", LEFT(info, ?) FROM " + list + " WHERE info IS NOT NULL"
}
