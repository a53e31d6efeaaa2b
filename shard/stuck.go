package shard

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// killBites is how long after a KILL a statement may go on before its server
	// is said to misbehave.
	killBites = 2 * time.Second
	// The list of what runs is asked for at once, then ever more rarely.
	firstLook, rarestLook = 20 * time.Millisecond, 2 * time.Second
	// unreachableFor is how long a server may be out of reach until a statement
	// there keeps its place no more. Nobody can start another one there meanwhile.
	unreachableFor = time.Minute
)

// stuck are the statements of a shard that were told to stop and whose
// connection was closed before they had answered. Each keeps its place among the
// shard's connections and among the queries that run until the server's list
// of what runs shows it no more, so that servers which ignore a KILL do not get
// one such statement after the other.
type stuck struct {
	shard *Shard
	ctx   context.Context
	end   context.CancelFunc
	looks sync.WaitGroup

	mu      sync.Mutex
	closed  bool
	looking bool
	fresh   bool // one came since the last look
	all     map[uint64]*suspect
}

// suspect is one such statement, known by its connection's number and by the
// comment that its text begins with: after a restart servers count anew.
type suspect struct {
	tag     string
	query   string // its id; may be empty
	since   time.Time
	seen    time.Time // when the server was last in reach
	told    bool      // it is known to go on, and has been logged
	release []func()
}

func newStuck(sh *Shard) *stuck {
	s := &stuck{shard: sh, all: map[uint64]*suspect{}}
	s.ctx, s.end = context.WithCancel(context.Background())
	return s
}

// watch begins to watch the last statement of a connection that is given up.
func (s *stuck) watch(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.all[c.session.id] != nil {
		return
	}
	now := time.Now()
	one := &suspect{tag: tagOf(c.text), since: now, seen: now, release: []func(){s.shard.slots.Take(1).Release}}
	if o := c.origin; o != nil {
		one.query = o.QueryID
		one.release = append(one.release, o.Keep())
	}
	s.all[c.session.id], s.fresh = one, true
	if !s.looking {
		s.looking = true
		s.looks.Go(s.look)
	}
}

// tagOf returns the comment that a statement begins with, or "".
func tagOf(statement string) string {
	if end := strings.Index(statement, "*/"); strings.HasPrefix(statement, "/*") && end <= longestTag {
		return statement[:end+2]
	}
	return ""
}

// longestTag is the number of a statement's first characters that are compared.
const longestTag = 128

// look looks at what runs until there is nothing left to look for.
func (s *stuck) look() {
	pause := firstLook
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-time.After(pause):
		}
		asked := time.Now()
		runs, err := s.running()
		left, fresh := s.sort(asked, runs, err)
		if left == 0 {
			return
		}
		if pause = min(2*pause, rarestLook); fresh {
			pause = firstLook
		}
	}
}

// running returns the beginning of what runs, by the connection's number.
func (s *stuck) running() (map[uint64]string, error) {
	ctx, cancel := context.WithTimeout(s.ctx, killTimeout)
	defer cancel()
	info, err := s.shard.Server(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := s.shard.control.QueryContext(ctx, info.SelectStatements(), longestTag)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	runs := map[uint64]string{}
	for rows.Next() {
		var id uint64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		runs[id] = text
	}
	return runs, rows.Err()
}

// sort lets those go that ran no more when it was asked, and tells how many are left, and whether
// one of them is new.
func (s *stuck) sort(asked time.Time, runs map[uint64]string, err error) (left int, fresh bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for id, one := range s.all {
		if err == nil {
			one.seen = now
		}
		text, runsOn := runs[id]
		switch {
		case one.since.After(asked):
		case err == nil && !(runsOn && strings.HasPrefix(text, one.tag)),
			isAway(err), now.Sub(one.seen) > unreachableFor:
			s.letGo(id, one)
		case err == nil && !one.told && now.Sub(one.since) >= killBites:
			one.told = true
			s.shard.cfg.Logger.Warn("statement goes on in spite of KILL", "shard", s.shard.Name(), "query_id", one.query, "connection", id)
		}
	}
	fresh, s.fresh = s.fresh, false
	s.looking = len(s.all) > 0
	return len(s.all), fresh
}

func (s *stuck) letGo(id uint64, one *suspect) {
	delete(s.all, id)
	for _, release := range one.release {
		release()
	}
	if one.told {
		s.shard.cfg.Logger.Info("statement that went on in spite of KILL has ended", "shard", s.shard.Name(),
			"query_id", one.query, "connection", id, "dur", time.Since(one.since))
	}
}

// isAway reports whether there is no server any more at the address.
func isAway(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, fs.ErrNotExist)
}

// count returns how many are known to go on.
func (s *stuck) count() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, one := range s.all {
		if one.told {
			n++
		}
	}
	return n
}

// close lets all go.
func (s *stuck) close() {
	s.mu.Lock()
	s.closed = true
	for id, one := range s.all {
		s.letGo(id, one)
	}
	s.mu.Unlock()
	s.end()
	s.looks.Wait()
}
