package proxy

import "time"

// Stats are a proxy's numbers.
type Stats struct {
	Running, MaxRunning int // queries; those that wait for connections run
	Waiting, MaxWaiting int
	Waits               int64         // how often a query has waited for its turn
	WaitTime            time.Duration // for how long, all together
	Refused             int64         // as too many ran and waited
	Yielded             int64         // stopped in favour of shorter ones, and begun anew
}

// Stats returns the proxy's numbers.
func (p *Proxy) Stats() Stats {
	s := p.slots.Stats()
	return Stats{
		Running: s.Holds, MaxRunning: s.Size, Waiting: s.Waiting, MaxWaiting: p.maxQueued,
		Waits: s.Waits, WaitTime: s.WaitTime, Refused: s.Refused, Yielded: p.yielded.Load(),
	}
}
