package shard

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

// deaf is the address of a server that takes every KILL for another statement:
// all else is passed on to the server at an address.
func deaf(t *testing.T, address string) string {
	t.Helper()
	network, target, err := parseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	harmless := strings.NewReplacer("KILL TIDB ", "DO 1+1+11+", "KILL ", "DO 1+")
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			server, err := net.Dial(network, target)
			if err != nil {
				client.Close()
				return
			}
			go func() {
				io.Copy(client, server)
				client.Close()
			}()
			go func() {
				buffer := make([]byte, 1<<16)
				for {
					n, err := client.Read(buffer)
					if n > 0 {
						io.WriteString(server, harmless.Replace(string(buffer[:n])))
					}
					if err != nil {
						server.Close()
						return
					}
				}
			}()
		}
	}()
	return l.Addr().String()
}

// syncBuffer is a log that may be written to while it is read.
type syncBuffer struct {
	mu sync.Mutex
	bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.String()
}

// TestStatementThatIgnoresKill has its client answered in time, and keeps its
// places until the server is through with it.
func TestStatementThatIgnoresKill(t *testing.T) {
	address := localtest.Servers(t, 1)[0]
	off, err := NewTLS(TLSOff, TLSFiles{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	logged := &syncBuffer{}
	f := emptyFixture(t, localtest.Database(t, address), func(cfg *Config) {
		cfg.TLS, cfg.QueryConns, cfg.Logger = off, 2, textLogger(logged)
	})
	if _, err := f.Join(t.Context(), f.registry, "s0", deaf(t, address), JoinOptions{}); err != nil {
		t.Fatal(err)
	}
	f.Sync(f.registry.snapshot())
	sh := f.shard(t, "s0")
	var kept atomic.Int64
	origin := &Origin{QueryID: "q-4711", Keep: func() func() { kept.Add(1); return func() { kept.Add(-1) } }}

	tag := "/* " + f.database + " */ "
	release, err := sh.Reserve(t.Context(), admission.Asker{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := open(t, sh)
	ctx, cancel := context.WithTimeoutCause(WithOrigin(t.Context(), origin), 300*time.Millisecond, errEnough)
	defer cancel()
	start := time.Now()
	if err := run(ctx, c, tag+"SELECT SLEEP(5)"); !errors.Is(err, errEnough) || time.Since(start) > 3*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	c.Close()
	release()

	if running(t, sh, tag) != 1 {
		t.Fatal("the statement has been stopped, so nothing is shown")
	}
	if kept.Load() != 1 {
		t.Errorf("the query keeps %d places", kept.Load())
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := sh.Reserve(short, admission.Asker{}, 2); err == nil {
		t.Error("the statement's connection was given to others")
	}
	one, err := sh.Reserve(t.Context(), admission.Asker{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	one()
	eventually(t, "it is known", func() bool { return sh.Stats().Stuck == 1 })
	if text := logged.String(); !strings.Contains(text, "goes on in spite of KILL") || !strings.Contains(text, "query_id=q-4711") {
		t.Errorf("logged: %s", text)
	}
	two, err := sh.Reserve(t.Context(), admission.Asker{}, 2)
	if err != nil || running(t, sh, tag) != 0 {
		t.Errorf("%v, %d run", err, running(t, sh, tag))
	}
	two()
	if took := time.Since(start); took < 4*time.Second || kept.Load() != 0 || sh.Stats().Stuck != 0 {
		t.Errorf("after %v %d places are kept", took, kept.Load())
	}
}

// TestStoppedStatementsKeepNothing gives the places of statements back that a
// KILL has stopped, also where nobody has waited for that.
func TestStoppedStatementsKeepNothing(t *testing.T) {
	f := newFixture(t, 1, func(cfg *Config) { cfg.QueryConns = 3 })
	sh := f.shard(t, "s0")
	for range 20 {
		release, err := sh.Reserve(t.Context(), admission.Asker{}, 3)
		if err != nil {
			t.Fatal(err)
		}
		c := open(t, sh)
		rows, err := c.Query(t.Context(), rowsFirst(t))
		if err != nil || !rows.Next() {
			t.Fatal(err)
		}
		rows.Close()
		c.Close()
		release()
	}
	if s := sh.Stats(); s.Stuck != 0 {
		t.Errorf("%+v", s)
	}
}

// TestWhenStuckEnd lets a statement go when the server runs it no more, is gone,
// or has been out of reach for long.
func TestWhenStuckEnd(t *testing.T) {
	now := time.Now()
	before := now.Add(-time.Hour)
	lost := &UnreachableError{"s0", errors.New("no answer")}
	gone := &UnreachableError{"s0", &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	const tag = "/* databalancer query_id=1 */"
	for _, tt := range []struct {
		why   string
		since time.Time
		seen  time.Time
		runs  map[uint64]string
		err   error
		stays bool
	}{
		{"it runs", before, before, map[uint64]string{7: tag + " SELECT 1"}, nil, true},
		{"another connection has its text", before, before, map[uint64]string{8: tag + " SELECT 1"}, nil, false},
		{"its number is another's", before, before, map[uint64]string{7: "/* databalancer query_id=2 */ SELECT 1"}, nil, false},
		{"nothing runs", before, before, nil, nil, false},
		{"it came after the server was asked", now.Add(time.Second), now, nil, nil, true},
		{"the server was in reach just now", before, now, nil, lost, true},
		{"the server is out of reach for long", before, now.Add(-2 * unreachableFor), nil, lost, false},
		{"there is no server", before, now, nil, gone, false},
	} {
		sh := newShard(Config{Username: "root", QueryConns: 1, Database: "d"}.withDefaults(), catalog.Shard{Name: "s0", Address: "/nowhere.sock"})
		released := false
		sh.stuck.all[7] = &suspect{tag: tag, since: tt.since, seen: tt.seen, release: []func(){func() { released = true }}}
		left, _ := sh.stuck.sort(now, tt.runs, tt.err)
		if released == tt.stays || (left == 1) != tt.stays {
			t.Errorf("%s: released %t", tt.why, released)
		}
		sh.close()
		if !released {
			t.Errorf("%s: closing the shard keeps places", tt.why)
		}
	}
}
