package proxy

import (
	"errors"

	"github.com/kolide/databalancer/shard"
)

// QueryError is an error of a shard's server that the text of the client's
// query has caused.
type QueryError struct{ Server *shard.ServerError }

func (e *QueryError) Error() string { return e.Server.Error() }
func (e *QueryError) Unwrap() error { return e.Server }

// blame makes a *QueryError of a server's error if the query's text is the
// reason for it, and returns other errors as they are.
func blame(err error) error {
	server, ok := errors.AsType[*shard.ServerError](err)
	if ok && !errors.Is(err, shard.ErrUnreachable) && clientsFault(server) {
		return &QueryError{server}
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
