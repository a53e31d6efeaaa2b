package shard

import (
	"context"
	"io"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kolide/databalancer/fault"
)

// What large values may take where Config does not say.
const (
	DefaultMaxValueMemory = 256 << 20
	DefaultMaxRowBytes    = 64 << 20
)

// memoryWait is how long a row waits for its memory while others have it.
const memoryWait = 5 * time.Second

// ErrMemoryBusy means that a row was too large to be read while others are.
var ErrMemoryBusy = fault.Sentinel(fault.MemoryBusy, "memory for large rows in use",
	"the rows of other queries take all the memory there is for large ones (-max_value_memory)").
	With(fault.Facts{RetryAfter: memoryWait})

// memory is what all connections of a process share for their large packets.
// Who has some never waits for more, so nobody waits in a circle: a packet
// takes what its header says, and one that goes on in others, whose length no
// header tells, as much as a row may have at all.
//
// What is taken is mapped outside of the heap. There it is gone when it is given
// back, and the collector, which lets the heap grow in proportion to what is in
// use, does not reckon with it.
type memory struct {
	total  int64
	maxRow int // bytes of a packet, at most total
	wait   time.Duration
	free   *semaphore.Weighted
}

func newMemory(total int64, maxRow int) *memory {
	return &memory{total: total, maxRow: maxRow, wait: memoryWait, free: semaphore.NewWeighted(total)}
}

// lease is memory that was taken. The zero value is none.
type lease struct {
	from  *memory
	bytes []byte
	taken int64
}

// take waits for that many bytes. Its errors are ErrMemoryBusy and ctx's.
func (m *memory) take(ctx context.Context, n int) (lease, error) {
	if !m.free.TryAcquire(int64(n)) {
		bounded, cancel := context.WithTimeout(ctx, m.wait)
		defer cancel()
		if m.free.Acquire(bounded, int64(n)) != nil {
			if ctx.Err() != nil {
				return lease{}, ctx.Err()
			}
			return lease{}, ErrMemoryBusy
		}
	}
	b, err := mapBytes(n)
	if err != nil {
		m.free.Release(int64(n))
		return lease{}, err
	}
	return lease{from: m, bytes: b, taken: int64(n)}, nil
}

// shrink gives back what is beyond the first n bytes, which nobody has touched.
func (l *lease) shrink(n int) {
	l.from.free.Release(l.taken - int64(n))
	l.taken = int64(n)
}

// release gives all back.
func (l *lease) release() {
	if l.from == nil {
		return
	}
	unmapBytes(l.bytes)
	l.from.free.Release(l.taken)
	*l = lease{}
}

// tooLarge is the error for a row of so many bytes, or more.
func (m *memory) tooLarge(least string, n int) error {
	return fault.New(fault.TooLarge, "a row has %s%d bytes, and -max_row_bytes allows %d", least, n, m.maxRow).
		With(fault.Facts{Limit: m.maxRow})
}

// readLarge reads the payload of a packet whose header was read, and those in
// which it goes on, into memory of its own.
func (c *wire) readLarge(size int) (_ []byte, err error) {
	need := size
	if size == maxPacket {
		need = c.memory.maxRow
	}
	if size > c.memory.maxRow {
		return nil, c.tooLarge(0, size)
	}
	if c.large, err = c.memory.take(c.ctx, need); err != nil {
		return nil, err
	}
	whole := c.large.bytes
	n := 0
	for {
		c.r += headerSize
		if err := c.read(whole[n : n+size]); err != nil {
			return nil, err
		}
		n += size
		if size < maxPacket {
			break
		}
		if size, err = c.header(); err != nil {
			return nil, err
		}
		if n+size > c.memory.maxRow {
			return nil, c.tooLarge(n, size)
		}
	}
	c.large.shrink(n)
	return whole[:n:n], nil
}

// tooLarge is the error for a row of which n bytes were read, and whose next
// packet has that size.
func (c *wire) tooLarge(n, size int) error {
	least := ""
	if size == maxPacket {
		least = "more than "
	}
	return c.memory.tooLarge(least, n+size)
}

// read takes bytes off the buffer, and what it lacks of them off the socket.
func (c *wire) read(into []byte) error {
	n := copy(into, c.buf[c.r:c.w])
	c.r += n
	_, err := io.ReadFull(c.socket, into[n:])
	if err == io.EOF { // none of what was to come
		return io.ErrUnexpectedEOF
	}
	return err
}
