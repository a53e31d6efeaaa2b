package differential

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/kolide/databalancer/test/harness"
)

// service is a running databalancer.
type service struct {
	*harness.Server
	fault fault // for tests of this package's own eyes
}

// startService starts the program on the servers, with accounts that have just
// the rights that it needs there.
func startService(t testing.TB, addresses []string, database string) *service {
	t.Helper()
	flags := append(harness.ShardFlags(addresses, database), harness.Accounts(t, addresses, database)...)
	return &service{Server: harness.Start(t, flags...)}
}

// rowLimit is more rows than any answer may have that is compared.
const rowLimit = 50_000

type queryBody struct {
	Query   string            `json:"query"`
	Args    []json.RawMessage `json:"args,omitempty"`
	Shape   string            `json:"shape,omitempty"`
	Limit   int               `json:"limit,omitempty"`
	Timeout string            `json:"timeout,omitempty"`
}

// ask runs a query. An error that is no *harness.Problem is a fault of the service,
// whatever the query.
func (s *service) ask(q query) (*answer, error) {
	if s.fault.query != nil {
		q.sql = s.fault.query(q.sql)
	}
	res := s.Request("POST", "/api/query",
		queryBody{Query: q.sql, Args: q.args, Shape: "arrays", Limit: rowLimit, Timeout: "30s"})
	if err := res.Failure(); err != nil {
		return nil, err
	}
	a, err := readAnswer(res.Body)
	if err == nil && s.fault.answer != nil {
		s.fault.answer(a)
	}
	return a, err
}

// explain returns the plan of a query as text, or why there is none.
func (s *service) explain(q query) string {
	res := s.Request("POST", "/api/explain", queryBody{Query: q.sql, Args: q.args})
	if err := res.Failure(); err != nil {
		return err.Error()
	}
	var plan struct{ Text string }
	if err := json.Unmarshal(res.Body, &plan); err != nil {
		return err.Error()
	}
	return plan.Text
}

// refusal reports whether err says that the service declines to answer.
func refusal(err error) bool {
	var p *harness.Problem
	if !errors.As(err, &p) {
		return false
	}
	switch p.Code {
	case "unsupported", "too_large", "gather_too_large", "forbidden_function", "forbidden_clause", "forbidden_table",
		"not_select", "syntax":
		return true
	}
	return false
}
