package differential

import (
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/test/harness"
)

// verdictClass is what became of a query.
type verdictClass string

const (
	identical verdictClass = "identical"
	refused   verdictClass = "refused"
	failed    verdictClass = "failed on both sides"
	open      verdictClass = "open"
	slow      verdictClass = "slow"
	crashed   verdictClass = "crashed"
	wrong     verdictClass = "wrong"
)

type verdict struct {
	class verdictClass
	// reason is the service's for a refusal; of a wrong answer it is in what
	// respect it is wrong.
	reason string
	detail string
	rows   int // of the oracle's answer
}

// judge puts a query to the service, the oracle and the witness.
func (s *scattering) judge(q query, r *rules) verdict {
	want, failure := s.oracle.ask(q)
	if failure != nil && errorNumber(failure) == 0 && !errors.Is(failure, errLarge) {
		return s.lost(failure)
	}
	if failure != nil && (errors.Is(failure, errLarge) || server.ClassOf(failure).Has(server.TimeLimit)) {
		return verdict{class: slow, reason: failure.Error()}
	}
	got, err := s.service.ask(q)
	switch {
	case unavailable(err):
		return s.lost(err)
	case err != nil && failure != nil:
		return bothFail(failure, err)
	case err != nil:
		return decline(want, err)
	case failure != nil:
		return verdict{class: wrong, reason: "answers", detail: fmt.Sprintf("the oracle fails: %v\nthe service answers: %s", failure, got)}
	}
	v := s.compare(q, r, want, got)
	v.rows = len(want.rows)
	return v
}

// unavailable reports whether the service could not reach a shard.
func unavailable(err error) bool {
	var p *harness.Problem
	return errors.As(err, &p) && p.Status == 503
}

// lost is the verdict where a server has gone away: some queries crash
// MariaDB. It waits until all are back; a server that stays away fails what
// comes next.
func (s *scattering) lost(err error) verdict {
	for range 100 {
		time.Sleep(200 * time.Millisecond)
		_, direct := s.oracle.ask(query{sql: "SELECT 1"})
		if through := s.service.Request("GET", "/readyz", nil).Failure(); direct == nil && through == nil {
			return verdict{class: crashed, reason: err.Error()}
		}
	}
	return verdict{class: wrong, reason: "breaks", detail: fmt.Sprintf("a server does not come back: %v", err)}
}

// bothFail is the verdict where nobody answers. The service must still have
// failed in an orderly way.
func bothFail(failure, err error) verdict {
	var p *harness.Problem
	if !errors.As(err, &p) || p.Status == 500 {
		return verdict{class: wrong, reason: "breaks", detail: err.Error()}
	}
	if refusal(err) {
		return verdict{class: failed, reason: "refused"}
	}
	if want := errorNumber(failure); p.Number != want {
		return verdict{class: failed, reason: fmt.Sprintf("error %d for %d", p.Number, want), detail: err.Error()}
	}
	return verdict{class: failed}
}

// decline is the verdict on an error of the service where the oracle answers.
func decline(want *answer, err error) verdict {
	var p *harness.Problem
	switch {
	case refusal(err):
		errors.As(err, &p)
		return verdict{class: refused, reason: fmt.Sprintf("%d %s: %s", p.Status, p.Code, p.Detail), rows: len(want.rows)}
	case errors.As(err, &p) && p.Code == "timeout":
		return verdict{class: slow, reason: p.Error()}
	}
	return verdict{class: wrong, reason: "fails", detail: fmt.Sprintf("the service fails: %v\nthe oracle answers: %s", err, want)}
}

// compare compares the service's answer with the oracle's and the witness's,
// and the witness's with the oracle's.
func (s *scattering) compare(q query, r *rules, want, got *answer) verdict {
	f := &weights{oracle: s.oracle, query: q, columns: want.columns}
	if d := check(want, got, r, f, true); d != nil {
		return disagree("", d, want, got)
	}
	twin, err := s.witness.ask(q)
	if unavailable(err) {
		return s.lost(err)
	}
	if err != nil {
		if refusal(err) {
			return verdict{class: identical, reason: "refused on one shard"}
		}
		return verdict{class: wrong, reason: "one shard fails", detail: err.Error()}
	}
	if d := check(want, twin, r, f, true); d != nil {
		return disagree("one shard: ", d, want, twin)
	}
	if d := check(twin, got, r, f, false); d != nil {
		return disagree("beside one shard: ", d, twin, got)
	}
	return verdict{class: identical}
}

// check compares two answers in all respects. The first is the oracle's where
// direct is set.
func check(want, got *answer, r *rules, f folder, direct bool) *difference {
	if d := compareNames(want, got); d != nil {
		return d
	}
	if d := compareTypes(want, got, direct); d != nil {
		return d
	}
	if direct {
		want = fit(want, got)
	}
	return compareRows(want, got, r, !direct, f)
}

func disagree(beside string, d *difference, want, got *answer) verdict {
	return verdict{class: wrong, reason: beside + d.kind, detail: fmt.Sprintf("%s\nwant %sgot  %s", d, want, got)}
}

// settled reports whether the oracle gives one answer to the query, in
// whatever order the tables hold their rows.
func (s *scattering) settled(q query, r *rules) bool {
	want, err := s.oracle.ask(q)
	again, errAgain := s.shuffled.ask(q)
	if err != nil || errAgain != nil {
		return (err == nil) == (errAgain == nil)
	}
	f := &weights{oracle: s.oracle, query: q, columns: want.columns}
	return check(want, again, r, f, false) == nil
}
