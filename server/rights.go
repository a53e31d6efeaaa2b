package server

import (
	"slices"
	"strings"
)

// Role is what an account of databalancer's on a server is for. One account
// may have several.
type Role string

const (
	ForWriting  Role = "writing"  // tables on shards, and their rows
	ForQuerying Role = "querying" // what clients ask, also across shards
	ForCatalog  Role = "catalog"  // the catalog's database
)

// Right is a privilege on all tables of a database.
type Right struct {
	Name     string // as GRANT spells it
	Database string
}

// Rights are all that an account needs for its role. An account may always
// KILL its own statements and see them in the process list. What the catalog's
// account reads of the other database is which shard its server is.
func (s Info) Rights(role Role, database, catalog string) []Right {
	switch role {
	case ForQuerying:
		if s.Gathers() {
			return on(database, "SELECT", "CREATE TEMPORARY TABLES")
		}
		return on(database, "SELECT")
	case ForCatalog:
		return append(on(catalog, "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER"), on(database, "SELECT")...)
	}
	return on(database, "SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP", "INDEX")
}

func on(database string, names ...string) (rights []Right) {
	for _, name := range names {
		rights = append(rights, Right{name, database})
	}
	return rights
}

// noTable is the name of a table that there is in no database.
const noTable = "databalancer_no_such_table"

// Probe spells a statement that fails with an error of the class Denied for an
// account without the right, and does nothing for one with it. So it needs no
// list of grants, whose roles, patterns and revocations each vendor has of its
// own. Servers look at the rights before they find that a table does not exist;
// but TiDB says that first to an account with any right on the database, so
// there it takes the given table and its column, which should exist.
func (s Info) Probe(r Right, table, column string) string {
	if s.Vendor != TiDB {
		table = noTable
	}
	database := QuoteName(r.Database)
	table, column = database+"."+QuoteName(table), QuoteName(column)
	switch r.Name {
	case "SELECT":
		return "SELECT " + column + " FROM " + table + " WHERE FALSE"
	case "INSERT":
		return "INSERT INTO " + table + " (" + column + ") SELECT 1 FROM DUAL WHERE FALSE"
	case "UPDATE":
		return "UPDATE " + table + " SET " + column + " = 1 WHERE FALSE"
	case "DELETE":
		return "DELETE FROM " + table + " WHERE FALSE"
	case "ALTER":
		return "ALTER TABLE " + table + " DROP COLUMN " + noTable
	case "INDEX":
		return "DROP INDEX " + noTable + " ON " + table
	case "DROP":
		return "DROP TABLE " + database + "." + noTable
	case "CREATE TEMPORARY TABLES":
		// A column may not be there twice.
		return "CREATE TEMPORARY TABLE " + database + "." + noTable + " (a INT, a INT)"
	}
	return "CREATE DATABASE IF NOT EXISTS " + database
}

// Grants spells the statements that give an account the rights, one a
// database. The account is quoted already.
func Grants(rights []Right, account string) []string {
	var databases []string
	names := map[string][]string{}
	for _, r := range rights {
		if !slices.Contains(databases, r.Database) {
			databases = append(databases, r.Database)
		}
		if !slices.Contains(names[r.Database], r.Name) {
			names[r.Database] = append(names[r.Database], r.Name)
		}
	}
	statements := make([]string, len(databases))
	for i, database := range databases {
		statements[i] = "GRANT " + strings.Join(names[database], ", ") + " ON " + quotePattern(database) + ".* TO " + account
	}
	return statements
}

// quotePattern quotes a database's name where GRANT takes it for a pattern, in
// which _ and % stand for other characters.
func quotePattern(database string) string {
	return QuoteName(strings.NewReplacer(`\`, `\\`, `_`, `\_`, `%`, `\%`).Replace(database))
}

// QuoteAccount spells an account with its host.
func QuoteAccount(user, host string) string { return quoteText(user) + "@" + quoteText(host) }

func quoteText(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `''`).Replace(text) + "'"
}
