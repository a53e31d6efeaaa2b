package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/server"
)

// oracleBound is how long a query may take on the server that has everything:
// what takes longer is left out.
const oracleBound = 60 * time.Second

// query is one of those that are compared.
type query struct{ name, title, sql string }

// outcome is what came of a query. A side that gave no answer has no times,
// and says why.
type outcome struct {
	query
	oracle   time.Duration // medians
	gathered time.Duration
	spider   time.Duration

	dropped  string // why the query is not compared at all
	failed   string // why there is no answer, or that it is another one
	noSpider string // the same of SPIDER's
}

// ratio is the time relative to one server, overSpider relative to SPIDER's.
func (o *outcome) ratio() float64      { return o.gathered.Seconds() / o.oracle.Seconds() }
func (o *outcome) overSpider() float64 { return o.gathered.Seconds() / o.spider.Seconds() }

func (o *outcome) answered() bool { return o.dropped == "" && o.failed == "" }

// besideSpider reports whether both took a time. Of a query that SPIDER did
// not end in its bound, the bound counts.
func (o *outcome) besideSpider() bool { return o.answered() && o.spider > 0 }

// compare runs each query on all sides.
func (s *scattered) compare(ctx context.Context, suite string, queries []query) ([]outcome, error) {
	outcomes := make([]outcome, len(queries))
	for i, q := range queries {
		o, err := s.compareOne(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", q.name, err)
		}
		outcomes[i] = o
		s.logf("%s: %s", suite, o.line())
		if err := s.savePlan(suite, q); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

func (o *outcome) line() string {
	text := fmt.Sprintf("%s: one server %.3f s", o.name, o.oracle.Seconds())
	switch {
	case o.dropped != "":
		return o.name + ": " + o.dropped
	case o.failed != "":
		text += ", " + o.failed
	default:
		text += fmt.Sprintf(", databalancer %.3f s (%.2f)", o.gathered.Seconds(), o.ratio())
	}
	if o.spider > 0 || o.noSpider != "" {
		text += fmt.Sprintf(", SPIDER %.3f s %s", o.spider.Seconds(), o.noSpider)
	}
	return text
}

// compareOne runs a query once on each side, to see that the answers are
// equal and to warm up, then in turns.
func (s *scattered) compareOne(ctx context.Context, q query) (outcome, error) {
	o := outcome{query: q}
	want, took, err := s.firstDirect(ctx, q.sql)
	if errors.Is(err, errBound) {
		o.dropped = fmt.Sprintf("left out: one server takes more than %v", oracleBound)
		return o, nil
	}
	if err != nil {
		return o, err
	}
	c, err := dial(s.program.Address)
	if err != nil {
		return o, fmt.Errorf("databalancer: %w", err)
	}
	defer c.close()
	gathered := o.firstGathered(c, want)
	spider, err := s.firstSpider(ctx, &o, want, spiderBound(took))
	if err != nil {
		return o, err
	}
	return o, s.turns(ctx, c, &o, took+gathered, spider)
}

// firstDirect runs a query on the one server, which ends it itself after
// oracleBound.
func (s *scattered) firstDirect(ctx context.Context, query string) (answer, time.Duration, error) {
	conn, err := s.oracle.Conn(ctx)
	if err != nil {
		return answer{}, 0, fmt.Errorf("one server: %w", err)
	}
	defer conn.Close()
	if err := limitTime(ctx, conn, oracleBound); err != nil {
		return answer{}, 0, fmt.Errorf("one server: %w", err)
	}
	a, took, err := ask(ctx, conn, query)
	if server.ClassOf(err).Has(server.TimeLimit) {
		err = errBound
	}
	err = errors.Join(err, limitTime(ctx, conn, 0))
	if err != nil {
		err = fmt.Errorf("one server: %w", err)
	}
	return a, took, err
}

// limitTime has the server end the connection's statements after that time; 0:
// never.
func limitTime(ctx context.Context, conn *sql.Conn, limit time.Duration) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf("SET SESSION max_statement_time = %g", limit.Seconds()))
	if server.Number(err) == unknownVariable { // it is MariaDB's
		_, err = conn.ExecContext(ctx, fmt.Sprintf("SET SESSION max_execution_time = %d", limit.Milliseconds()))
	}
	return err
}

