package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// ready returns when the server answers, or when its first process ends before
// it does.
func (s *server) ready(ctx context.Context) error {
	for {
		select {
		case err := <-s.crashed:
			return fmt.Errorf("local server %d ended before it answered: %w; the end of %s:\n%w",
				s.number, err, s.logFile, lastWords(s.logFile))
		default:
		}
		err := greet(ctx, s.socket)
		if err == nil {
			return nil
		}
		if !sleep(ctx, 20*time.Millisecond) {
			return fmt.Errorf("local server %d did not answer: %w (%w)", s.number, context.Cause(ctx), err)
		}
	}
}

// greet connects to a server and waits for the packet by which it opens a
// connection: three bytes of length, a number, and the protocol version 10.
// (https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html)
func greet(ctx context.Context, socket string) error {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	conn, err := dialer.DialContext(ctx, "unix", socket)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(2 * time.Second)); err != nil {
		return err
	}
	var packet [5]byte
	if _, err := io.ReadFull(conn, packet[:]); err != nil {
		return err
	}
	if packet[4] != 10 {
		return errors.New("the server refuses connections")
	}
	return nil
}
