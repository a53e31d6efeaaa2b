package api

import (
	"errors"

	"github.com/kolide/databalancer/shard"
)

// queryProblem is for an error of a shard's server that the text of the
// client's query has caused.
func queryProblem(e *shard.ServerError) *problem {
	return &problem{Status: 400, Code: "database_error", Detail: e.Message, Shard: e.Shard, Number: e.Number, SQLState: e.SQLState}
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