const unknownVariable = 1193

// firstGathered has databalancer answer, notes what is wrong about that, and
// returns how long it took.
func (o *outcome) firstGathered(c *client, want answer) time.Duration {
	got, took, err := askHTTP(c, o.sql)
	e := new(failedError)
	switch {
	case errors.As(err, &e):
		code, detail := e.problem()
		o.failed = fmt.Sprintf("%s: %s", code, detail)
	case err != nil:
		o.failed = err.Error()
	case got != want:
		o.failed = fmt.Sprintf("%s: %d rows, one server has %d", differs, got.rows, want.rows)
	}
	return took
}

// differs begins what is said of an answer that is not the one server's.
const differs = "another answer"

// firstSpider is the same for SPIDER, if there is one.
func (s *scattered) firstSpider(ctx context.Context, o *outcome, want answer, bound time.Duration) (time.Duration, error) {
	if s.spider == nil {
		return 0, nil
	}
	got, took, err := s.spider.query(ctx, o.sql, bound)
	switch e := new(mysql.MySQLError); {
	case errors.Is(err, errBound):
		o.noSpider = fmt.Sprintf("stopped after %.0f s", bound.Seconds())
		o.spider = bound
	case errors.As(err, &e):
		o.noSpider = e.Message
	case err != nil:
		return 0, fmt.Errorf("SPIDER: %w", err)
	case got != want:
		o.noSpider = differs
	default:
		o.spider = took
	}
	return took, nil
}

// turns asks all sides in turns, and keeps the medians. took is what one
// round takes without SPIDER. SPIDER takes part in the first few rounds,
// unless it takes long.
func (s *scattered) turns(ctx context.Context, c *client, o *outcome, took, spider time.Duration) error {
	rounds, spiderRounds := s.rounds(took), 0
	if o.spider > 0 && o.noSpider == "" && spider < 4*time.Second {
		spiderRounds = min(rounds, 3)
	}
	var oracle, gathered, linked []time.Duration
	for round := range rounds {
		_, took, err := ask(ctx, s.oracle, o.sql)
		if err != nil {
			return fmt.Errorf("one server: %w", err)
		}
		oracle = append(oracle, took)
		if o.failed == "" {
			if _, took, err = askHTTP(c, o.sql); err != nil {
				return fmt.Errorf("databalancer: %w", err)
			}
			gathered = append(gathered, took)
		}
		if round < spiderRounds {
			if _, took, err = s.spider.query(ctx, o.sql, time.Minute); err != nil {
				return fmt.Errorf("SPIDER: %w", err)
			}
			linked = append(linked, took)
		}
	}
	o.oracle = median(oracle)
	if len(gathered) > 0 {
		o.gathered = median(gathered)
	}
	if len(linked) > 0 {
		o.spider = median(linked)
	}
	return nil
}

// rounds is how often a query is run that takes so long: for some seconds in
// all, and an odd number.
func (s *scattered) rounds(took time.Duration) int {
	if s.quick {
		return 1
	}
	return min(max(int(4*time.Second/max(took, time.Millisecond)), 3), 15) | 1
}

// savePlan stores how a query is run, if that was asked for.
func (s *scattered) savePlan(suite string, q query) error {
	if s.plans == "" {
		return nil
	}
	body, err := json.Marshal(map[string]any{"query": q.sql})
	if err != nil {
		return err
	}
	text, err := s.do("POST", "/api/explain", body)
	if e := new(failedError); errors.As(err, &e) {
		text, err = e.body, nil
	}
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	return os.WriteFile(filepath.Join(s.plans, suite+"-"+q.name+".json"), text, 0o644)
}
