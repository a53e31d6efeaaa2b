package admission

import "time"

// reserve is how many units are kept from the long.
func (g *Gate) reserve() int { return g.size / 4 }

// kindOf says in which lane a query waits. One that needs more than is kept for
// the short could have to wait for a long one.
func (g *Gate) kindOf(asker Asker, n int) kind {
	if asker.Long || n > g.reserve() {
		return long
	}
	return short
}

// allowed reports whether the share of the long leaves units to one who waits.
// One that needs more than that share has it to itself.
func (g *Gate) allowed(w *waiter) bool {
	return w.kind == short || g.held[long] == 0 || g.held[long]+w.n <= g.size-g.reserve()
}

// room reports whether n units are free.
func (g *Gate) room(n int) bool { return g.held[short]+g.held[long]+n <= g.size }

// next returns who is next among those that the shares allow. It keeps the turn
// until there is room: all that it waits for then are short ones, so nobody that
// needs many units is passed by for ever.
func (g *Gate) next() *waiter {
	for range g.lanes {
		if w := g.lanes[g.turn].first(); w != nil && g.allowed(w) {
			return w
		}
		g.turn = 1 - g.turn
	}
	return nil
}

// dispatch admits whoever may go on.
func (g *Gate) dispatch() {
	if g.lanes[short].waiting+g.lanes[long].waiting == 0 {
		return
	}
	g.age()
	for w := g.next(); w != nil && g.room(w.n); w = g.next() {
		g.lanes[w.kind].remove(w)
		g.lanes[w.kind].rotate(w.asker.Client)
		g.turn = 1 - g.turn
		w.end(g.admit(w), nil)
	}
	g.press()
}

func (g *Gate) admit(w *waiter) *Hold {
	h := &Hold{gate: g, asker: w.asker, n: w.n, kind: w.kind}
	g.held[h.kind] += h.n
	g.holds++
	if h.kind == short {
		h.since = time.Now()
		h.place, h.in = g.young.PushBack(h), &g.young
	}
	return h
}

// age counts those as long that have held their units for so long.
func (g *Gate) age() {
	now := time.Now()
	for e := g.young.Front(); e != nil; e = g.young.Front() {
		h := e.Value.(*Hold)
		if now.Sub(h.since) < Patience {
			return
		}
		h.leave()
		g.held[short] -= h.n
		g.held[long] += h.n
		h.kind = long
		h.place, h.in = g.late.PushBack(h), &g.late
	}
}

// press has those that turned long yield, as many as hold more than the share of
// the long, for the sake of short ones that wait. It calls again when the next
// one turns long.
func (g *Gate) press() {
	if g.lanes[short].waiting == 0 {
		return
	}
	for g.late.Len() > 0 && g.held[long]-g.going > g.size-g.reserve() {
		h := g.late.Front().Value.(*Hold)
		h.leave()
		if h.asker.Yield != nil && h.asker.Yield() {
			h.yields = true
			g.going += h.n
			g.stats.Yields++
		}
	}
	if oldest := g.young.Front(); oldest != nil && g.clock == nil {
		g.clock = time.AfterFunc(Patience-time.Since(oldest.Value.(*Hold).since), g.tick)
	}
}

func (g *Gate) tick() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.clock = nil
	g.dispatch()
}
