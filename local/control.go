package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// current returns the server's current or last life, and a channel that is
// closed when another one begins.
func (s *server) current() (*life, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.life, s.next
}

// ready returns when the server answers, or when it ends before it does.
func (s *server) ready(ctx context.Context) error {
	l, next := s.current()
	if l == nil || isOver(l) {
		select {
		case <-next:
		case <-s.supervised:
		case <-ctx.Done():
			return fmt.Errorf("local server %d: %w", s.number, context.Cause(ctx))
		}
		l, _ = s.current()
	}
	for {
		if isOver(l) {
			return fmt.Errorf("local server %d ended before it answered: %w", s.number, s.cause(l))
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

// cause tells how a life ended, with the last words of the log.
func (s *server) cause(l *life) error {
	if l.err == nil {
		return errors.New("it was stopped")
	}
	return fmt.Errorf("%w; the end of %s:\n%w", l.err, s.logFile, lastWords(s.logFile))
}

func isOver(l *life) bool {
	select {
	case <-l.over:
		return true
	default:
		return false
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

func (s *server) kill() error {
	s.mu.Lock()
	l := s.life
	var process *os.Process
	if l != nil {
		process = l.process
	}
	s.mu.Unlock()
	if process == nil {
		return nil
	}
	if err := process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("local server %d: %w", s.number, err)
	}
	<-l.over
	return nil
}

func (s *server) stop() {
	s.mu.Lock()
	if s.held == nil {
		s.held = make(chan struct{})
	}
	l := s.life
	s.mu.Unlock()
	if l != nil {
		l.end()
		<-l.over
	}
}

func (s *server) resume(ctx context.Context) error {
	s.mu.Lock()
	if s.held != nil {
		close(s.held)
		s.held = nil
	}
	s.mu.Unlock()
	return s.ready(ctx)
}

// wait returns when the supervisor has ended, and reports a last shutdown
// that was not clean.
func (s *server) wait() error {
	if s.supervised == nil {
		return nil
	}
	<-s.supervised
	if s.shutdown != nil {
		return fmt.Errorf("shutdown of local server %d: %w", s.number, s.shutdown)
	}
	return nil
}
