package api

import (
	"errors"

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
	if err == nil {
		return nil
	}
	var server *shard.ServerError
	if errors.As(err, &server) && !errors.Is(err, shard.ErrUnreachable) && clientsFault(server) {
		return &queryFault{server}
	}
	return err
}

// clientsFault reports whether a query's text is the reason for a server's
// error. All that a client can send is one SELECT, so it mostly is: what is
// not stands in serverFaults.
func clientsFault(e *shard.ServerError) bool {
	for _, r := range serverFaults {
		if r.first <= e.Number && e.Number <= r.last {
			return false
		}
	}
	return true
}

// serverFaults are the numbers of errors that a server gives to a SELECT for
// reasons of its own, from the error references of MySQL 8.0 and MariaDB.
var serverFaults = []struct{ first, last uint16 }{
	{1000, 1045}, // files, storage engines, memory, connections, accounts
	{1053, 1053}, // shutdown
	{1077, 1081}, // shutdown, sockets
	{1114, 1114}, // table full
	{1129, 1135}, // hosts, passwords, threads
	{1142, 1143}, // privileges on tables and columns
	{1180, 1181}, // commit, rollback
	{1192, 1197}, // crashed tables, caches
	{1203, 1203}, // too many connections
	{1205, 1208}, // locks
	{1213, 1213}, // deadlock
	{1226, 1227}, // limits and privileges of an account
	{1290, 1290}, // an option of the server is in the way
	{1296, 1297}, // errors of engines
	{1317, 1317}, // interrupted
	{1370, 1370}, // privileges on routines
	{1412, 1412}, // the table's definition has changed
	{1613, 1615}, // re-preparing, XA
	{1815, 1815}, // internal error
	{1927, 1927}, // killed
	{1969, 1969}, // time limit
	{3024, 3024}, // time limit
	{3169, 3169}, // killed
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
