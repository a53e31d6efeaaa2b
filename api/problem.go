package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/kolide/databalancer/ingest"
)

// problem is the body of every failure: application/problem+json as in
// RFC 9457, with members of our own.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`

	Offset  *int   `json:"offset,omitempty"` // in the request's SQL or JSON, in bytes
	QueryID string `json:"query_id,omitempty"`
	Shard   string `json:"shard,omitempty"`
	Table   string `json:"table,omitempty"`
	Family  string `json:"family,omitempty"`
	Field   string `json:"field,omitempty"`
	Stored  string `json:"stored,omitempty"`  // the type or name that is there
	Offered string `json:"offered,omitempty"` // the type that was sent
	Limit   int    `json:"limit,omitempty"`

	Number   uint16 `json:"number,omitempty"` // a database's own error
	SQLState string `json:"sqlstate,omitempty"`

	Errors []eventProblem `json:"errors,omitempty"`
	Total  int            `json:"total,omitempty"` // of errors, of which 20 are listed

	retryAfter     time.Duration
	acceptEncoding string
}

// eventProblem is one fault of one event.
type eventProblem struct {
	Event  int    `json:"event"` // its index in the request; -1: the schema
	Field  string `json:"field,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

func eventProblems(errors []ingest.EventError) []eventProblem {
	list := make([]eventProblem, 0, min(len(errors), listedErrors))
	for _, e := range errors[:min(len(errors), listedErrors)] {
		list = append(list, eventProblem{Event: e.Event, Field: e.Field, Code: string(e.Code), Detail: e.Detail})
	}
	return list
}

// listedErrors is how many of a request's faults an answer lists at most.
const listedErrors = 20

// Error makes a problem the error of a handler that has found it itself.
func (p *problem) Error() string { return p.Code + ": " + p.Detail }

// clone returns a copy, since some problems are package variables.
func (p *problem) clone() *problem {
	c := *p
	return &c
}

func (p *problem) json() []byte {
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers only
		panic(err)
	}
	return body
}

// write sends the problem as the whole answer.
func (p *problem) write(w http.ResponseWriter, timeout time.Duration) {
	h := w.Header()
	if p.retryAfter > 0 {
		seconds := int((p.retryAfter + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	if p.acceptEncoding != "" {
		h.Set("Accept-Encoding", p.acceptEncoding)
	}
	send(w, p.Status, "application/problem+json", append(p.json(), '\n'), timeout)
}

// writeJSON sends a value as the whole answer.
func (a *API) writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := json.Marshal(value)
	if err != nil {
		return err
	}
	send(w, status, "application/json", append(body, '\n'), a.cfg.WriteTimeout)
	return nil
}

// send writes an answer that is held in memory. A client that does not take
// it finds its connection closed; there is nobody else to tell.
func send(w http.ResponseWriter, status int, contentType string, body []byte, timeout time.Duration) {
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(timeout))
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
