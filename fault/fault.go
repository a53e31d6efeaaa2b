// Package fault is what all packages agree on about errors. An error that a
// client can be told of says what kind it is (a [Code]), what it is about
// ([Facts]), and where its own text is not for clients, what they may read in
// its place. The fronts alone know what a code means in their protocol.
//
// An error type takes part by having a method Code; see [Fault]. Errors that
// have no more to say than that are of type [Error]. Whatever has no code is an
// internal error, of which clients learn nothing.
package fault

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"
)

// Fault is an error with a code. It may also have
//
//	Facts() Facts    what it is about
//	Detail() string  what clients read in place of its text; "" for all of
//	                 the text of the error that wraps it
type Fault interface {
	error
	// Code returns "" where there turns out to be nothing to tell.
	Code() Code
}

// Facts are what an error is about, under the names that clients know them by.
// The zero value of each means that it is not about such a thing.
type Facts struct {
	Offset  *int   `json:"offset,omitempty"` // in the client's SQL or JSON, in bytes from 0
	Shard   string `json:"shard,omitempty"`
	Table   string `json:"table,omitempty"`
	Family  string `json:"family,omitempty"`
	Field   string `json:"field,omitempty"`
	Stored  string `json:"stored,omitempty"`  // the type or name that is there
	Offered string `json:"offered,omitempty"` // the type that was sent
	Limit   int    `json:"limit,omitempty"`

	Number   uint16 `json:"number,omitempty"`   // of a database's own error
	SQLState string `json:"sqlstate,omitempty"` // its five characters

	Events []Event `json:"errors,omitempty"` // the first few faults of single events
	Total  int     `json:"total,omitempty"`  // of events' faults

	RetryAfter time.Duration `json:"-"` // when trying again has a point; 0: not known
}

// Event is what is wrong with one event of a request, or, where Event is
// [Request], with what all of them share.
type Event struct {
	Event  int    `json:"event"`           // its index in the request, from 0; or Request
	Field  string `json:"field,omitempty"` // the field's or member's name; empty for the event as a whole
	Code   Code   `json:"code"`
	Detail string `json:"detail"`
}

// Request is Event.Event of a fault that no single event has.
const Request = -1

func (e Event) String() string {
	text := string(e.Code) + ": " + e.Detail
	if e.Field != "" {
		text = "field " + e.Field + ": " + text
	}
	if e.Event != Request {
		text = fmt.Sprintf("event %d: %s", e.Event, text)
	}
	return text
}

// Error is a plain fault. Declared once as a variable it is a sentinel, for
// errors.Is.
type Error struct {
	code   Code
	text   string
	detail string
	facts  Facts
}

// New returns an error whose text is meant for clients.
func New(code Code, format string, args ...any) *Error {
	text := fmt.Sprintf(format, args...)
	return &Error{code: code, text: text, detail: text}
}

// At is New with a place in the client's text, in bytes from 0; an offset of -1
// says that no place can be told.
func At(code Code, offset int, format string, args ...any) *Error {
	e := New(code, format, args...)
	if offset >= 0 {
		e.facts.Offset = &offset
	}
	return e
}

// Sentinel returns an error that is wrapped by others. Clients read detail in
// place of all their text; where it is empty, that text is for clients, too.
func Sentinel(code Code, text, detail string) *Error {
	return &Error{code: code, text: text, detail: detail}
}

// With returns e with facts. It changes e, and is for the making of errors.
func (e *Error) With(facts Facts) *Error {
	e.facts = facts
	return e
}

func (e *Error) Error() string  { return e.text }
func (e *Error) Code() Code     { return e.code }
func (e *Error) Detail() string { return e.detail }
func (e *Error) Facts() Facts   { return e.facts }

// CodeOf returns the code of the first error in err's tree that has one, else
// the code of a context that has ended, else "".
func CodeOf(err error) Code { return Of(err).Code }

// Report is all that a client is told of an error.
type Report struct {
	Code   Code
	Detail string
	Facts
}

// Of returns what clients are told of err: the code and detail of the first
// error in its tree, as errors.As goes through it, that has a code, and the
// facts of all, the first ones first. Of an error that has no code it returns
// the facts alone.
func Of(err error) Report {
	var r Report
	if f := first(err); f != nil {
		r.Code, r.Detail = f.Code(), detailOf(f)
		if r.Detail == "" {
			r.Detail = err.Error()
		}
	} else {
		r.Code, r.Detail = ended(err)
	}
	r.collect(err)
	return r
}

// ended is for the errors of contexts, which are not ours.
func ended(err error) (Code, string) {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Timeout, "the time allowed was over before the answer was complete"
	case errors.Is(err, context.Canceled):
		return ClientGone, "the client went away"
	}
	return "", ""
}

func detailOf(f Fault) string {
	if d, ok := f.(interface{ Detail() string }); ok {
		return d.Detail()
	}
	return f.Error()
}

// first returns the first fault in err's tree that has something to tell.
func first(err error) Fault {
	if f, ok := err.(Fault); ok && f.Code() != "" {
		return f
	}
	for _, cause := range causes(err) {
		if f := first(cause); f != nil {
			return f
		}
	}
	return nil
}

func causes(err error) []error {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return []error{e.Unwrap()}
	case interface{ Unwrap() []error }:
		return e.Unwrap()
	}
	return nil
}

// collect adds the facts of err's tree that are not known yet.
func (f *Facts) collect(err error) {
	if e, ok := err.(interface{ Facts() Facts }); ok {
		f.add(e.Facts())
	}
	for _, cause := range causes(err) {
		f.collect(cause)
	}
}

func (f *Facts) add(more Facts) {
	if f.Offset == nil {
		f.Offset = more.Offset
	}
	f.Shard = cmp.Or(f.Shard, more.Shard)
	f.Table = cmp.Or(f.Table, more.Table)
	f.Family = cmp.Or(f.Family, more.Family)
	f.Field = cmp.Or(f.Field, more.Field)
	f.Stored = cmp.Or(f.Stored, more.Stored)
	f.Offered = cmp.Or(f.Offered, more.Offered)
	f.Limit = cmp.Or(f.Limit, more.Limit)
	f.Number = cmp.Or(f.Number, more.Number)
	f.SQLState = cmp.Or(f.SQLState, more.SQLState)
	f.RetryAfter = cmp.Or(f.RetryAfter, more.RetryAfter)
	if f.Events == nil {
		f.Events, f.Total = more.Events, more.Total
	}
}
