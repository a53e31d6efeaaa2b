package shard

import (
	"context"
	"errors"
	"io"
	"iter"
	"sync"
)

// Packets of the client/server protocol:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_packets.html
const (
	headerSize = 4
	maxPacket  = 1<<24 - 1 // a packet of this size goes on in the next one
	comQuery   = 0x03
	comReset   = 0x1f

	markOK    = 0x00
	markLocal = 0xfb // the server asks for a file
	markEOF   = 0xfe
	markError = 0xff

	moreResults = 0x0008 // a bit of the server's status
)

var (
	errMalformed   = errors.New("malformed packet")
	errSequence    = errors.New("packet out of sequence")
	errLocalFile   = errors.New("server asks for a local file")
	errMoreResults = errors.New("statement has several results")
	errLength      = errors.New("statement of another length than was said")
)

const (
	bufferSize = 64 << 10
	// maxBuffered bounds the buffer, and so the packets, with their headers,
	// that need no memory of the pool for large ones.
	maxBuffered = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// wire reads and writes the packets of one command over a socket. It holds a
// buffer of the pool from start to end. What is larger it reads into memory that
// is mapped: up to maxBuffered a buffer in place of that one, until the end,
// since rows of a result are alike; beyond it one of a packet's own, taken of
// the memory that all large packets share, until the next packet.
type wire struct {
	ctx      context.Context // of the command, for waiting for memory
	memory   *memory
	socket   io.ReadWriter
	base     *[bufferSize]byte
	buf      []byte // base or mapped
	mapped   []byte // nil: base does
	large    lease
	r, w     int // buf[r:w] is read and not yet taken
	sequence byte
}

func (c *wire) start(ctx context.Context, memory *memory, socket io.ReadWriter) {
	c.ctx, c.memory, c.socket = ctx, memory, socket
	c.base = buffers.Get().(*[bufferSize]byte)
	c.buf, c.r, c.w = c.base[:], 0, 0
}

func (c *wire) end() {
	buffers.Put(c.base)
	c.large.release()
	unmapBytes(c.mapped)
	*c = wire{}
}

// command sends a command with its text. A long one goes out in pieces of the
// buffer's size, so that it needs no memory of its own.
func (c *wire) command(kind byte, text string) error {
	if len(text)+1 >= maxPacket {
		return ErrTooLong
	}
	p := append(c.buf[:0], 0, 0, 0, 0, kind)
	putUint24(p, len(text)+1)
	c.sequence = 1
	for {
		n := min(len(text), cap(c.buf)-len(p))
		p, text = append(p, text[:n]...), text[n:]
		if _, err := c.socket.Write(p); err != nil || text == "" {
			return err
		}
		p = c.buf[:0]
	}
}

// commandPieces is command for a text of that many bytes in pieces.
func (c *wire) commandPieces(kind byte, length int, pieces iter.Seq[[]byte]) error {
	if length+1 >= maxPacket {
		return ErrTooLong
	}
	p := append(c.buf[:0], 0, 0, 0, 0, kind)
	putUint24(p, length+1)
	c.sequence = 1
	if _, err := c.socket.Write(p); err != nil {
		return err
	}
	for piece := range pieces {
		if _, err := c.socket.Write(piece); err != nil {
			return err
		}
		length -= len(piece)
	}
	if length != 0 {
		return errLength
	}
	return nil
}

// packet returns the next packet's payload, never empty, and valid until the
// next call. Of a large one the error may be a *fault.Error: ErrMemoryBusy, or
// that it is too large.
func (c *wire) packet() ([]byte, error) {
	c.large.release()
	size, err := c.header()
	switch {
	case err != nil:
		return nil, err
	case size == 0:
		return nil, errMalformed
	case headerSize+size > maxBuffered:
		return c.readLarge(size)
	}
	return c.payload(size)
}

// header begins a packet: it takes its number, and returns its size.
func (c *wire) header() (size int, err error) {
	if err := c.fill(headerSize); err != nil {
		return 0, err
	}
	size = uint24(c.buf[c.r:])
	if c.buf[c.r+3] != c.sequence {
		return 0, errSequence
	}
	c.sequence++
	return size, nil
}

// payload takes a packet of which header was read off the buffer, and fills that
// where needed.
func (c *wire) payload(size int) ([]byte, error) {
	if err := c.fill(headerSize + size); err != nil {
		return nil, err
	}
	start := c.r + headerSize
	c.r = start + size
	return c.buf[start:c.r:c.r], nil
}

// buffered reports whether packet would not have to read.
func (c *wire) buffered() bool {
	have := c.w - c.r
	return have >= headerSize && have >= headerSize+uint24(c.buf[c.r:])
}

// fill reads until the buffer holds need bytes.
func (c *wire) fill(need int) error {
	if c.w-c.r >= need {
		return nil
	}
	if err := c.makeRoom(need); err != nil {
		return err
	}
	for c.w < need {
		n, err := c.socket.Read(c.buf[c.w:])
		c.w += n
		if err == io.EOF && c.w < need {
			return io.ErrUnexpectedEOF
		}
		if err != nil && c.w < need {
			return err
		}
	}
	return nil
}

// makeRoom moves what is in the buffer to the start of one that takes need
// bytes, at most maxBuffered.
func (c *wire) makeRoom(need int) error {
	unread := c.buf[c.r:c.w]
	if need > len(c.buf) {
		larger, err := mapBytes(min(max(need, 2*len(c.buf)), maxBuffered))
		if err != nil {
			return err
		}
		c.w, c.r = copy(larger, unread), 0
		unmapBytes(c.mapped)
		c.buf, c.mapped = larger, larger
		return nil
	}
	c.w = copy(c.buf, unread)
	c.r = 0
	return nil
}
