package shard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-sql-driver/mysql"
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
)

const (
	bufferSize = 64 << 10
	maxKept    = 1 << 20
)

var buffers = sync.Pool{New: func() any { return new([bufferSize]byte) }}

// wire reads and writes the packets of one command over a socket. It holds a
// buffer of the pool from start to end.
type wire struct {
	socket   io.ReadWriter
	base     *[bufferSize]byte
	buf      []byte // base, or a larger one while packets need it
	r, w     int    // buf[r:w] is read and not yet taken
	sequence byte
}

func (c *wire) start(socket io.ReadWriter) {
	c.socket = socket
	c.base = buffers.Get().(*[bufferSize]byte)
	c.buf, c.r, c.w = c.base[:], 0, 0
}

func (c *wire) end() {
	buffers.Put(c.base)
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

// packet returns the next packet's payload, never empty, and valid until the
// next call.
func (c *wire) packet() ([]byte, error) {
	p, size, err := c.frame()
	if err != nil {
		return nil, err
	}
	if size == maxPacket {
		return c.join(p)
	}
	if size == 0 {
		return nil, errMalformed
	}
	return p, nil
}

// join appends the packets in which a long one goes on.
func (c *wire) join(p []byte) ([]byte, error) {
	whole := append([]byte(nil), p...)
	for {
		p, size, err := c.frame()
		if err != nil {
			return nil, err
		}
		whole = append(whole, p...)
		if size < maxPacket {
			return whole, nil
		}
	}
}

// frame takes one packet off the buffer, and fills that where needed.
func (c *wire) frame() (payload []byte, size int, err error) {
	if err := c.fill(headerSize); err != nil {
		return nil, 0, err
	}
	size = uint24(c.buf[c.r:])
	if c.buf[c.r+3] != c.sequence {
		return nil, 0, errSequence
	}
	if err := c.fill(headerSize + size); err != nil {
		return nil, 0, err
	}
	start := c.r + headerSize
	c.r = start + size
	c.sequence++
	return c.buf[start:c.r:c.r], size, nil
}

// buffered reports whether frame would not have to read.
func (c *wire) buffered() bool {
	have := c.w - c.r
	return have >= headerSize && have >= headerSize+uint24(c.buf[c.r:])
}

// fill reads until the buffer holds need bytes.
func (c *wire) fill(need int) error {
	if c.w-c.r >= need {
		return nil
	}
	c.makeRoom(need)
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
// bytes. One that had to grow is kept, since rows of a result are alike, but
// a huge one only for the packet that needs it.
func (c *wire) makeRoom(need int) {
	unread := c.buf[c.r:c.w]
	switch {
	case need > len(c.buf):
		c.buf = make([]byte, max(need, 2*len(c.buf)))
	case len(c.buf) > maxKept && max(need, len(unread)) <= bufferSize:
		c.buf = c.base[:]
	}
	c.w = copy(c.buf, unread)
	c.r = 0
}

// readError reads an error packet.
func readError(p []byte) error {
	if len(p) < 3 {
		return errMalformed
	}
	e := &mysql.MySQLError{Number: binary.LittleEndian.Uint16(p[1:])}
	p = p[3:]
	if len(p) >= 6 && p[0] == '#' {
		copy(e.SQLState[:], p[1:])
		p = p[6:]
	}
	e.Message = string(p)
	return e
}

// isEnd reports whether a packet among rows ends them. A row can begin with
// the same byte, for a first value of 16 MiB or more.
func isEnd(p []byte) bool { return p[0] == markEOF && len(p) < maxPacket }

// status reads the server's status from the packet that ends the rows: an OK
// packet in all but its first byte, or the older EOF.
func (a capabilities) status(p []byte) (uint16, error) {
	p = p[1:]
	if a&deprecateEOF == 0 {
		if len(p) < 4 {
			return 0, errMalformed
		}
		return binary.LittleEndian.Uint16(p[2:]), nil
	}
	return okStatus(p)
}

// okStatus reads the server's status from an OK packet without its first byte.
func okStatus(p []byte) (uint16, error) {
	o, err := readOK(p)
	return o.status, err
}

// okPacket is what an OK packet says of a statement.
type okPacket struct {
	affected uint64 // rows
	status   uint16
	warnings uint16
}

// readOK reads an OK packet without its first byte.
func readOK(p []byte) (o okPacket, err error) {
	var n int
	if o.affected, n, err = lengthInt(p); err != nil {
		return o, err
	}
	p = p[n:]
	if _, n, err = lengthInt(p); err != nil { // last insert id
		return o, err
	}
	p = p[n:]
	if len(p) < 2 {
		return o, errMalformed
	}
	o.status = binary.LittleEndian.Uint16(p)
	if len(p) >= 4 {
		o.warnings = binary.LittleEndian.Uint16(p[2:])
	}
	return o, nil
}

// lengthInt reads a length-encoded integer and says how many bytes it took.
func lengthInt(p []byte) (value uint64, size int, err error) {
	if len(p) == 0 {
		return 0, 0, errMalformed
	}
	switch p[0] {
	case 0xfc:
		size = 3
	case 0xfd:
		size = 4
	case 0xfe:
		size = 9
	case markLocal, markError:
		return 0, 0, fmt.Errorf("%w: length %#x", errMalformed, p[0])
	default:
		return uint64(p[0]), 1, nil
	}
	if len(p) < size {
		return 0, 0, errMalformed
	}
	var b [8]byte
	copy(b[:], p[1:size])
	return binary.LittleEndian.Uint64(b[:]), size, nil
}

// lengthBytes splits a length-encoded string off p.
func lengthBytes(p []byte) (value, rest []byte, err error) {
	n, size, err := lengthInt(p)
	if err != nil {
		return nil, nil, err
	}
	p = p[size:]
	if n > uint64(len(p)) {
		return nil, nil, errMalformed
	}
	return p[:n:n], p[n:], nil
}

func uint24(p []byte) int { return int(p[0]) | int(p[1])<<8 | int(p[2])<<16 }

func putUint24(p []byte, n int) { p[0], p[1], p[2] = byte(n), byte(n>>8), byte(n>>16) }
