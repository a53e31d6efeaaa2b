package api

import (
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/kolide/databalancer/fault"
)

const (
	bufferSize = 64 << 10  // a buffer this full is sent
	bufferKeep = 256 << 10 // a buffer grown larger is not pooled

	trickleAfter = 200 * time.Millisecond // the longest that rows wait for a full buffer
)

var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, bufferSize+bufferSize/4)
	return &b
}}

// errClientGone means that the client did not take its answer.
var errClientGone = fault.Sentinel(fault.ClientGone, "client gone", "the client did not take its answer")

// stream is a body that is sent while it grows. Besides the goroutine that
// fills it, its timer touches it, and the writer: mu is for that.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	timeout time.Duration // for each write
	broken  func()        // called when a write fails, once

	mu      sync.Mutex
	pooled  *[]byte
	buf     []byte
	written int64 // bytes, without those in buf
	sent    bool  // the status has gone out
	closed  bool
	timer   *time.Timer // of tick; nil: not wanted
	err     error       // of the first write that had one
}

func newStream(w http.ResponseWriter, timeout time.Duration, broken func()) *stream {
	pooled := buffers.Get().(*[]byte)
	return &stream{
		w: w, control: http.NewResponseController(w), timeout: timeout, broken: broken,
		pooled: pooled, buf: (*pooled)[:0],
	}
}

// trickle makes the stream send what it has, every now and then, although
// the buffer is not full.
func (s *stream) trickle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		s.timer = time.AfterFunc(trickleAfter, s.tick)
	}
}

// tick sends what there is, unless the stream is busy: while a client takes
// its time over one write, no more goroutines are to wait for it.
func (s *stream) tick() {
	if !s.mu.TryLock() {
		time.AfterFunc(trickleAfter, s.tick)
		return
	}
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	defer s.timer.Reset(trickleAfter)
	if len(s.buf) > 0 && s.send() == nil {
		_ = s.control.Flush() // the next write tells
	}
}

// pieces appends a large value to dst, which is the buffer with what was added
// to it, and sends what does not fit. The caller holds mu.
func (s *stream) pieces(dst []byte, p pieces) []byte {
	dst = append(dst, p.quote...)
	for piece := range p.of {
		if dst = p.encode(dst, piece); len(dst) < bufferSize {
			continue
		}
		if dst = s.drain(dst); s.err != nil {
			return dst
		}
	}
	return append(dst, p.quote...)
}

// drain sends dst, which is the buffer with what was added to it, and returns
// the buffer empty. The caller holds mu.
func (s *stream) drain(dst []byte) []byte {
	s.buf = dst
	_ = s.send() // it keeps the error
	return s.buf
}

// total is how long the answer is so far, in bytes. The caller holds mu.
func (s *stream) total() int64 { return s.written + int64(len(s.buf)) }

// send sends the buffer. The caller holds mu.
func (s *stream) send() error {
	if s.err == nil && len(s.buf) > 0 {
		s.sent = true
		s.deadline()
		if _, err := s.w.Write(s.buf); err != nil {
			s.err = fmt.Errorf("%w: %w", errClientGone, err)
			s.broken()
		}
	}
	s.written += int64(len(s.buf))
	s.buf = s.buf[:0]
	return s.err
}

// deadline gives the next write its time. A server without deadlines, as some
// tests have, does without.
func (s *stream) deadline() {
	_ = s.control.SetWriteDeadline(time.Now().Add(s.timeout))
}

// end sends what is left: with its length, if it is all there is. The caller
// holds mu.
func (s *stream) end() error {
	if !s.sent {
		s.w.Header()["Content-Length"] = []string{strconv.Itoa(len(s.buf))}
	}
	return s.send()
}

// failure returns the error of the write that failed, if one has.
func (s *stream) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// close ends the timer's use of the writer and gives the buffer back.
func (s *stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	if s.timer != nil {
		s.timer.Stop()
	}
	if cap(s.buf) <= bufferKeep {
		*s.pooled = s.buf[:0]
		buffers.Put(s.pooled)
	}
}
