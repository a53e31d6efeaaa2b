package server

// The rows of classes: from the "Server Error Message Reference" of the MySQL
// 9 manual, the "MariaDB Error Code Reference" and TiDB's "Error Codes". A
// number has the classes of all rows that it is in.
var classRows = []struct {
	first, last uint16
	class       Class
}{
	{1000, 1045, Unasked},               // files, storage engines, memory, connections, accounts
	{1020, 1020, Conflict},              // MariaDB: a record has changed since it was read
	{1021, 1021, Exhausted},             // disk full
	{1037, 1038, Exhausted},             // out of memory, out of memory for sorting
	{1040, 1040, Unavailable},           // too many connections
	{1041, 1041, Exhausted},             // out of memory
	{1044, 1044, Denied | Account},      // on a database
	{1045, 1045, Account},               // password
	{1053, 1053, Unavailable | Unasked}, // shutdown in progress
	{1054, 1054, Unknown},               // column
	{DuplicateColumn, 1061, Changed},    // a column or an index is there
	{1069, 1071, NoIndex},               // too many keys, too many columns in one, too long
	{1073, 1073, NoIndex},               // a type that can't be in a key
	{1077, 1079, Unavailable},           // shutdown
	{1077, 1081, Unasked},               // shutdown, sockets
	{1091, 1091, Changed},               // no such index or column to drop
	{TableFull, TableFull, Exhausted | Unasked},
	{1117, 1117, NoIndex}, // the table's definition is too long
	{RowTooLarge, RowTooLarge, TooBig},
	{1129, 1129, Unavailable},                // host blocked after connection errors
	{1129, 1135, Unasked},                    // hosts, passwords, threads
	{1142, 1143, Denied | Account | Unasked}, // on a table, on a column
	{NoSuchTable, NoSuchTable, Unknown | Changed},
	{1152, 1152, Unavailable}, // connection aborted
	{PacketTooLarge, PacketTooLarge, TooBig},
	{1158, 1161, Unavailable},           // network read and write
	{1170, 1170, NoIndex},               // a text without a length
	{1180, 1181, Unasked},               // commit, rollback
	{1184, 1184, Unavailable},           // connection aborted
	{1192, 1197, Unasked},               // crashed tables, caches
	{1203, 1203, Unavailable | Unasked}, // max_user_connections
	{1205, 1205, Conflict | Locked},     // lock wait time-out
	{1205, 1208, Unasked},               // locks
	{1213, 1213, Conflict | Unasked},    // deadlock
	{1226, 1226, Unavailable},           // a limit of the account, such as connections
	{1226, 1227, Unasked},               // limits and privileges of the account
	{1243, 1243, Outlived},              // no such prepared statement
	{1264, 1265, Refused},               // out of range, does not fit
	{1290, 1290, ReadOnly | Unasked},    // an option of the server is in the way: read_only
	{1292, 1292, Refused},               // no such date, no such number
	{1296, 1297, Unasked},               // errors of engines
	{1260, 1260, Cut},                   // GROUP_CONCAT, and MariaDB's JSON_ARRAYAGG
	{1287, 1287, Advice},                // deprecated, use another
	{1301, 1301, Cut},                   // in a SELECT it is NULL then
	{1300, 1301, Refused},               // no such characters, longer than max_allowed_packet
	{interrupted, interrupted, Stopped | Unasked},
	{1366, 1367, Refused},                    // no such characters, no such number
	{1370, 1370, Denied | Account | Unasked}, // on a routine
	{1406, 1406, Refused},                    // too long for the column
	{1411, 1411, Refused},                    // no such value for a function
	{1412, 1412, Unasked},                    // the table's definition has changed
	{1592, 1592, Advice},                     // not safe for a binary log of statements
	{1615, 1615, Outlived},                   // to be prepared again
	{1613, 1615, Unasked},                    // re-preparing, XA
	{1681, 1681, Advice},                     // deprecated
	{1698, 1698, Account},                    // no password
	{1690, 1690, Refused},                    // out of range
	{1709, 1709, NoIndex},                    // a column too long for the row format
	{1799, 1799, Changed},                    // too many rows were stored during an online change
	{1815, 1815, Unasked},                    // internal error
	{1836, 1836, ReadOnly},
	{NotInstant, NotInstantWhy, NoIndex},
	{incomplete, incomplete, Cut},
	{1927, 1927, Unavailable | Unasked}, // MariaDB: connection was killed
	{1969, 1969, TimeLimit | Unasked},   // MariaDB's
	{3024, 3024, TimeLimit | Unasked},   // MySQL's
	{3140, 3141, Refused},               // MySQL: not JSON as it holds it
	{3150, 3150, TooBig},                // MySQL: JSON too large
	{3151, 3151, TooBig},                // MySQL: a key in JSON too long
	{3157, 3157, Refused},               // MySQL: JSON too deep
	{InsecureTransport, InsecureTransport, Unasked},
	{3169, 3169, Unavailable | Unasked}, // MySQL: session was killed
	{LockNotAvailable, LockNotAvailable, Locked},
	{3636, 3636, Cut},                         // MySQL, TiDB: cte_max_recursion_depth
	{3719, 3719, Advice},                      // MySQL: utf8 is going to be another charset
	{3778, 3778, Advice},                      // MySQL: a collation is deprecated
	{4025, 4025, Refused},                     // MariaDB: a constraint fails, such as that JSON is JSON
	{4031, 4031, Unavailable},                 // MySQL: the connection was idle for too long
	{4035, 4040, Refused},                     // MariaDB: JSON that it can't read
	{6414, 6414, Advice},                      // MySQL: tables of MEMORY and of InnoDB are filled in one transaction
	{8002, 8002, Conflict},                    // TiDB: write conflict
	{8004, 8004, TooBig},                      // TiDB: transaction too large
	{8005, 8005, Conflict},                    // TiDB: write conflict
	{8022, 8022, Conflict},                    // TiDB: commit failed
	{8025, 8025, TooBig},                      // TiDB: a row is larger than txn-entry-size-limit
	{8027, 8027, Unavailable},                 // TiDB: it does not hear of schema changes
	{8028, 8028, Conflict | Unasked},          // TiDB: the schema has changed meanwhile
	{8055, 8055, TimeLimit | Unasked},         // TiDB: the snapshot is older than what is kept
	{8111, 8111, Outlived},                    // TiDB: no such prepared statement
	{8113, 8113, Outlived},                    // TiDB: a table of the statement is another one now
	{8120, 8120, Unavailable},                 // TiDB: no time from the placement driver
	{8129, 8129, TooBig},                      // TiDB: a key in JSON too long
	{8175, 8176, Exhausted | Unasked},         // TiDB: a query, or all, take more memory than they may
	{8252, 8252, Exhausted | Unasked},         // TiDB: the resource group's quota
	{8253, 8254, TimeLimit | Unasked},         // TiDB: a limit on runaway queries
	{9001, 9003, Unavailable},                 // TiDB: placement driver, TiKV, busy
	{9004, 9004, Conflict | Locked | Unasked}, // TiDB: a lock is not resolved in time
	{9005, 9005, Unavailable},                 // TiDB: region
	{9006, 9006, TimeLimit | Unasked},         // TiDB: the transaction is older than what is kept
	{9007, 9007, Conflict},                    // TiDB: write conflict
	{9008, 9013, Unavailable},                 // TiDB: TiKV's and TiFlash's limits, time-outs and clocks
	{9500, 9500, TooBig},                      // TiDB: transaction too large
}

var classes = func() map[uint16]Class {
	all := make(map[uint16]Class)
	for _, r := range classRows {
		for n := r.first; n <= r.last; n++ {
			all[n] |= r.class
		}
	}
	return all
}()
