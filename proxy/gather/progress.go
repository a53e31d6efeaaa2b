package gather

import (
	"context"
	"sync"
)

// stage is how far a session, a step or a table has come.
type stage string

const (
	opened stage = "opened" // a session is there and has its settings
	begun  stage = "begun"  // all that a session reads from now on is one state of its server's tables

	learned stage = "learned" // the columns of a step's rows are known
	read    stage = "read"    // all rows of a step have been read
	stored  stage = "stored"  // all rows of a step are in its table

	made stage = "made" // a table is there
)

// event is that a part of an attempt comes to a stage. It happens once.
type event struct {
	part  any // a *session, *shipment or *table
	stage stage
}

// progress is what has happened in an attempt, for those who wait for it. What
// one did before it announced an event, who has waited for the event sees. The
// zero value is one of which nothing has happened.
type progress struct {
	mu       sync.Mutex
	happened map[event]bool
	next     chan struct{} // closed with the next event; nil: nobody waits
}

// reach announces that a part has come to a stage.
func (p *progress) reach(part any, s stage) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.happened == nil {
		p.happened = map[event]bool{}
	}
	p.happened[event{part, s}] = true
	if p.next != nil {
		close(p.next)
		p.next = nil
	}
}

// reached reports whether a part has come to a stage.
func (p *progress) reached(part any, s stage) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.happened[event{part, s}]
}

// wait waits until all of the events have happened, or ctx ends, whose cause
// it returns then.
func (p *progress) wait(ctx context.Context, events ...event) error {
	for {
		next := p.await(events)
		if next == nil {
			return nil
		}
		select {
		case <-next:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// await returns what is closed with the next event, or nil if none of these is
// still to come.
func (p *progress) await(events []event) <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		if p.happened[e] {
			continue
		}
		if p.next == nil {
			p.next = make(chan struct{})
		}
		return p.next
	}
	return nil
}
