package differential

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// service is a running databalancer.
type service struct {
	url    string
	client *http.Client
	cmd    *exec.Cmd
	log    logBuffer
	done   chan struct{} // closed when the process has ended

	fault fault // for tests of this package's own eyes
}

// logBuffer keeps what a process prints.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// startService starts the program on the servers, which are called s1, s2, …,
// and stops it when the test ends.
func startService(t testing.TB, addresses []string, database string) *service {
	t.Helper()
	var named []string
	for i, a := range addresses {
		named = append(named, shardName(i)+"="+a)
	}
	s := &service{done: make(chan struct{})}
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: time.Minute}
	s.cmd = exec.Command(binary, "-server_address", "127.0.0.1:0", "-mysql_address", strings.Join(named, ","),
		"-mysql_database", database)
	s.cmd.Stdout, s.cmd.Stderr = &s.log, &s.log
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { _ = s.cmd.Wait(); close(s.done) }()
	t.Cleanup(func() { s.stop(t) })
	s.waitServing(t)
	return s
}

func shardName(i int) string { return fmt.Sprintf("s%d", i+1) }

var servingLine = regexp.MustCompile(`Starting HTTP server on ([0-9.:]+)`)

func (s *service) waitServing(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if m := servingLine.FindStringSubmatch(s.log.String()); m != nil {
			s.url = "http://" + m[1]
			return
		}
		select {
		case <-s.done:
			t.Fatalf("databalancer ended at once:\n%s", s.log.String())
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatalf("databalancer does not serve:\n%s", s.log.String())
}

func (s *service) stop(t testing.TB) {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.done:
	case <-time.After(time.Minute):
		t.Error("databalancer does not end")
		_ = s.cmd.Process.Kill()
		<-s.done
	}
	s.client.CloseIdleConnections()
	if text := s.log.String(); t.Failed() && strings.Contains(text, "panic") {
		t.Logf("log of the service:\n%s", text[max(0, len(text)-8000):])
	}
}

// problem is a failure as the service reports it, in RFC 9457's form.
type problem struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	Number int    `json:"number"` // of the server's error
}

func (p *problem) Error() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail))
}

// request sends a JSON body and returns the answer's. Its error is a *problem
// where the service answered with one.
func (s *service) request(method, path string, body any) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, fmt.Errorf("answer broken off: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return answer, nil
	}
	p := new(problem)
	if err := json.Unmarshal(answer, p); err != nil || p.Code == "" {
		return nil, fmt.Errorf("status %d without a problem: %.200s", res.StatusCode, answer)
	}
	return nil, p
}

// must sends a request that has to succeed.
func (s *service) must(t testing.TB, method, path string, body any) []byte {
	t.Helper()
	answer, err := s.request(method, path, body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	return answer
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

// ask runs a query. An error that is no *problem is a fault of the service,
// whatever the query.
func (s *service) ask(q query) (*answer, error) {
	if s.fault.query != nil {
		q.sql = s.fault.query(q.sql)
	}
	text, err := s.request("POST", "/api/query",
		queryBody{Query: q.sql, Args: q.args, Shape: "arrays", Limit: rowLimit, Timeout: "30s"})
	if err != nil {
		return nil, err
	}
	a, err := readAnswer(text)
	if err == nil && s.fault.answer != nil {
		s.fault.answer(a)
	}
	return a, err
}

// explain returns the plan of a query as text, or why there is none.
func (s *service) explain(q query) string {
	text, err := s.request("POST", "/api/explain", queryBody{Query: q.sql, Args: q.args})
	if err != nil {
		return err.Error()
	}
	var plan struct{ Text string }
	if err := json.Unmarshal(text, &plan); err != nil {
		return err.Error()
	}
	return plan.Text
}

// refusal reports whether err says that the service declines to answer.
func refusal(err error) bool {
	var p *problem
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
