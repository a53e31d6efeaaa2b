package gather

import (
	"errors"
	"strings"
	"testing"

	"github.com/kolide/databalancer/router"
)

func TestCheck(t *testing.T) {
	filtered := func(s router.Step, after ...string) router.Step {
		s.Ship.Filter = &router.Filter{Keys: "SELECT 1", After: after}
		return s
	}
	to := func(at string, s router.Step) router.Step {
		s.Ship.At = at
		return s
	}
	after := func(s router.Step, names ...string) router.Step {
		s.After = names
		return s
	}
	ship := func(shard, into string) router.Step { return shipping(shard, into, "SELECT 1") }
	for _, tt := range []struct {
		name string
		plan *router.Plan
		want string // a part of the error; empty: none
	}{
		{"nothing ships", gathering("s0", "SELECT 1"), ""},
		{"all of it", gathering("s0", "SELECT 1", ship("s1", "t1"), ship("s2", "t1"), to("s1", ship("s2", "t2")),
			after(ship("s1", "t3"), "t2"), filtered(ship("s2", "t4"), "t1", "t3")), ""},
		{"no steps", &router.Plan{Kind: router.Gather}, "the last step"},
		{"ends elsewhere", &router.Plan{Home: "s0", Steps: []router.Step{{Shard: "s1"}}}, "the last step"},
		{"ends with a shipment", &router.Plan{Home: "s0", Steps: []router.Step{ship("s0", "t1")}}, "the last step"},
		{"a step that ships nothing", gathering("s0", "SELECT 1", router.Step{Shard: "s1"}), "step 1 ships nothing"},
		{"into nothing", gathering("s0", "SELECT 1", ship("s1", "")), "step 1 ships nothing"},
		{"to a shard without steps", gathering("s0", "SELECT 1", to("s2", ship("s1", "t1"))), "shard s2, which runs no step"},
		{"keys of no table", gathering("s0", "SELECT 1", filtered(ship("s1", "t2"), "t1")), "step 1 reads table t1"},
		{"keys of a table elsewhere", gathering("s0", "SELECT 1", to("s1", ship("s1", "t1")), filtered(ship("s1", "t2"), "t1")), "step 2 reads table t1"},
		{"a table at home is not here", gathering("s0", "SELECT 1", ship("s1", "t1"), after(ship("s1", "t2"), "t1")), "step 2 reads table t1"},
		{"read too early", gathering("s0", "SELECT 1", filtered(ship("s1", "t2"), "t1"), ship("s1", "t1")), "step 1 reads table t1"},
		{"filled too late", gathering("s0", "SELECT 1", ship("s1", "t1"), filtered(ship("s1", "t2"), "t1"), ship("s2", "t1")), "step 3 fills table t1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(tt.plan)
			if tt.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if !errors.Is(err, errPlan) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want it to say %q", err, tt.want)
			}
		})
	}
}

// TestSchedule looks at what each shipment waits for.
func TestSchedule(t *testing.T) {
	keyed := shipping("s2", "t3", "SELECT 1")
	keyed.Ship.Filter = &router.Filter{Keys: "SELECT 1", After: []string{"t1"}}
	broadcast := shipping("s1", "t4", "SELECT 1")
	broadcast.Ship.At = "s2"
	joined := shipping("s2", "t5", "SELECT 1")
	joined.After = []string{"t4"}
	plan := gathering("s0", "SELECT 1", shipping("s1", "t1", "SELECT 1"), shipping("s2", "t1", "SELECT 1"), keyed, broadcast, joined)
	if err := check(plan); err != nil {
		t.Fatal(err)
	}
	g := &gather{Gatherer: New(Config{}), Query: Query{Plan: plan}}
	a := newAttempt(g)
	s := a.ships
	want := [][]event{
		nil,
		nil,
		{{a.home, begun}, {s[0], stored}, {s[1], stored}, {s[1], read}},
		{{s[0], read}, {s[2], read}},
		{{s[3], stored}, {s[3], stored}},
	}
	for i := range s {
		if len(s[i].after) != len(want[i]) {
			t.Errorf("step %d waits for %d events, want %d", i+1, len(s[i].after), len(want[i]))
			continue
		}
		for j, e := range s[i].after {
			if e != want[i][j] {
				t.Errorf("step %d waits for %s, want %s", i+1, e.stage, want[i][j].stage)
			}
		}
	}
	for _, early := range []struct {
		p    place
		want bool
	}{{place{"t1", ""}, false}, {place{"t3", ""}, true}, {place{"t4", "s2"}, true}, {place{"t5", ""}, true}} {
		if got := a.table(early.p).early; got != early.want {
			t.Errorf("table %s is early: %t", early.p.name, got)
		}
	}
}
