package shard

import (
	"time"

	"github.com/kolide/databalancer/server"
)

// commonSettings is what every session is pinned to, whatever the server's
// defaults.
const commonSettings = "SET NAMES utf8mb4 COLLATE " + server.Collation +
	", time_zone = '+00:00', autocommit = 1" +
	", group_concat_max_len = 1048576, lock_wait_timeout = 10"

// catalogPatience is how long a connection to the catalog waits for the server
// to answer or to take a statement. The server's own waits for locks are
// shorter, so that only a server that hangs uses it up. While a transaction
// there is open for a schema change on a shard nobody waits, so that may last.
const catalogPatience = 8 * time.Second

const catalogSettings = ", lock_wait_timeout = 5, innodb_lock_wait_timeout = 5" +
	", sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"

// settings returns the statements that begin a session.
//
// A query's sql_mode lacks all that would change how its text is read
// (ANSI_QUOTES, PIPES_AS_CONCAT, NO_BACKSLASH_ESCAPES), and
// ONLY_FULL_GROUP_BY, since temporary tables have no keys from which the
// server could see that a column depends on others. Its server may wait for
// ten minutes on a client that takes no rows; who cancels sooner is not up to
// the server. A transaction keeps one snapshot at REPEATABLE READ alone, which
// a server's own default may not be.
func settings(p purpose, info server.Info) []string {
	switch p {
	case forQueries:
		s := []string{commonSettings + ", net_write_timeout = 600, sql_mode = 'NO_ENGINE_SUBSTITUTION'"}
		if info.ReadOnlySessions() {
			s = append(s, "SET SESSION TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ")
		}
		return s
	case forControl:
		s := []string{commonSettings + ", sql_mode = 'NO_ENGINE_SUBSTITUTION'"}
		if fresh := info.FreshStatistics(); fresh != "" {
			s = append(s, fresh)
		}
		return s
	case forCatalog:
		return []string{commonSettings + catalogSettings}
	}
	return []string{commonSettings + ", innodb_lock_wait_timeout = 10, sql_mode = 'STRICT_TRANS_TABLES,NO_ENGINE_SUBSTITUTION'"}
}
