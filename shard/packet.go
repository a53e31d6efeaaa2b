package shard

import (
	"encoding/binary"
	"fmt"

	"github.com/go-sql-driver/mysql"
)

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

// ending reads the packet that ends the rows: an OK packet in all but its first
// byte, or the older EOF.
func (a capabilities) ending(p []byte) (okPacket, error) {
	p = p[1:]
	if a&deprecateEOF != 0 {
		return readOK(p)
	}
	if len(p) < 4 {
		return okPacket{}, errMalformed
	}
	return okPacket{warnings: binary.LittleEndian.Uint16(p), status: binary.LittleEndian.Uint16(p[2:])}, nil
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
