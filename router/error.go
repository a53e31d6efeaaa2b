package router

// Code classifies an [Error]. The codes are part of the HTTP contract.
type Code string

const (
	Syntax            Code = "syntax"             // not SQL as MySQL understands it
	TooLarge          Code = "too_large"          // longer, larger or deeper than the limits
	NotSelect         Code = "not_select"         // a statement other than one SELECT or EXPLAIN of one
	ForbiddenFunction Code = "forbidden_function" // a function that is not on the allow-list
	ForbiddenTable    Code = "forbidden_table"    // a table outside the catalog's reach
	ForbiddenClause   Code = "forbidden_clause"   // INTO, FOR UPDATE, variables and the like
	UnknownTable      Code = "unknown_table"      // the catalog knows no such table
	UnknownColumn     Code = "unknown_column"     // no table in scope has such a column
	Unsupported       Code = "unsupported"        // understood, but not (yet) answered
	InvalidArgument   Code = "invalid_argument"   // the arguments do not fit the statement
)

// Error says why a query is not run. It is meant for the client's eyes: it
// speaks only of the client's own text.
type Error struct {
	Code   Code
	Detail string
	// Offset is where in the client's text the trouble begins, in bytes of
	// UTF-8, or -1 where no place can be told.
	Offset int
	Table  string // the table in question; else empty
}

func (e *Error) Error() string { return e.Detail }
