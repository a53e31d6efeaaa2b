package shard

import (
	"context"
	"encoding/binary"
	"net"
	"syscall"
	"time"
)

// capabilities are the protocol features that client and server agreed on:
// https://dev.mysql.com/doc/dev/mysql-server/latest/group__group__cs__capabilities__flags.html
type capabilities uint32

// deprecateEOF: the definitions of a result's columns end without a packet of
// their own.
const deprecateEOF capabilities = 1 << 24

// socket is the connection below the driver's. It notes what the driver
// agreed on with the server, so that a session can go on without the driver.
type socket struct {
	net.Conn
	agreed capabilities
	noted  bool
}

func dialSocket(ctx context.Context, network, address string) (*socket, error) {
	dialer := net.Dialer{KeepAlive: 30 * time.Second}
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &socket{Conn: conn}, nil
}

// Write notes the first packet, the handshake response: 4 bytes of header, 4
// of capabilities.
func (s *socket) Write(p []byte) (int, error) {
	if !s.noted && len(p) >= 8 {
		s.noted = true
		s.agreed = capabilities(binary.LittleEndian.Uint32(p[4:]))
	}
	return s.Conn.Write(p)
}

// SyscallConn lets the driver check that an idle connection is alive.
func (s *socket) SyscallConn() (syscall.RawConn, error) {
	conn, ok := s.Conn.(syscall.Conn)
	if !ok {
		return nil, syscall.EINVAL
	}
	return conn.SyscallConn()
}

// expire makes reading and writing fail after d. It may be called while
// another goroutine reads.
func (s *socket) expire(d time.Duration) {
	// An error means that the socket is closed, and nobody waits on it.
	_ = s.SetDeadline(time.Now().Add(d))
}
