package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"testing"
	"time"
)

// coded is an error type of another package: with facts, and a text of its own
// that clients may read.
type coded struct {
	code Code
	err  error
}

func (e *coded) Error() string { return "a coded error" }
func (e *coded) Unwrap() error { return e.err }
func (e *coded) Code() Code    { return e.code }
func (e *coded) Facts() Facts  { return Facts{Shard: "a", Number: 7} }

// place has facts alone.
type place struct{ err error }

func (e *place) Error() string { return e.err.Error() }
func (e *place) Unwrap() error { return e.err }
func (e *place) Facts() Facts  { return Facts{Shard: "b", Table: "t"} }

func TestOf(t *testing.T) {
	busy := Sentinel(Busy, "internals", "too much waits").With(Facts{RetryAfter: time.Second})
	taken := Sentinel(NameTaken, "name taken", "")
	three := 3
	for _, tt := range []struct {
		why  string
		err  error
		want Report
	}{
		{"nothing", nil, Report{}},
		{"no code", errors.New("secret"), Report{}},
		{"plain", New(TooLarge, "more than %d", 5), Report{Code: TooLarge, Detail: "more than 5"}},
		{"a percent sign that is the client's", New(Syntax, "%s", "near 5%s"), Report{Code: Syntax, Detail: "near 5%s"}},
		{"at a place", At(Syntax, 3, "no FROM"), Report{Code: Syntax, Detail: "no FROM", Facts: Facts{Offset: &three}}},
		{"at no place", At(Syntax, -1, "no FROM"), Report{Code: Syntax, Detail: "no FROM"}},
		{"a sentinel's detail hides what wraps it", fmt.Errorf("host db1: %w", busy),
			Report{Code: Busy, Detail: "too much waits", Facts: Facts{RetryAfter: time.Second}}},
		{"a sentinel without one shows it", fmt.Errorf("family dogs: %w", taken), Report{Code: NameTaken, Detail: "family dogs: name taken"}},
		{"a type's own text hides what wraps it", fmt.Errorf("host db1: %w", &coded{TypeConflict, nil}),
			Report{Code: TypeConflict, Detail: "a coded error", Facts: Facts{Shard: "a", Number: 7}}},
		{"the outer code counts, and the facts of all", &coded{StaleTable, fmt.Errorf("%w, %w", io.EOF, &place{busy})},
			Report{Code: StaleTable, Detail: "a coded error", Facts: Facts{Shard: "a", Table: "t", Number: 7, RetryAfter: time.Second}}},
		{"the first of several counts", errors.Join(busy, taken), Report{Code: Busy, Detail: "too much waits", Facts: Facts{RetryAfter: time.Second}}},
		{"an error with nothing to tell leaves it to its cause", &coded{"", &place{taken}},
			Report{Code: NameTaken, Detail: "a coded error", Facts: Facts{Shard: "a", Table: "t", Number: 7}}},
		{"time is over", fmt.Errorf("x: %w", context.DeadlineExceeded),
			Report{Code: Timeout, Detail: "the time allowed was over before the answer was complete"}},
		{"what has a code counts before the end of a context", errors.Join(context.Canceled, busy),
			Report{Code: Busy, Detail: "too much waits", Facts: Facts{RetryAfter: time.Second}}},
	} {
		if got := Of(tt.err); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %+v, want %+v", tt.why, got, tt.want)
		}
		if got := CodeOf(tt.err); got != tt.want.Code {
			t.Errorf("%s: code %s", tt.why, got)
		}
	}
}

func TestSentinelsDiffer(t *testing.T) {
	one, other := Sentinel(Busy, "busy", ""), Sentinel(Busy, "busy", "")
	if err := fmt.Errorf("x: %w", one); !errors.Is(err, one) || errors.Is(err, other) {
		t.Error("a sentinel is another")
	}
}

func TestEventNamesItsPlace(t *testing.T) {
	for want, e := range map[string]Event{
		"event 3: field a: too_deep: nested": {Event: 3, Field: "a", Code: TooDeep, Detail: "nested"},
		"unknown_type: int32":                {Event: Request, Code: UnknownType, Detail: "int32"},
	} {
		if got := e.String(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
