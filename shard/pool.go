package shard

import (
	"context"
	"slices"
	"sync"
	"time"
)

const (
	// maxAge is when a connection is replaced, so that servers behind one
	// address share the load again after one of them was away.
	maxAge = time.Hour
	// maxIdle is how long a connection is kept that isn't needed.
	maxIdle = 5 * time.Minute
	// trust is how long a connection that was in use is taken to be alive.
	// The check is a system call, some 2 µs; without it, a statement that
	// meets a dead connection is sent once more.
	trust = time.Second
)

// pool keeps the sessions that no query uses. How many there may be is up to
// the reservations.
type pool struct {
	open func(ctx context.Context) (*session, error)

	mu     sync.Mutex
	most   int        // sessions, of which no more are kept
	idle   []*session // the one given back last is at the end
	taken  int
	closed bool
}

// get returns a session that is idle and alive, as far as is known, or a new
// one.
func (p *pool) get(ctx context.Context) (*session, error) {
	for {
		s, err := p.pop()
		if err != nil {
			return nil, err
		}
		if s == nil {
			break
		}
		if time.Since(s.created) < maxAge && (s.trusted() || s.alive(ctx)) {
			return s, nil
		}
		s.close()
		p.drop()
	}
	return p.fresh(ctx)
}

// renew closes a session that was taken, and returns a new one in its stead.
// After an error there is nothing to put back.
func (p *pool) renew(ctx context.Context, dead *session) (*session, error) {
	dead.close()
	return p.fresh(ctx)
}

// fresh opens a session that is counted as taken already.
func (p *pool) fresh(ctx context.Context) (*session, error) {
	s, err := p.open(ctx)
	if err != nil {
		p.drop()
	}
	return s, err
}

// pop takes an idle session, or nil where there is none, and counts it as
// taken either way.
func (p *pool) pop() (*session, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	p.taken++
	last := len(p.idle) - 1
	if last < 0 {
		return nil, nil
	}
	s := p.idle[last]
	p.idle[last] = nil
	p.idle = p.idle[:last]
	return s, nil
}

func (p *pool) drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.taken--
}

// put takes a session back, to keep it or to close it.
func (p *pool) put(s *session, keep bool) {
	now := time.Now()
	p.mu.Lock()
	p.taken--
	keep = keep && !p.closed && p.taken+len(p.idle) < p.most
	var stale *session
	if keep {
		s.used = now
		p.idle = append(p.idle, s)
		stale = p.staleLocked(now)
	}
	p.mu.Unlock()
	if !keep {
		s.close()
	}
	if stale != nil {
		stale.close()
	}
}

// staleLocked takes out the session that has been idle for longest, if that
// is too long. One at a time keeps giving back cheap.
func (p *pool) staleLocked(now time.Time) *session {
	s := p.idle[0]
	if now.Sub(s.used) < maxIdle {
		return nil
	}
	p.idle = append(p.idle[:0], p.idle[1:]...)
	return s
}

// limit sets how many sessions there are to be, and closes idle ones beyond.
func (p *pool) limit(most int) {
	p.mu.Lock()
	p.most = most
	extra := min(max(p.taken+len(p.idle)-most, 0), len(p.idle))
	stale := slices.Clone(p.idle[:extra])
	p.idle = append(p.idle[:0], p.idle[extra:]...)
	p.mu.Unlock()
	for _, s := range stale {
		s.close()
	}
}

// close closes the idle sessions, and lets those in use be closed when they
// are given back.
func (p *pool) close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, s := range idle {
		s.close()
	}
}

func (p *pool) counts() (taken, idle int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.taken, len(p.idle)
}
