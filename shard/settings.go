package shard

import (
	"time"

	"github.com/kolide/databalancer/server"
)

// catalogPatience is how long a connection to the catalog waits for the server
// to answer or to take a statement. The server's own waits for locks are
// shorter, so that only a server that hangs uses it up. While a transaction
// there is open for a schema change on a shard nobody waits, so that may last.
const catalogPatience = 8 * time.Second

// settings returns the statements that begin a session: what it is pinned to,
// whatever the server's defaults. The handshake can't set the collation, as
// not every server knows the same.
//
// A query's sql_mode is server.Info.QueryMode. Of its warnings servers keep as
// many as they let us say (Rows.Warnings). Its server may wait for ten minutes on a
// client that takes no rows; who cancels sooner is not up to the server. A transaction keeps one snapshot at REPEATABLE READ alone, which
// a server's own default may not be.
func settings(p purpose, info server.Info, collation string) []string {
	all := []string{"SET NAMES utf8mb4 COLLATE " + collation +
		", time_zone = '+00:00', autocommit = 1" +
		", group_concat_max_len = 1048576, lock_wait_timeout = 10" + special(p, info)}
	switch {
	case p == forQueries && info.ReadOnlySessions():
		all = append(all, "SET SESSION TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ")
	case p == forControl && info.FreshStatistics() != "":
		all = append(all, info.FreshStatistics())
	}
	return all
}

// special are the settings that depend on what a session is for.
func special(p purpose, info server.Info) string {
	switch p {
	case forQueries:
		all := ", net_write_timeout = 600, " + info.RecursionLimit()
		if kept := info.KeepsWarnings(); kept != "" {
			all += ", " + kept
		}
		return all + ", sql_mode = '" + info.QueryMode() + "'"
	case forControl:
		return ", sql_mode = '" + server.PlainMode + "'"
	case forCatalog:
		return ", lock_wait_timeout = 5, innodb_lock_wait_timeout = 5, sql_mode = '" + server.StrictMode + "'"
	}
	return ", innodb_lock_wait_timeout = 10, sql_mode = '" + server.StrictMode + "'"
}
