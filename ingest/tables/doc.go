// Package tables makes and changes the tables on the shards: those of families
// ([Families]) and raw_logs ([RawLogs]). All DDL of theirs is here, and nobody
// else says how their tables look.
//
// The statements (statements.go, dialect.go, rawlogs.go) are pure functions of
// a table and a server, so that the ones for servers that no test runs against
// are at least seen by the tests.
//
// Each family's table bears a comment that names the life of the family it
// belongs to. So a table that somebody else made is neither filled nor
// dropped, and neither is that of a family of the same name which was created
// later.
//
// The columns of a wide family that have a group are virtual: they show the
// members of a hidden JSON column. Who stores rows writes that one, under the
// names that [Member] gives. How texts are read from there differs between
// servers, and with the room in the table's definition (texts.go); whoever
// stores rows asks what would be lost of them ([Families.Loss]).
package tables
