package api

import (
	"context"
	"regexp"
	"testing"
	"time"

	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/proxy/gather"
	"github.com/kolide/databalancer/router"
)

func TestExplain(t *testing.T) {
	f := newFixture(t)
	f.proxy.explain = func(proxy.Query) (*router.Plan, error) {
		return &router.Plan{Kind: router.Concat, Steps: []router.Step{{Shard: "a", SQL: "SELECT 1"}, {Shard: "b", SQL: "SELECT 2"}}}, nil
	}
	r := f.do(t, "POST", "/api/explain", `{"query":"SELECT 1 UNION ALL SELECT 2"}`)
	r.expect(t, 200, "")
	const want = `{"kind":"concat","home":"","steps":[{"shard":"a","sql":"SELECT 1","into":""},{"shard":"b","sql":"SELECT 2","into":""}],"text":"concat\n  [a] SELECT 1\n  [b] SELECT 2\n"}` + "\n"
	if r.body != want {
		t.Errorf("%s\nwant\n%s", r.body, want)
	}
}

func TestExplainAnalyze(t *testing.T) {
	f := newFixture(t)
	plan := &router.Plan{Kind: router.Gather, Home: "a", Steps: []router.Step{
		{Shard: "b", SQL: "SELECT 1", Ship: &router.Shipment{Into: "t1", Why: "rows"}}, {Shard: "a", SQL: "SELECT 2"}}}
	var asked proxy.Query
	f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		asked = q
		result, err := rows(3, nil)(ctx, q, sink)
		result.Plan, result.Steps = plan, []gather.StepStats{{Rows: 7, Bytes: 70, Elapsed: time.Millisecond}, {Rows: 3, Elapsed: 2 * time.Millisecond}}
		return result, err
	}
	r := f.do(t, "POST", "/api/explain", `{"query":"SELECT 1","limit":10,"analyze":true}`)
	r.expect(t, 200, "")
	const want = `"actual":\{"rows":7,"bytes":70,"elapsed_ms":1\}\},.*"actual":\{"rows":3,"elapsed_ms":2\}\}\],.*"actual":\{"rows":3,"elapsed_ms":`
	if !regexp.MustCompile(want).MatchString(r.body) {
		t.Errorf("%s\nwant\n%s", r.body, want)
	}
	if asked.ID != r.Header.Get("X-Query-Id") || len(asked.ID) != 32 || asked.MaxRows != 10 || !asked.Notes {
		t.Errorf("asked for %+v", asked)
	}
	f.proxy.query = rows(0, queryError(1690, "22003"))
	f.do(t, "POST", "/api/explain", `{"query":"SELECT 1","analyze":true}`).expect(t, 400, "database_error")
}
