package api

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/kolide/databalancer/fault"
)

// problem is the body of every failure: application/problem+json as in
// RFC 9457, with members of our own.
type problem struct {
	Type    string     `json:"type"`
	Title   string     `json:"title"`
	Status  int        `json:"status"`
	Code    fault.Code `json:"code"`
	Detail  string     `json:"detail,omitempty"`
	QueryID string     `json:"query_id,omitempty"`
	fault.Facts
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
	if p.RetryAfter > 0 {
		seconds := int((p.RetryAfter + time.Second - 1) / time.Second)
		h.Set("Retry-After", strconv.Itoa(seconds))
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
