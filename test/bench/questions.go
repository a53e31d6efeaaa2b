package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/kolide/databalancer/local/localtest"
)

// question is what a user asks of logs, and how long the answer may take once
// the family has its indexes, in ms; 0: it is told for information.
type question struct {
	what, sql string
	atMost    float64
}

var questions = []question{
	{"count by hour", "SELECT DATE_FORMAT(ts, '%Y-%m-%d %H:00') AS hour, COUNT(*) AS n FROM events GROUP BY hour ORDER BY hour", 150},
	{"count by hour of one day", "SELECT DATE_FORMAT(ts, '%Y-%m-%d %H:00') AS hour, COUNT(*) AS n FROM events" +
		" WHERE ts >= '2026-01-03' AND ts < '2026-01-04' GROUP BY hour ORDER BY hour", 0},
	{"top 10 of a text", "SELECT host, COUNT(*) AS n FROM events GROUP BY host ORDER BY n DESC, host LIMIT 10", 200},
	{"number of texts", "SELECT COUNT(DISTINCT host) AS n FROM events", 0},
	{"substring of a text with an index", "SELECT COUNT(*) AS n FROM events WHERE host LIKE '%-77%'", 0},
	{"substring of a text without one", "SELECT COUNT(*) AS n FROM events WHERE message LIKE '%of visitor 77%'", 0},
	{"last 100 of an equality", "SELECT * FROM events WHERE host = 'host-77' ORDER BY id DESC LIMIT 100", 10},
}

// questionIndexes are those that the program is asked for.
var questionIndexes = []string{`{"columns":["host"]}`, `{"columns":["ts"],"bucket":"hour"}`}

// askQuestions compares the answers of a family without indexes with those that
// it gives once it has them. Here it is the time itself that users see, so the
// targets are times.
func askQuestions(ctx context.Context, b *single) ([]measure, error) {
	if err := b.fillEvents(ctx); err != nil {
		return nil, err
	}
	before, err := b.askAll()
	if err != nil {
		return nil, err
	}
	var measures []measure
	for _, index := range questionIndexes {
		began := time.Now()
		if _, err := b.once("PUT", "/api/families/events/indexes", []byte(index)); err != nil {
			return nil, err
		}
		measures = append(measures, measure{what: "making the index " + index, value: time.Since(began).Seconds(), unit: " s"})
	}
	after, err := b.askAll()
	if err != nil {
		return nil, err
	}
	for i, q := range questions {
		if before[i].answer != after[i].answer {
			return nil, fmt.Errorf("%s: another answer with indexes: %.300s, and %.300s without", q.what, after[i].answer, before[i].answer)
		}
		measures = append(measures, measure{what: q.what, value: ms(after[i].took), unit: " ms", atMost: q.atMost,
			note: fmt.Sprintf("%.0f ms without indexes", ms(before[i].took))})
	}
	return measures, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1e3 }

// answered is how a question was answered.
type answered struct {
	took   time.Duration // the median
	answer string
}

// askAll asks all questions over HTTP, in turns.
func (b *single) askAll() ([]answered, error) {
	rounds := 7
	if b.quick {
		rounds = 2
	}
	answers, times := make([]answered, len(questions)), make([][]time.Duration, len(questions))
	for round := -1; round < rounds; round++ { // the first one warms up
		for i, q := range questions {
			body, err := json.Marshal(map[string]any{"query": q.sql, "shape": "arrays"})
			if err != nil {
				return nil, err
			}
			began := time.Now()
			answer, err := b.once("POST", "/api/query", body)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", q.what, err)
			}
			if round >= 0 {
				times[i] = append(times[i], time.Since(began))
			}
			var rows struct{ Rows json.RawMessage }
			if err := json.Unmarshal(answer, &rows); err != nil {
				return nil, fmt.Errorf("%s: %w", q.what, err)
			}
			answers[i].answer = string(rows.Rows)
		}
	}
	for i := range answers {
		answers[i].took = median(times[i])
		b.logf("questions: %s in %.1f ms", questions[i].what, ms(answers[i].took))
	}
	return answers, nil
}

// once sends one request over a connection of its own.
func (b *single) once(method, path string, body []byte) ([]byte, error) {
	c, err := dial(b.program.Address)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return c.do(method, path, body)
}

// fillEvents makes the family by an event, and puts the rows beside it, which
// are the same each time: some hosts say much, and most little.
func (b *single) fillEvents(ctx context.Context) error {
	event := `{"family":"events","schema":{"ts":"timestamp","host":"string","message":"string","size":"int"},
		"logs":[{"ts":"2026-01-01T00:00:00Z","host":"host-0","message":"began","size":1}]}`
	if _, err := b.once("PUT", "/api/log", []byte(event)); err != nil {
		return err
	}
	b.logf("storing %d events", b.rows)
	const part = 100_000
	for first := 1; first <= b.rows; first += part {
		_, err := b.direct.ExecContext(ctx, fmt.Sprintf(`INSERT INTO %s.events (ts, host, message, size)
			SELECT '2026-01-01' + INTERVAL seq * 604800 DIV %d SECOND + INTERVAL CRC32(seq) %% 1000000 MICROSECOND,
				CONCAT('host-', CRC32(CONCAT('h', seq)) %% (1 + CRC32(seq) %% 1000)),
				CONCAT('GET /some/path/', CRC32(seq) %% 100000, ' took ', CRC32(CONCAT('ms', seq)) %% 3000, ' ms of visitor ', CRC32(CONCAT('v', seq)) %% 20000),
				CRC32(CONCAT('size', seq)) %% 100000
			FROM %s AS numbers`, database, b.rows, localtest.Numbers(first, min(first+part-1, b.rows))))
		if err != nil {
			return fmt.Errorf("events: %w", err)
		}
	}
	_, err := b.direct.ExecContext(ctx, "ANALYZE TABLE "+database+".events")
	return err
}
