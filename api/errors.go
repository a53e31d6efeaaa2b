package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/shard"
)

// statusClientGone is for metrics and the log: nobody receives it.
const statusClientGone = 499

// ErrShuttingDown is the cause with which the owner of the HTTP server cancels
// requests that still run when it has to stop.
var ErrShuttingDown = errors.New("the service is shutting down")

// condition is what the client is told of an error without further facts.
// Where the detail is empty it is the error's own text, which is then known to
// name nothing but what the client named.
type condition struct {
	err        error
	status     int
	code       string
	retryAfter time.Duration // 0: no such advice
	detail     string
}

// conditions are searched in this order: the first that matches counts.
var conditions = []condition{
	{catalog.ErrUnavailable, 503, "catalog_unavailable", 2 * time.Second,
		"the catalog's server can't be reached; families that are known can still be stored and queried"},
	{catalog.ErrOtherCatalog, 503, "catalog_unavailable", 0, "the catalog's database holds another catalog"},
	{catalog.ErrNewerSchema, 503, "catalog_unavailable", 0, "the catalog was written by a newer version"},
	{ingest.ErrOutcomeUnknown, 503, "outcome_unknown", 0,
		"the connection was lost while the events were being committed: all of them are stored, or none is"},
	{shard.ErrUnreachable, 503, "shard_unavailable", 2 * time.Second, "the shard can't be reached"},
	{shard.ErrClosed, 503, "shutting_down", 0, "the service is shutting down"},
	{ErrShuttingDown, 503, "shutting_down", 0, "the service is shutting down"},
	{ingest.ErrClosed, 503, "shutting_down", 0, "the service is shutting down"},
	{ingest.ErrBusy, 429, "busy", time.Second, "too much is waiting to be stored; nothing of this request was"},
	{catalog.ErrBusy, 503, "table_busy", 5 * time.Second,
		"statements on the table don't end, so its schema couldn't be changed in time"},
	{catalog.ErrNoActiveShard, 503, "no_active_shard", 0, "no shard takes new families"},
	{catalog.ErrUnknownFamily, 404, "unknown_family", 0, ""},
	{catalog.ErrUnknownTable, 404, "unknown_table", 0, ""},
	{catalog.ErrUnknownShard, 404, "unknown_shard", 0, ""},
	{catalog.ErrUnknownIndex, 404, "unknown_index", 0, ""},
	{catalog.ErrUnknownColumn, 400, "unknown_column", 0, ""},
	{catalog.ErrIndexRefused, 422, "cannot_index", 0, "the server refuses an index of these columns"},
	{catalog.ErrNameTaken, 409, "name_taken", 0, ""},
	{shard.ErrUnknown, 404, "unknown_shard", 0, "there is no such shard"},
	{shard.ErrNoTable, 404, "unknown_table", 0, "there is no such table on the shard, or queries may not see it"},
	{shard.ErrNotBaseTable, 422, "not_base_table", 0, "only base tables can be registered"},
	{shard.ErrSystemDatabase, 403, "forbidden_table", 0, "the database belongs to the server itself"},
	{shard.ErrOwnDatabase, 403, "forbidden_table", 0, "the database is databalancer's own"},
	{shard.ErrAddress, 400, "invalid_argument", 0, ""},
	{shard.ErrAddressDiffers, 409, "address_differs", 0, "the shard is registered at another address"},
	{tables.ErrRawLogs, 409, "name_taken", 0, "the server has a table raw_logs that is not databalancer's"},
	{proxy.ErrCancelled, 409, "cancelled", 0, "the query was stopped by its id"},
	{errClientGone, statusClientGone, "client_gone", 0, "the client did not take its answer"},
	{context.DeadlineExceeded, 504, "timeout", 0, "the time allowed was over before the answer was complete"},
	{context.Canceled, statusClientGone, "client_gone", 0, "the client went away"},
}

// routerStatus is the status of each of the router's refusals.
var routerStatus = map[fault.Code]int{
	fault.Syntax:            400,
	fault.InvalidArgument:   400,
	fault.UnknownColumn:     400,
	fault.NotSelect:         403,
	fault.ForbiddenFunction: 403,
	fault.ForbiddenTable:    403,
	fault.ForbiddenClause:   403,
	fault.UnknownTable:      404,
	fault.TooLarge:          413,
	fault.Unsupported:       422,
}

// problemOf returns what the client is told of err: this is the one place
// where an error becomes a status.
func problemOf(err error) *problem {
	p := typedProblem(err)
	if p == nil {
		p = conditionProblem(err)
	}
	if p == nil {
		p = serverProblem(err)
	}
	if p.Shard == "" {
		p.Shard = shardOf(err)
	}
	p.Type, p.Title = "about:blank", http.StatusText(p.Status)
	if p.Status == statusClientGone {
		p.Title = "Client Closed Request"
	}
	return p
}

