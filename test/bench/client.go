package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
)

// client is an HTTP/1.1 client of one kept connection that does no more than
// it must: with net/http's, a good part of a short request's time would be
// the client's own. It is not safe for concurrent use.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	out  []byte
	body []byte
}

func dial(address string) (*client, error) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return &client{conn: conn, r: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// failedError is an answer with another status than 200.
type failedError struct {
	status string
	body   []byte
}

func (e *failedError) Error() string { return fmt.Sprintf("client: %s: %s", e.status, e.body) }

// problem returns the API's code of what is wrong, and what it says of it.
func (e *failedError) problem() (code, detail string) {
	var p struct{ Code, Detail string }
	if json.Unmarshal(e.body, &p) != nil || p.Code == "" {
		return e.status, string(e.body)
	}
	return p.Code, p.Detail
}

func (c *client) close() { c.conn.Close() }

// do sends a request and returns the answer's body, valid until the next one.
// Any status but 200 is an error.
func (c *client) do(method, path string, body []byte) ([]byte, error) {
	if err := c.send(method, path, body); err != nil {
		return nil, err
	}
	c.body = c.body[:0]
	err := c.receive(func(n int) error {
		start := len(c.body)
		c.body = append(c.body, make([]byte, n)...)
		_, err := io.ReadFull(c.r, c.body[start:])
		return err
	})
	return c.body, err
}

// drain sends a request, throws the answer's body away but for its last part,
// of up to 4 KiB, and returns that and the body's length.
func (c *client) drain(method, path string, body []byte) (tail []byte, length int64, err error) {
	if err := c.send(method, path, body); err != nil {
		return nil, 0, err
	}
	const keep = 4 << 10
	err = c.receive(func(n int) error {
		length += int64(n)
		kept := min(n, keep)
		if _, err := c.r.Discard(n - kept); err != nil {
			return err
		}
		part, err := c.r.Peek(kept)
		if err != nil {
			return err
		}
		tail = append(tail[max(0, len(tail)+kept-keep):], part...)
		_, err = c.r.Discard(kept)
		return err
	})
	return tail, length, err
}

func (c *client) send(method, path string, body []byte) error {
	c.out = append(c.out[:0], method...)
	c.out = append(c.out, ' ')
	c.out = append(c.out, path...)
	c.out = append(c.out, " HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: "...)
	c.out = strconv.AppendInt(c.out, int64(len(body)), 10)
	c.out = append(c.out, "\r\n\r\n"...)
	if len(body) < 4<<10 {
		c.out = append(c.out, body...)
		body = nil
	}
	_, err := c.conn.Write(c.out)
	if err == nil && body != nil {
		_, err = c.conn.Write(body)
	}
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	return nil
}

// receive reads an answer and has take consume its body, in parts of the
// given lengths.
func (c *client) receive(take func(n int) error) error {
	status, err := c.line()
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	ok := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
	failure := string(status)
	length, err := c.header()
	if err != nil {
		return fmt.Errorf("client: %w", err)
	}
	if !ok {
		text := make([]byte, max(length, 0))
		io.ReadFull(c.r, text)
		return &failedError{status: failure, body: text}
	}
	if length >= 0 {
		err = take(length)
	} else {
		err = c.chunks(take)
	}
	if err != nil {
		return fmt.Errorf("client: body: %w", err)
	}
	return nil
}

// header reads the header and returns the body's length, -1 if it is chunked.
func (c *client) header() (length int, err error) {
	length = -2
	for {
		line, err := c.line()
		if err != nil {
			return 0, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = -1
		}
	}
	if length == -2 {
		return 0, errors.New("an answer of unknown length")
	}
	return length, nil
}

func (c *client) chunks(take func(n int) error) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		n, err := strconv.ParseInt(string(line), 16, 64)
		if err != nil {
			return err
		}
		if n > 0 {
			if err := take(int(n)); err != nil {
				return err
			}
		}
		if _, err := c.line(); err != nil || n == 0 {
			return err
		}
	}
}

// line reads a line without its end.
func (c *client) line() ([]byte, error) {
	line, err := c.r.ReadSlice('\n')
	return bytes.TrimRight(line, "\r\n"), err
}
