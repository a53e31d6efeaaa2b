package ingest

import (
	"errors"
	"fmt"
)

var (
	// ErrBusy means that too much is waiting to be stored already. The
	// request was not stored, and may be repeated later.
	ErrBusy = errors.New("too many events are waiting to be stored")
	// ErrOutcomeUnknown means that the connection was lost while the
	// transaction was being committed: all of the request is stored, or
	// nothing is.
	ErrOutcomeUnknown = errors.New("outcome of the commit unknown")
	// ErrClosed means that the ingester takes no requests any more.
	ErrClosed = errors.New("ingester closed")
)

// Code says in one word what is wrong with an event or a schema.
type Code string

const (
	// What an event's field can have.
	TypeMismatch Code = "type_mismatch" // a value of another type than the schema's
	OutOfRange   Code = "out_of_range"  // a number or a time that the type can't hold
	InvalidUTF8  Code = "invalid_utf8"  // not UTF-8, or half a surrogate pair
	DuplicateKey Code = "duplicate_key" // the same key twice in one object
	UnknownField Code = "unknown_field" // not in the schema
	TooDeep      Code = "too_deep"      // JSON nested deeper than MaxDepth

	// What the request can have besides.
	UnknownMember  Code = "unknown_member"
	MissingMember  Code = "missing_member"
	InvalidFamily  Code = "invalid_family"
	ReservedFamily Code = "reserved_family"
	InvalidField   Code = "invalid_field"
	ReservedField  Code = "reserved_field"
	UnknownType    Code = "unknown_type"
	IDConflict     Code = "id_conflict"     // both id and _id
	CaseConflict   Code = "case_conflict"   // two fields that differ only in case
	TooManyFields  Code = "too_many_fields" // more than catalog.MaxFields
)

// RequestEvent is EventError.Event of an error that no single event has.
const RequestEvent = -1

// EventError is what is wrong with one event, or, where Event is
// RequestEvent, with the request's family, schema or members.
type EventError struct {
	Event  int    // its index in logs, from 0; or RequestEvent
	Field  string // the field's or member's name; empty for the event as a whole
	Code   Code
	Detail string
}

func (e EventError) String() string {
	text := string(e.Code) + ": " + e.Detail
	if e.Field != "" {
		text = "field " + e.Field + ": " + text
	}
	if e.Event != RequestEvent {
		text = fmt.Sprintf("event %d: %s", e.Event, text)
	}
	return text
}

// maxListed is the number of errors that an InvalidError lists.
const maxListed = 20

// InvalidError means that a request breaks the rules, and that nothing of it
// was stored.
type InvalidError struct {
	Errors []EventError // the first 20, in the order of the body
	Total  int
}

func (e *InvalidError) Error() string {
	if e.Total > 1 {
		return fmt.Sprintf("%s (and %d more errors)", e.Errors[0], e.Total-1)
	}
	return e.Errors[0].String()
}

// Code returns the first error's.
func (e *InvalidError) Code() Code { return e.Errors[0].Code }

func (e *InvalidError) add(err EventError) {
	e.Total++
	if len(e.Errors) < maxListed {
		e.Errors = append(e.Errors, err)
	}
}

// invalid returns an InvalidError of one error that no single event has.
func invalid(code Code, field, format string, args ...any) error {
	return &InvalidError{Total: 1, Errors: []EventError{
		{Event: RequestEvent, Field: field, Code: code, Detail: fmt.Sprintf(format, args...)},
	}}
}

// SyntaxError means that the body is not JSON, or not an object of the
// expected form.
type SyntaxError struct {
	Offset int // of the offending byte, from 0
	Detail string

	tooDeep bool // not the syntax is wrong: the nesting is beyond all use
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("at byte %d: %s", e.Offset, e.Detail)
}

// TooLargeError means that an event takes more bytes than a server accepts in
// one statement.
type TooLargeError struct {
	Event       int // its index in logs, from 0
	Size, Limit int // in bytes
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("event %d: %d bytes, more than %d", e.Event, e.Size, e.Limit)
}
