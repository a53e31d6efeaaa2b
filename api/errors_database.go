package api

import (
	"errors"
	"strings"

	"github.com/kolide/databalancer/shard"
)

// queryFault is an error of a shard's server that the text of the client's
// query has caused.
type queryFault struct{ server *shard.ServerError }

func (e *queryFault) Error() string { return e.server.Error() }
func (e *queryFault) Unwrap() error { return e.server }

func (e *queryFault) problem(status int) *problem {
	return &problem{Status: status, Code: "database_error", Detail: e.server.Message,
		Shard: e.server.Shard, Number: e.server.Number, SQLState: e.server.SQLState}
}

// blame makes a *queryFault of a server's error if the query's text is the
// reason for it, and returns other errors as they are.
func blame(err error) error {
	var server *shard.ServerError
	if errors.As(err, &server) && !errors.Is(err, shard.ErrUnreachable) && clientsFault(server) {
		return &queryFault{server}
	}
	return err
}

// clientsFault reports whether a query's text can be the reason for a server's
// error: by the class of its SQLSTATE (ISO/IEC 9075: 21 cardinality, 22 data,
// 42 syntax or access rule), or by its number where the state is general.
func clientsFault(e *shard.ServerError) bool {
	if denied[e.Number] {
		return false
	}
	if len(e.SQLState) == 5 && strings.Contains("21 22 42", e.SQLState[:2]) {
		return true
	}
	for _, r := range queryErrors {
		if r.first <= e.Number && e.Number <= r.last {
			return true
		}
	}
	return false
}

// denied are errors of class 42 by which a server refuses our own account.
var denied = map[uint16]bool{1044: true, 1045: true, 1142: true, 1143: true, 1227: true, 1370: true}

// queryErrors are the numbers of errors with SQLSTATE HY000 that a SELECT's
// text can cause, from the error references of MySQL 8.0 and MariaDB. The
// numbers from 3000 to 3999 are MySQL's own, those from 4000 MariaDB's.
var queryErrors = []struct{ first, last uint16 }{
	{1105, 1105}, // unknown error, as TiDB reports faults in expressions
	{1111, 1111}, // invalid use of a group function
	{1115, 1116}, // unknown character set, too many tables
	{1128, 1128}, // function not defined
	{1191, 1191}, // no FULLTEXT index for MATCH
	{1210, 1210}, // incorrect arguments
	{1221, 1221}, // wrong usage, as of UNION and ORDER BY
	{1235, 1235}, // not supported by this version
	{1243, 1243}, // unknown statement handler
	{1247, 1247}, // illegal reference
	{1265, 1265}, // data truncated
	{1267, 1267}, // illegal mix of collations
	{1270, 1273}, // illegal mix of collations, unknown collation
	{1292, 1292}, // truncated incorrect value
	{1300, 1300}, // invalid character string
	{1366, 1367}, // incorrect value, illegal non-numeric value
	{1411, 1411}, // incorrect value for a function
	{1416, 1416}, // invalid geometry
	{1436, 1436}, // thread stack overrun by a deep expression
	{1525, 1525}, // incorrect value
	{1690, 1690}, // value out of range
	{3037, 3037}, // invalid GIS data
	{3064, 3064}, // incorrect type for an argument
	{3140, 3158}, // JSON
	{3505, 3506}, // incorrect arguments
	{3548, 3555}, // spatial reference systems
	{3568, 3599}, // CTEs and windows
	{3617, 3618}, // spatial
	{3636, 3636}, // recursion too deep
	{3685, 3699}, // regular expressions
	{4001, 4030}, // MariaDB: CTEs and windows
	{4036, 4046}, // MariaDB: JSON
}

// serverProblem is for what is nobody's fault but ours or a server's.
func serverProblem(err error) *problem {
	p := &problem{Status: 500, Code: "internal", Detail: "an internal error; the log tells more"}
	var server *shard.ServerError
	if !errors.As(err, &server) {
		return p
	}
	p.Shard, p.Number, p.SQLState = server.Shard, server.Number, server.SQLState
	switch server.Number {
	case 1969, 3024: // a time limit of the server's own
		p.Status, p.Code, p.Detail = 504, "timeout", "the server's own time limit ended the statement"
	case 1205, 1213: // lock wait time-out, deadlock
		p.Status, p.Code, p.Detail = 503, "shard_busy", "the statement lost out to others for a lock"
	case 1044, 1142, 1143, 1370: // privileges on a database, table, column or routine
		p.Status, p.Code, p.Detail = 403, "database_error", server.Message
	case 1021, 1037, 1038, 1041, 1114: // disk, memory or table full
		p.Status, p.Code, p.Detail = 503, "shard_exhausted", "the server has no room left for this statement"
	}
	return p
}
