package ingest

import (
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

var (
	// ErrBusy means that too much is waiting to be stored already. The
	// request was not stored, and may be repeated later.
	ErrBusy = fault.Sentinel(fault.Busy, "too many events are waiting to be stored",
		"too much is waiting to be stored; nothing of this request was").With(fault.Facts{RetryAfter: time.Second})
	// ErrOutcomeUnknown means that the connection was lost while the
	// transaction was being committed: all of the request is stored, or
	// nothing is.
	ErrOutcomeUnknown = fault.Sentinel(fault.OutcomeUnknown, "outcome of the commit unknown",
		"the connection was lost while the events were being committed: all of them are stored, or none is")
	// ErrChanging means that the family was dropped and made again, by others,
	// in each of some attempts. The request was not stored, and may be repeated.
	ErrChanging = fault.Sentinel(fault.TableBusy, "the family was dropped in each attempt",
		"the family is dropped again and again; nothing of this request was stored")
	// ErrClosed means that the ingester takes no requests any more.
	ErrClosed = fault.Sentinel(fault.ShuttingDown, "ingester closed", "the service is shutting down")
)

// maxListed is the number of errors that an InvalidError lists.
const maxListed = 20

// InvalidError means that a request breaks the rules, and that nothing of it
// was stored.
type InvalidError struct {
	Errors []fault.Event // the first 20, in the order of the body
	Total  int
}

func (e *InvalidError) Error() string {
	if e.Total > 1 {
		return fmt.Sprintf("%s (and %d more errors)", e.Errors[0], e.Total-1)
	}
	return e.Errors[0].String()
}

func (e *InvalidError) Code() fault.Code   { return fault.InvalidEvents }
func (e *InvalidError) Facts() fault.Facts { return fault.Facts{Events: e.Errors, Total: e.Total} }

func (e *InvalidError) add(err fault.Event) {
	e.Total++
	if len(e.Errors) < maxListed {
		e.Errors = append(e.Errors, err)
	}
}

// invalid returns an InvalidError of one error that no single event has.
func invalid(code fault.Code, field, format string, args ...any) error {
	return &InvalidError{Total: 1, Errors: []fault.Event{
		{Event: fault.Request, Field: field, Code: code, Detail: fmt.Sprintf(format, args...)},
	}}
}

// SyntaxError means that the body is not JSON, or not an object of the
// expected form.
type SyntaxError struct {
	Offset int // of the offending byte, from 0
	Reason string

	tooDeep bool // not the syntax is wrong: the nesting is beyond all use
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.Offset, e.Reason)
}

func (e *SyntaxError) Code() fault.Code   { return fault.InvalidJSON }
func (e *SyntaxError) Detail() string     { return e.Reason }
func (e *SyntaxError) Facts() fault.Facts { return fault.Facts{Offset: &e.Offset} }

// TooLargeError means that an event takes more bytes than a server accepts in
// one statement.
type TooLargeError struct {
	Event       int // its index in logs, from 0
	Size, Limit int // in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("event %d: %d bytes, more than %d", e.Event, e.Size, e.Limit)
}

func (e *TooLargeError) Code() fault.Code   { return fault.TooLarge }
func (e *TooLargeError) Facts() fault.Facts { return fault.Facts{Limit: e.Limit} }

// UnfitError means that a server refuses what a request would store: a value,
// or the size of a row. Nothing of the request was stored. Of several events at
// fault it names the first.
type UnfitError struct {
	Event int    // its index in logs, from 0; fault.Request if only all together are refused
	Field string // empty if only all of the event is refused
	Err   error  // of the server, wrapped by package shard
}

func (e *UnfitError) Error() string { return e.event().String() }
func (e *UnfitError) Unwrap() error { return e.Err }

func (e *UnfitError) Code() fault.Code {
	if e.event().Code == fault.TooLarge {
		return fault.TooLarge
	}
	return fault.InvalidEvents
}

func (e *UnfitError) Facts() fault.Facts {
	return fault.Facts{Events: []fault.Event{e.event()}, Total: 1, Field: e.Field}
}

func (e *UnfitError) event() fault.Event {
	code, detail := fault.Refused, e.Err.Error()
	if server.ClassOf(e.Err).Has(server.TooBig) {
		code = fault.TooLarge
	}
	if refusal := (*shard.ServerError)(nil); errors.As(e.Err, &refusal) {
		detail = "the server refuses it: " + refusal.Message
	}
	return fault.Event{Event: e.Event, Field: e.Field, Code: code, Detail: detail}
}