// shardOf returns the name of the shard on which err came about, if it says.
func shardOf(err error) string {
	var (
		place *proxy.ShardError
		away  *shard.UnreachableError
	)
	switch {
	case errors.As(err, &place):
		return place.Shard
	case errors.As(err, &away):
		return away.Shard
	}
	return ""
}

// typedProblem is for the errors that carry facts of their own. It returns
// nil for others.
func typedProblem(err error) *problem {
	var (
		own         *problem
		refusal     *fault.Error
		unsupported *proxy.UnsupportedError
		gathered    *proxy.TooLargeError
		stale       *proxy.StaleError
		query       *queryFault
		invalid     *catalog.InvalidShardError
		identity    *shard.IdentityError
		spread      *catalog.SpreadError
		index       *catalog.IndexError
	)
	switch {
	case errors.As(err, &own):
		return own.clone()
	case errors.As(err, &refusal):
		return refusalProblem(refusal)
	case errors.As(err, &unsupported):
		return &problem{Status: 422, Code: string(fault.Unsupported), Detail: unsupported.Detail}
	case errors.As(err, &gathered):
		return &problem{Status: 422, Code: "gather_too_large", Shard: gathered.From, Detail: gathered.Error()}
	case errors.As(err, &query):
		return query.problem(400)
	case errors.As(err, &stale) && stale.Err == nil:
		return &problem{Status: 409, Code: "stale_table", Shard: stale.Shard,
			Detail: "a table on the shard has other columns than the catalog knows; PUT /api/tables/{table} reads those of a registered table again"}
	case errors.As(err, &invalid):
		return &problem{Status: 400, Code: "invalid_argument", Detail: invalid.Error()}
	case errors.As(err, &spread):
		return spreadProblem(spread)
	case errors.As(err, &index):
		return &problem{Status: 422, Code: "cannot_index", Family: index.Family, Field: index.Column, Detail: index.Error()}
	case errors.As(err, &identity):
		return &problem{Status: 503, Code: "shard_unavailable", Shard: identity.Shard,
			Detail: "the server at the shard's address is not that shard"}
	}
	return ingestProblem(err)
}

func spreadProblem(e *catalog.SpreadError) *problem {
	p := &problem{Status: 422, Code: "not_enough_shards", Family: e.Family, Detail: e.Error(), Limit: e.Placed + e.Available}
	if e.Shrinks() {
		p.Status, p.Code, p.Limit = 409, "cannot_shrink", e.Placed
	}
	return p
}

func refusalProblem(e *fault.Error) *problem {
	p := &problem{Status: routerStatus[e.Code()], Code: string(e.Code()), Detail: e.Detail(), Table: e.Facts().Table, Offset: e.Facts().Offset}
	if p.Status == 0 {
		p.Status = 400
	}
	return p
}

// ingestProblem is for the errors of PUT /api/log. It returns nil for others.
func ingestProblem(err error) *problem {
	var (
		syntax   *ingest.SyntaxError
		events   *ingest.InvalidError
		large    *ingest.TooLargeError
		conflict *catalog.TypeConflictError
		spelling *catalog.CaseConflictError
		columns  *catalog.TooManyColumnsError
	)
	switch {
	case errors.As(err, &syntax):
		return &problem{Status: 400, Code: "invalid_json", Detail: syntax.Detail, Offset: &syntax.Offset}
	case errors.As(err, &events):
		return &problem{Status: 400, Code: "invalid_events", Detail: events.Error(),
			Errors: eventProblems(events.Errors), Total: events.Total}
	case errors.As(err, &large):
		return &problem{Status: 413, Code: string(fault.TooLarge), Detail: large.Error(), Limit: large.Limit}
	case errors.As(err, &conflict):
		return &problem{Status: 409, Code: "type_conflict", Detail: conflict.Error(), Family: conflict.Family,
			Field: conflict.Field, Stored: string(conflict.Stored), Offered: string(conflict.Offered)}
	case errors.As(err, &spelling):
		return &problem{Status: 409, Code: "case_conflict", Detail: spelling.Error(),
			Family: spelling.Family, Field: spelling.Field, Stored: spelling.Stored}
	case errors.As(err, &columns):
		return &problem{Status: 400, Code: "too_many_columns", Detail: columns.Error(),
			Family: columns.Family, Limit: columns.Limit}
	}
	return nil
}

// conditionProblem looks err up in conditions. It returns nil for what is not
// there.
func conditionProblem(err error) *problem {
	for _, c := range conditions {
		if !errors.Is(err, c.err) {
			continue
		}
		p := &problem{Status: c.status, Code: c.code, Detail: c.detail, retryAfter: c.retryAfter}
		if p.Detail == "" {
			p.Detail = err.Error()
		}
		var server *shard.ServerError
		if errors.As(err, &server) {
			p.Shard, p.Number, p.SQLState = server.Shard, server.Number, server.SQLState
		}
		return p
	}
	return nil
}
