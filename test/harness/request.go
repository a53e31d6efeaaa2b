package harness

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Response is an answer, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	Err    error // of the transport, an aborted body's among them
}

// Request sends one request. A body that is neither a string nor bytes is sent
// as JSON. The headers are names and values in turns.
func (p *Process) Request(method, path string, body any, headers ...string) Response {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		text, err := json.Marshal(b)
		if err != nil {
			return Response{Err: err}
		}
		reader = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, "http://"+p.Address+path, reader)
	if err != nil {
		return Response{Err: err}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := p.client.Do(req)
	if err != nil {
		return Response{Err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return Response{res.StatusCode, res.Header, text, err}
}

// Failure returns nil for the status 200, and else what went wrong: a *Problem
// if the server answered with one.
func (r Response) Failure() error {
	if r.Err != nil || r.Status == http.StatusOK {
		return r.Err
	}
	if p := r.Problem(); p.Code != "" {
		return p
	}
	return fmt.Errorf("status %d without a problem: %.200s", r.Status, r.Body)
}

// Problem returns what the server says is wrong, and an empty one if it says
// nothing of the kind.
func (r Response) Problem() *Problem {
	p := new(Problem)
	if json.Unmarshal(r.Body, p) != nil {
		return new(Problem)
	}
	return p
}

// Problem is a failure as the server reports it, in RFC 9457's form.
type Problem struct {
	Status int
	Code   string
	Detail string
	Offset *int             // in the query's text
	Shard  string           // that is unavailable
	Number int              // of the error of a shard's server
	Errors []map[string]any // one for each that an event has
}

func (p *Problem) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail))
}
