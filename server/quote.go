package server

import "strings"

// Collation is the collation of all that is ours: sessions, databases and
// tables. MySQL 8, MariaDB and TiDB have it.
const Collation = "utf8mb4_unicode_ci"

// QuoteName makes a name an identifier.
func QuoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}
