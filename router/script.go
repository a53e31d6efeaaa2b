package router

import "github.com/kolide/databalancer/fault"

// The limits of a plan's steps, and of their SQL together in bytes: a UNION
// ALL of many arms over many shards could otherwise grow without end.
const (
	maxSteps = 1024
	maxText  = 16 << 20
)

// script is the steps of a plan, as they are made.
type script struct {
	steps []Step
	text  int // bytes of SQL so far
}

// add appends a step, if there is room for it.
func (s *script) add(step Step) error {
	s.steps = append(s.steps, step)
	s.text += len(step.SQL)
	if step.Ship != nil {
		s.text += len(step.Ship.Shape)
	}
	if s.text > maxText || len(s.steps) > maxSteps {
		return fault.New(fault.TooLarge, "the query needs more than %d statements, or more than %d bytes of them", maxSteps, maxText)
	}
	return nil
}
