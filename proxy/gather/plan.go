package gather

import (
	"errors"
	"fmt"

	"github.com/kolide/databalancer/router"
)

var errPlan = errors.New("malformed plan")

// shipped returns the steps whose rows move: all but the last.
func shipped(plan *router.Plan) []router.Step { return plan.Steps[:len(plan.Steps)-1] }

// place is a table's name and the shard to whose session it is broadcast;
// empty: home.
type place struct{ name, at string }

// check finds the plans that no router should make. What it lets pass names no
// table that is not filled, and each table is filled before it is read.
func check(plan *router.Plan) error {
	last := len(plan.Steps) - 1
	if last < 0 || plan.Steps[last].Ship != nil || plan.Steps[last].Shard != plan.Home {
		return fmt.Errorf("%w: the last step is not the home shard's", errPlan)
	}
	runs := map[string]bool{}
	for _, step := range shipped(plan) {
		runs[step.Shard] = true
	}
	filled, complete := map[place]bool{}, map[place]bool{}
	for i, step := range shipped(plan) {
		ship := step.Ship
		if ship == nil || ship.Into == "" {
			return fmt.Errorf("%w: step %d ships nothing", errPlan, i+1)
		}
		if ship.At != "" && !runs[ship.At] {
			return fmt.Errorf("%w: step %d broadcasts to shard %s, which runs no step", errPlan, i+1, ship.At)
		}
		for _, p := range reads(&step) {
			if !filled[p] {
				return fmt.Errorf("%w: step %d reads table %s, which no step before it fills", errPlan, i+1, p.name)
			}
			complete[p] = true
		}
		into := place{ship.Into, ship.At}
		if complete[into] {
			return fmt.Errorf("%w: step %d fills table %s, which was read before", errPlan, i+1, ship.Into)
		}
		filled[into] = true
	}
	return nil
}

// reads returns the tables that a step reads in its own session, and those at
// home that its keys come from.
func reads(step *router.Step) []place {
	var list []place
	for _, name := range step.After {
		list = append(list, place{name, step.Shard})
	}
	if f := step.Ship.Filter; f != nil {
		for _, name := range f.After {
			list = append(list, place{name, ""})
		}
	}
	return list
}
