package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// The waits between tries of one request grow from minWait to maxWait.
const (
	minWait = 100 * time.Millisecond
	maxWait = 5 * time.Second
)

// errUnknownOutcome is what a request's error wraps when its events may have
// been stored or not.
var errUnknownOutcome = errors.New("outcome unknown: the events may have been stored or not")

// client speaks to the server.
type client struct {
	base  string // the server's URL without a trailing slash
	http  *http.Client
	retry time.Duration // how long to repeat a request
}

func newClient(o *options) *client {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = o.concurrency
	return &client{
		base:  strings.TrimSuffix(o.server, "/"),
		http:  &http.Client{Transport: transport},
		retry: o.retry,
	}
}

// stored is what the server answers a stored batch with.
type stored struct {
	Accepted int      `json:"accepted"`
	Created  bool     `json:"created"`
	Added    []string `json:"columns_added"`
}

// put stores a batch. While the server is too busy, or cannot be connected to
// any more, it is asked again, for as long as c.retry or until stop is done;
// a request that has begun ends only with ctx.
func (c *client) put(ctx context.Context, stop <-chan struct{}, body []byte) (*stored, error) {
	deadline := time.Now().Add(c.retry)
	for wait := minWait; ; wait = min(2*wait, maxWait) {
		var answer stored
		pause, err := c.try(ctx, body, &answer)
		if err == nil {
			return &answer, nil
		}
		if pause < 0 {
			return nil, err
		}
		pause = max(pause, wait/2+rand.N(wait/2))
		if time.Now().Add(pause).After(deadline) {
			return nil, fmt.Errorf("giving up after %v: %w", c.retry, err)
		}
		select {
		case <-time.After(pause):
		case <-stop:
			return nil, err
		}
	}
}

// try sends a batch once. When that may be repeated, pause is the least time
// to wait before; else it is negative.
func (c *client) try(ctx context.Context, body []byte, answer *stored) (pause time.Duration, err error) {
	resp, err := c.do(ctx, http.MethodPut, "/api/log", body)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) && op.Op == "dial" {
			return 0, err
		}
		return -1, fmt.Errorf("%w: %w", errUnknownOutcome, err)
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		if err := readJSON(resp, answer); err != nil {
			return -1, fmt.Errorf("answer to stored events: %w", err)
		}
		return 0, nil
	}
	p := readProblem(resp)
	switch {
	case p.Code == "outcome_unknown":
		return -1, fmt.Errorf("%w: %w", errUnknownOutcome, p)
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		return retryAfter(resp.Header), p
	}
	return -1, p
}

// retryAfter reads the header's number of seconds. Other forms count as none.
func retryAfter(h http.Header) time.Duration {
	seconds, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return time.Duration(max(seconds, 0)) * time.Second
}

// storedColumn is a column that a family has already.
type storedColumn struct {
	Name string       `json:"name"`
	Type catalog.Type `json:"type"`
}

// describe returns the family's columns but the key, and none if the server
// does not know the family.
func (c *client) describe(ctx context.Context, family string) ([]storedColumn, error) {
	resp, err := c.do(ctx, http.MethodGet, "/api/describe?table="+url.QueryEscape(family), nil)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil, nil
	default:
		return nil, fmt.Errorf("describing %s: %w", family, readProblem(resp))
	}
	var answer struct {
		Tables []struct {
			Columns []storedColumn `json:"columns"`
		} `json:"tables"`
	}
	if err := readJSON(resp, &answer); err != nil {
		return nil, fmt.Errorf("description of %s: %w", family, err)
	}
	var columns []storedColumn
	for _, table := range answer.Tables {
		for _, column := range table.Columns {
			if !strings.EqualFold(column.Name, catalog.KeyColumn) {
				columns = append(columns, column)
			}
		}
	}
	return columns, nil
}

func (c *client) do(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	return c.http.Do(req)
}

// readJSON reads a whole answer, so that its connection can be used again.
func readJSON(resp *http.Response, v any) error {
	const most = 64 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		return err
	}
	return json.Unmarshal(body, v)
}
