package server

import "strings"

// Collation is the one that connections begin with, as MySQL, MariaDB and TiDB
// have it, and the catalog's own sessions and database go on with. It is also
// that of all sessions and families of catalogs that were made before a
// catalog had a collation of its own.
const Collation = "utf8mb4_unicode_ci"

// QuoteName makes a name an identifier.
func QuoteName(name string) string {
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}
