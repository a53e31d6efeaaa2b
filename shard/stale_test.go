package shard

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// A connection that was in use only just now is not checked. Where it was
// lost meanwhile, nobody notices.
func TestStatementOnLostConnectionIsSentAgain(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	a, b := open(t, sh), open(t, sh)
	sessions := []*session{a.session, b.session}
	a.Close()
	b.Close()
	for _, s := range sessions {
		exec(t, sh, fmt.Sprintf("KILL %d", s.id))
		eventually(t, "its end is seen", func() bool { return !s.alive(t.Context()) })
	}
	for _, s := range sessions {
		s.used = time.Now()
	}
	c := open(t, sh)
	if c.session != sessions[1] {
		t.Fatal("the lost connection was noticed before it was used")
	}
	if got := texts(t, c, "SELECT 1"); got[0][0] != "1" {
		t.Errorf("got %v", got)
	}
	if c.session == sessions[0] || c.session == sessions[1] {
		t.Error("not a new connection")
	}
	if s := sh.Stats().Query; s.InUse != 1 || s.Idle != 1 {
		t.Errorf("got %+v", s)
	}
	c.Close()
	if s := sh.Stats().Query; s.InUse != 0 || s.Idle != 2 {
		t.Errorf("got %+v", s)
	}
}

// noDriver stands where a session has its driver's connection.
type noDriver struct{ driver.Conn }

func (noDriver) Close() error { return nil }

// fakeSession is a session whose server's answer is known beforehand.
func fakeSession(answer io.Reader, used time.Time) *session {
	s := overSocket(&socket{Conn: &replies{in: answer}, agreed: deprecateEOF, noted: true})
	s.conn, s.created, s.used = noDriver{}, time.Now(), used
	return s
}

func TestWhenStatementIsSentAgain(t *testing.T) {
	answer := packets("\x01", field("a"), value(3), "\xfe\x00\x00\x00\x00\x00\x00")
	unasked := strings.Replace(packets("\xff\xbf\x0f#HY000idle for too long"), "\x01\xff", "\x00\xff", 1)
	again := errors.New("sent again")
	now, earlier := time.Now(), time.Now().Add(-time.Hour)
	for _, test := range []struct {
		name   string
		answer io.Reader
		used   time.Time
		again  bool
	}{
		{"closed", strings.NewReader(""), now, true},
		{"failed otherwise", iotest.ErrReader(io.ErrClosedPipe), now, false},
		{"broken off in the first packet", strings.NewReader(answer[:3]), now, true},
		{"closed with a last word", strings.NewReader(unasked), now, true},
		{"broken off after the first packet", strings.NewReader(answer[:8]), now, false},
		{"closed, long after its last use", strings.NewReader(""), earlier, false},
		{"closed, new", strings.NewReader(""), time.Time{}, false},
		{"refused by the server", strings.NewReader(packets("\xff\x87\x07#70100killed")), now, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			sh := &Shard{known: catalog.Shard{Name: "fake"}}
			sh.query = &pool{taken: 1, open: func(context.Context) (*session, error) { return nil, again }}
			c := &Conn{shard: sh, session: fakeSession(test.answer, test.used)}
			_, err := c.Query(t.Context(), "SELECT 1")
			if err == nil || errors.Is(err, again) != test.again {
				t.Errorf("got %v", err)
			}
			if _, err := c.Query(t.Context(), "SELECT 1"); err == nil || errors.Is(err, again) {
				t.Errorf("another statement: %v", err)
			}
			c.Close()
			if taken, idle := sh.query.counts(); taken != 0 || idle != 0 {
				t.Errorf("%d connections taken, %d idle", taken, idle)
			}
		})
	}
}

// It is sent again once, and not over a connection that has answered before.
func TestStatementIsSentAgainOnce(t *testing.T) {
	answer := packets("\x01", field("a"), value(3), "\xfe\x00\x00\x00\x00\x00\x00")
	next := []*session{
		fakeSession(strings.NewReader(""), time.Now()),
		fakeSession(strings.NewReader(answer), time.Now()),
	}
	sh := &Shard{known: catalog.Shard{Name: "fake"}}
	sh.query = &pool{taken: 2, open: func(context.Context) (s *session, err error) {
		s, next = next[0], next[1:]
		return s, nil
	}}
	lost := &Conn{shard: sh, session: fakeSession(strings.NewReader(""), time.Now())}
	if err := run(t.Context(), lost, "SELECT 1"); !errors.Is(err, ErrUnreachable) || len(next) != 1 {
		t.Errorf("got %v, %d connections left", err, len(next))
	}
	good := &Conn{shard: sh, session: fakeSession(strings.NewReader(answer), time.Now())}
	if err := run(t.Context(), good, "SELECT 1"); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), good, "SELECT 1"); !errors.Is(err, ErrUnreachable) || len(next) != 1 {
		t.Errorf("got %v, %d connections left", err, len(next))
	}
}
