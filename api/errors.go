package api

import (
	"net/http"

	"github.com/kolide/databalancer/fault"
)

// statusClientGone is for metrics and the log: nobody receives it.
const statusClientGone = 499

// statuses is the one place where a code becomes a status.
var statuses = map[fault.Code]int{
	fault.Syntax:               400,
	fault.InvalidArgument:      400,
	fault.InvalidJSON:          400,
	fault.InvalidEvents:        400,
	fault.IncompleteBody:       400,
	fault.UnknownColumn:        400,
	fault.TooManyColumns:       400,
	fault.DatabaseError:        400,
	fault.DatabaseDenied:       403,
	fault.NotSelect:            403,
	fault.ForbiddenFunction:    403,
	fault.ForbiddenTable:       403,
	fault.ForbiddenClause:      403,
	fault.NotFound:             404,
	fault.UnknownFamily:        404,
	fault.UnknownTable:         404,
	fault.UnknownShard:         404,
	fault.UnknownIndex:         404,
	fault.UnknownQuery:         404,
	fault.MethodNotAllowed:     405,
	fault.NotAcceptable:        406,
	fault.BodyTimeout:          408,
	fault.TypeConflict:         409,
	fault.CaseConflict:         409,
	fault.NameTaken:            409,
	fault.CannotShrink:         409,
	fault.AddressDiffers:       409,
	fault.IdentityConflict:     409,
	fault.StaleTable:           409,
	fault.Cancelled:            409,
	fault.TooLarge:             413,
	fault.UnsupportedMediaType: 415,
	fault.Unsupported:          422,
	fault.AnswerCut:            422,
	fault.GatherTooLarge:       422,
	fault.NotBaseTable:         422,
	fault.CannotIndex:          422,
	fault.NotEnoughShards:      422,
	fault.Busy:                 429,
	fault.ClientGone:           statusClientGone,
	fault.Internal:             500,
	fault.MemoryBusy:           503,
	fault.TableBusy:            503,
	fault.ShardBusy:            503,
	fault.ShardUnavailable:     503,
	fault.ShardExhausted:       503,
	fault.CatalogUnavailable:   503,
	fault.RightsMissing:        503,
	fault.NoActiveShard:        503,
	fault.OutcomeUnknown:       503,
	fault.ShuttingDown:         503,
	fault.Timeout:              504,
}

// published are the codes that clients know by another one.
var published = map[fault.Code]fault.Code{fault.DatabaseDenied: fault.DatabaseError}

// ErrShuttingDown is the cause with which the owner of the HTTP server cancels
// requests that still run when it has to stop.
var ErrShuttingDown = fault.Sentinel(fault.ShuttingDown, "the service is shutting down", "the service is shutting down")

// problemOf returns what the client is told of err. Of what has no code, or
// one without a status, nobody but the log learns more than where it was.
func problemOf(err error) *problem {
	r := fault.Of(err)
	status, known := statuses[r.Code]
	if !known {
		r.Code, r.Detail, status = fault.Internal, "an internal error; the log tells more", 500
	}
	if p, ok := published[r.Code]; ok {
		r.Code = p
	}
	title := http.StatusText(status)
	if status == statusClientGone {
		title = "Client Closed Request"
	}
	return &problem{Type: "about:blank", Title: title, Status: status, Code: r.Code, Detail: r.Detail, Facts: r.Facts}
}
