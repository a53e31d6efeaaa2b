package shard

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
)

// pooling is a configuration whose connections share so much memory.
func pooling(total int64, row int, wait time.Duration) Config {
	cfg := Config{MaxValueMemory: total, MaxRowBytes: row}.withDefaults()
	cfg.memory.wait = wait
	return cfg
}

// replying returns a connection whose server sends rows of these sizes.
func replying(cfg Config, sizes ...int) *Conn {
	answer := []string{"\x01", field("a")}
	for _, n := range sizes {
		answer = append(answer, value(n))
	}
	in := strings.NewReader(packets(append(answer, okEnd)...))
	session := overSocket(&socket{Conn: &replies{in: in}, agreed: deprecateEOF, noted: true})
	session.conn = closing{}
	control := openPool(&connector{invalid: io.EOF}, 1) // no KILL can be sent
	sh := &Shard{known: catalog.Shard{Name: "fake"}, cfg: cfg, control: control, slots: admission.New(1, 0)}
	sh.stuck = newStuck(sh)
	sh.stuck.close() // nobody is there to be watched
	return &Conn{shard: sh, session: session}
}

// closing is a driver's connection that is good for being closed.
type closing struct{ driver.Conn }

func (closing) Close() error { return nil }

func TestRowTooLarge(t *testing.T) {
	const overhead = 9 // of a value's length
	for _, tt := range []struct {
		limit, size int
		want        string // empty: it is read
	}{
		{2 << 20, 2<<20 - 4, ""},
		{2 << 20, 2<<20 - 3, "a row has 2097153 bytes"},
		{2 << 20, 40 << 20, "a row has more than 16777215 bytes"},
		{maxPacket + 20, maxPacket + 20 - overhead, ""},
		{maxPacket + 20, maxPacket + 21 - overhead, "a row has 16777236 bytes"},
		{2 * maxPacket, 2*maxPacket - overhead, ""},
		{40 << 20, 41 << 20, "a row has 42991625 bytes"},
		{33 << 20, 64 << 20, "a row has more than 50331645 bytes"},
	} {
		cfg := pooling(64<<20, tt.limit, time.Second)
		c := replying(cfg, 10, tt.size, 20)
		rows, err := c.Query(t.Context(), "SELECT")
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if tt.want == "" {
			if n != 3 || rows.Err() != nil || c.broken {
				t.Errorf("%d of %d: %d rows, %v", tt.size, tt.limit, n, rows.Err())
			}
		} else if err := rows.Err(); n != 1 || fault.CodeOf(err) != fault.TooLarge || !strings.Contains(err.Error(), tt.want) || !c.broken {
			t.Errorf("%d of %d: %d rows, broken %t, %v", tt.size, tt.limit, n, c.broken, err)
		}
		rows.Close()
		if !cfg.memory.free.TryAcquire(cfg.memory.total) {
			t.Errorf("%d of %d: memory was not given back", tt.size, tt.limit)
		}
	}
}

// Memory is held while the row is there, and not for longer; small rows need
// none.
func TestMemoryIsGivenBack(t *testing.T) {
	const total, row = 40 << 20, 20 << 20
	cfg := pooling(total, row, time.Millisecond)
	c := replying(cfg, 100, maxBuffered/2, 3<<20, 17<<20, maxBuffered/2, 2<<20, 1, 2<<20)
	rows, err := c.Query(t.Context(), "SELECT")
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{0, 0, 3<<20 + 4, 17<<20 + 9, 0, 2<<20 + 4, 0, 2<<20 + 4} {
		if !rows.Next() {
			t.Fatal(rows.Err())
		}
		if !cfg.memory.free.TryAcquire(total-want) || cfg.memory.free.TryAcquire(1) {
			t.Errorf("row %d does not hold %d bytes", i, want)
		}
		cfg.memory.free.Release(total - want)
	}
	rows.Close()
	if !cfg.memory.free.TryAcquire(total) {
		t.Error("not all was given back")
	}
}

