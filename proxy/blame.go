package proxy

import (
	"errors"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// QueryError is an error of a shard's server that the text of the client's
// query has caused.
type QueryError struct{ Server *shard.ServerError }

func (e *QueryError) Error() string    { return e.Server.Error() }
func (e *QueryError) Unwrap() error    { return e.Server }
func (e *QueryError) Code() fault.Code { return fault.DatabaseError }
func (e *QueryError) Detail() string   { return e.Server.Message }

// blame makes a *QueryError of a server's error if the query's text is the
// reason for it, a *shard.CutError if a limit of the server is, and returns other errors as they are. All that a client can
// send is one SELECT, so its text mostly is.
func blame(err error) error {
	refusal, ok := errors.AsType[*shard.ServerError](err)
	if ok && server.Classify(refusal.Number, refusal.Message).Has(server.Cut) {
		return &shard.CutError{Shard: refusal.Shard, Number: refusal.Number, Reason: refusal.Message}
	}
	if ok && !errors.Is(err, shard.ErrUnreachable) && !server.Classify(refusal.Number, refusal.Message).Has(server.Unasked) {
		return &QueryError{refusal}
	}
	return err
}
