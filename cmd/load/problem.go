package load

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// problem is the server's refusal (RFC 9457).
type problem struct {
	Title  string       `json:"title"`
	Status int          `json:"status"`
	Code   string       `json:"code"`
	Detail string       `json:"detail"`
	Errors []eventError `json:"errors"`
	Total  int          `json:"total"` // of errors, of which the first are listed
}

// eventError is what is wrong with one event of a batch.
type eventError struct {
	Event  int    `json:"event"`
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// Error gives all that the server said of the request as a whole.
func (p *problem) Error() string {
	s := fmt.Sprintf("server answered %d", p.Status)
	if p.Code != "" {
		s += " " + p.Code
	}
	if text := strings.TrimSpace(p.Detail); text != "" {
		return s + ": " + text
	}
	return s + ": " + p.Title
}

// readProblem reads a refusal. What is not a problem document, as from a
// proxy on the way, is given by its status and first words.
func readProblem(resp *http.Response) *problem {
	const most = 1 << 20
	body, _ := io.ReadAll(io.LimitReader(resp.Body, most))
	p := new(problem)
	if err := json.Unmarshal(body, p); err != nil {
		p = &problem{Detail: string(body[:min(len(body), 200)])}
	}
	p.Status = resp.StatusCode
	if p.Title == "" {
		p.Title = http.StatusText(resp.StatusCode)
	}
	return p
}
