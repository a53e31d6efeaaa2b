package admission

import (
	"container/list"
	"time"
)

// waiter is one who asks for units.
type waiter struct {
	asker Asker
	n     int
	kind  kind
	place *list.Element // in its client's line
	done  chan struct{} // closed once there is a hold or an error
	hold  *Hold
	err   error
}

func (w *waiter) end(h *Hold, err error) {
	w.hold, w.err = h, err
	close(w.done)
}

// line is those of one client that wait, in the order in which they came.
type line struct {
	list.List
	turn *list.Element // in the order of the lane
}

// lane is the lines of clients that take turns. Its zero value is empty.
type lane struct {
	lines   map[string]*line // none is empty
	order   list.List        // of *line, the next first
	waiting int
}

func (l *lane) add(w *waiter) {
	own := l.lines[w.asker.Client]
	if own == nil {
		if l.lines == nil {
			l.lines = map[string]*line{}
		}
		own = &line{}
		own.turn = l.order.PushBack(own)
		l.lines[w.asker.Client] = own
	}
	w.place = own.PushBack(w)
	l.waiting++
}

func (l *lane) remove(w *waiter) {
	own := l.lines[w.asker.Client]
	own.Remove(w.place)
	l.waiting--
	if own.Len() == 0 {
		l.order.Remove(own.turn)
		delete(l.lines, w.asker.Client)
	}
}

// rotate ends the turn of a client.
func (l *lane) rotate(client string) {
	if own := l.lines[client]; own != nil {
		l.order.MoveToBack(own.turn)
	}
}

func (l *lane) first() *waiter {
	if l.waiting == 0 {
		return nil
	}
	return l.order.Front().Value.(*line).Front().Value.(*waiter)
}

func (l *lane) all() (waiters []*waiter) {
	for _, own := range l.lines {
		for e := own.Front(); e != nil; e = e.Next() {
			waiters = append(waiters, e.Value.(*waiter))
		}
	}
	return waiters
}

// Hold is units that a query holds.
type Hold struct {
	gate   *Gate
	asker  Asker
	n      int
	kind   kind
	since  time.Time // of a short one
	place  *list.Element
	in     *list.List // that place is in; nil: none
	yields bool
}

// leave takes the hold out of the list that it is in.
func (h *Hold) leave() {
	if h.in != nil {
		h.in.Remove(h.place)
		h.in = nil
	}
}

// Release gives the units back. It must be called once.
func (h *Hold) Release() {
	g := h.gate
	g.mu.Lock()
	defer g.mu.Unlock()
	h.leave()
	g.held[h.kind] -= h.n
	g.holds--
	if h.yields {
		g.going -= h.n
	}
	g.dispatch()
}