// Who has to wait for too long gets a fault with which to try again, and whose
// context ends gets that.
func TestMemoryBusy(t *testing.T) {
	cfg := pooling(2<<20, 2<<20, 50*time.Millisecond)
	first := replying(cfg, 2<<20-10, 1)
	held, err := first.Query(t.Context(), "SELECT")
	if err != nil || !held.Next() {
		t.Fatal(err)
	}
	second := replying(cfg, 1100<<10)
	rows, err := second.Query(t.Context(), "SELECT")
	if err != nil || rows.Next() {
		t.Fatal(err)
	}
	if err := rows.Err(); !errors.Is(err, ErrMemoryBusy) || !second.broken || fault.Of(err).RetryAfter == 0 || fault.Of(err).Shard != "fake" {
		t.Errorf("broken %t, %v", second.broken, err)
	}
	cfg.memory.wait = time.Minute
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("gone")
	third := replying(cfg, 1100<<10)
	if rows, err = third.Query(ctx, "SELECT"); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, func() { cancel(gone) })
	if rows.Next() || !errors.Is(rows.Err(), gone) || !third.broken {
		t.Errorf("broken %t, %v", third.broken, rows.Err())
	}
	fourth := replying(cfg, 1100<<10)
	if rows, err = fourth.Query(t.Context(), "SELECT"); err != nil {
		t.Fatal(err)
	}
	var given sync.WaitGroup
	given.Go(func() {
		time.Sleep(20 * time.Millisecond)
		held.Next()
	})
	if !rows.Next() {
		t.Errorf("memory that was given back: %v", rows.Err())
	}
	given.Wait()
	rows.Close()
	held.Close()
}

// Readers of rows of all sizes at once come to their end, and never have more
// than there is.
func TestMemoryIsShared(t *testing.T) {
	cfg := pooling(24<<20, 20<<20, time.Minute)
	var readers sync.WaitGroup
	var held atomic.Int64
	for i := range 12 {
		readers.Go(func() {
			sizes := []int{2 << 20, 5 << 20, 300 << 10, 17 << 20, 1 << 20, 19 << 20, 3 << 20}
			c := replying(cfg, append(sizes[i%len(sizes):], sizes[:i%len(sizes)]...)...)
			rows, err := c.Query(t.Context(), "SELECT")
			if err != nil {
				t.Error(err)
				return
			}
			n := 0
			for ; rows.Next(); n++ {
				v := rows.Values()[0]
				if len(v) < maxBuffered {
					continue
				}
				if all := held.Add(int64(len(v))); all > cfg.memory.total {
					t.Errorf("%d bytes are held", all)
				}
				if bytes.Count(v, []byte("x")) != len(v) {
					t.Error("a row was changed while it was read")
				}
				held.Add(-int64(len(v)))
			}
			if n != len(sizes) || rows.Err() != nil {
				t.Errorf("%d rows, %v", n, rows.Err())
			}
		})
	}
	readers.Wait()
	if !cfg.memory.free.TryAcquire(cfg.memory.total) {
		t.Error("not all was given back")
	}
}

// A server that sends large packets in pieces of any size is read all the same,
// and what it cuts off is an error.
func FuzzLargeRow(f *testing.F) {
	f.Add(uint32(maxBuffered), uint16(7), uint32(0))
	f.Add(uint32(maxPacket-4), uint16(1), uint32(5))
	f.Add(uint32(maxPacket+10), uint16(60000), uint32(20<<20))
	f.Fuzz(func(t *testing.T, size uint32, piece uint16, cut uint32) {
		size %= 36 << 20
		const limit = 34 << 20
		cfg := pooling(limit, limit, time.Millisecond)
		c := replying(cfg, int(size), 3)
		in := c.session.socket.Conn.(*replies)
		all, _ := io.ReadAll(in.in)
		whole := cut == 0 || int(cut) >= len(all)
		if !whole {
			all = all[:cut]
		}
		in.in = &pieces{all, int(piece) + 1}
		rows, err := c.Query(t.Context(), "SELECT")
		n := 0
		if err == nil {
			for ; rows.Next(); n++ {
				if v := rows.Values()[0]; n == 0 && len(v) != int(size) || bytes.Count(v, []byte("x")) != len(v) {
					t.Fatalf("row %d has %d bytes", n, len(v))
				}
			}
			err = rows.Err()
		}
		fits := int(size)+9 <= limit
		if whole && fits && (n != 2 || err != nil) || (!whole || int(size) > limit) && err == nil {
			t.Fatalf("%d bytes, cut at %d: %d rows, %v", size, cut, n, err)
		}
		if !cfg.memory.free.TryAcquire(limit) {
			t.Fatal("memory was not given back")
		}
	})
}

// pieces is a reader of so many bytes at a time.
type pieces struct {
	rest []byte
	size int
}

func (p *pieces) Read(into []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(into, p.rest[:min(p.size, len(p.rest))])
	p.rest = p.rest[n:]
	return n, nil
}
