package admission

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// Patience is how long a query may hold its units before it counts as long.
const Patience = time.Second

var (
	// ErrFull means that as many wait as may, and that the one who gets it has
	// no better claim to a place than they have.
	ErrFull = errors.New("too many wait")
	// ErrTooFew means that the gate has fewer units than were asked for.
	ErrTooFew = errors.New("more units than there are")
)

// Asker is a query, as the gates know it that it passes. The zero value is a
// short query of an anonymous client.
type Asker struct {
	Client string // whose turn it is; opaque
	Long   bool   // it is presumed to hold units for long
	// Yield asks the query to stop, to give back what it holds at all gates,
	// and to ask again, as a long one. It reports whether the query will, and must
	// not wait for that, nor call the gate. Nil: it never does.
	Yield func() bool
}

// Gate hands out units. It is safe for concurrent use.
type Gate struct {
	most int // who may wait; 0: any number

	mu    sync.Mutex
	size  int
	held  [2]int // units, by kind
	lanes [2]lane
	turn  kind // the lane that is served next
	holds int
	young list.List // of *Hold: short ones, the oldest first
	late  list.List // of *Hold: short ones that turned long and may yield
	going int       // units of holds that yield
	clock *time.Timer
	stats Stats
}

// kind is how long a query is presumed to hold its units.
type kind int

const (
	short kind = iota
	long
)

// Stats are a gate's numbers.
type Stats struct {
	Size     int           // units that there are
	Holds    int           // how many hold units
	Waiting  int           // how many wait for some
	Waits    int64         // how often somebody has waited
	WaitTime time.Duration // for how long, all together
	Refused  int64         // how often there was no place to wait
	Yields   int64         // how often a query was asked to yield, and did
}

// New returns a gate with so many units, at which at most so many may wait; 0
// stands for any number.
func New(size, mostWaiting int) *Gate { return &Gate{size: size, most: mostWaiting} }

// Acquire waits until the asker may hold n units, all at once. The error is
// ErrFull, ErrTooFew or ctx's cause. Otherwise the units must be given back.
func (g *Gate) Acquire(ctx context.Context, asker Asker, n int) (*Hold, error) {
	g.mu.Lock()
	w := &waiter{asker: asker, n: n, kind: g.kindOf(asker, n)}
	if w.kind == long {
		g.age()
	}
	switch {
	case n > g.size:
		g.mu.Unlock()
		return nil, ErrTooFew
	case g.lanes[w.kind].waiting == 0 && g.next() == nil && g.allowed(w) && g.room(n):
		h := g.admit(w)
		g.mu.Unlock()
		return h, nil
	}
	if err := g.place(w); err != nil {
		g.mu.Unlock()
		return nil, err
	}
	w.done = make(chan struct{})
	g.lanes[w.kind].add(w)
	g.dispatch()
	g.mu.Unlock()
	return g.wait(ctx, w)
}

// wait returns what became of one who waits.
func (g *Gate) wait(ctx context.Context, w *waiter) (*Hold, error) {
	start := time.Now()
	select {
	case <-w.done:
	case <-ctx.Done():
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stats.Waits++
	g.stats.WaitTime += time.Since(start)
	if w.hold == nil && w.err == nil {
		g.lanes[w.kind].remove(w)
		w.err = context.Cause(ctx)
		g.dispatch() // those behind it may need less
	}
	return w.hold, w.err
}

// place makes sure that one more may wait. Where all places are taken, the client
// with the most of them loses its last, unless that is the newcomer's.
func (g *Gate) place(w *waiter) error {
	if g.most == 0 || g.lanes[short].waiting+g.lanes[long].waiting < g.most {
		return nil
	}
	g.stats.Refused++
	most, from := g.longest()
	if own := g.lanes[w.kind].lines[w.asker.Client]; own != nil && own.Len()+1 >= most.Len() || most.Len() <= 1 {
		return ErrFull
	}
	last := most.Back().Value.(*waiter)
	from.remove(last)
	last.end(nil, ErrFull)
	return nil
}

// longest returns the line of the client that waits with the most queries.
func (g *Gate) longest() (most *line, in *lane) {
	for i := range g.lanes {
		for _, l := range g.lanes[i].lines {
			if most == nil || l.Len() > most.Len() {
				most, in = l, &g.lanes[i]
			}
		}
	}
	return most, in
}

// Resize changes how many units there are. Those held beyond are waited for;
// whoever waits for more than there are any more gets ErrTooFew.
func (g *Gate) Resize(size int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.size == size {
		return
	}
	g.size = size
	for i := range g.lanes {
		for _, w := range g.lanes[i].all() {
			if w.n > size {
				g.lanes[i].remove(w)
				w.end(nil, ErrTooFew)
			}
		}
	}
	g.dispatch()
}

// Stats returns the gate's numbers.
func (g *Gate) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Size, s.Holds, s.Waiting = g.size, g.holds, g.lanes[short].waiting+g.lanes[long].waiting
	return s
}
