package api

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/semaphore"

	"github.com/kolide/databalancer/fault"
)

// minRead is how much is reserved and read at first of a body whose length is
// not known; it doubles.
const minRead = 32 << 10

// bodies reads request bodies into memory: each at most max bytes, also after
// decompression, and all of them together no more than the budget.
type bodies struct {
	max     int64
	timeout time.Duration // for reading one body
	budget  *semaphore.Weighted
}

// read returns the whole body of a request of the media type application/json,
// decompressed. The memory is accounted for until release is called.
func (b *bodies) read(w http.ResponseWriter, r *http.Request) (body []byte, release func(), err error) {
	if err := requireJSON(r); err != nil {
		return nil, nil, err
	}
	if r.ContentLength > b.max {
		return nil, nil, b.tooLarge()
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(b.timeout))
	reader, done, err := decompress(r, b.max)
	if err != nil {
		return nil, nil, err
	}
	defer done()
	grant := &grant{budget: b.budget}
	body, err = b.readAll(reader, firstRead(r), grant)
	if err != nil {
		grant.release()
		return nil, nil, b.explain(err)
	}
	// The context's end is noticed by reading on, which must not time out.
	_ = control.SetReadDeadline(time.Time{})
	return body, grant.release, nil
}

// firstRead returns how much of a body to read at first: a byte more than it
// has, to see its end.
func firstRead(r *http.Request) int64 {
	coding := r.Header.Get("Content-Encoding")
	if r.ContentLength >= 0 && (coding == "" || coding == "identity") {
		return r.ContentLength + 1
	}
	return max(r.ContentLength+1, minRead)
}

// readAll reads r to its end, at first size bytes of it.
func (b *bodies) readAll(r io.Reader, size int64, g *grant) ([]byte, error) {
	var buf []byte
	for ; ; size = int64(2 * cap(buf)) {
		size = min(size, b.max+1)
		if !g.grow(size - int64(cap(buf))) {
			return nil, errBudget
		}
		buf = append(make([]byte, 0, size), buf...)
		var err error
		if buf, err = b.fill(r, buf); err != nil || len(buf) < cap(buf) {
			return buf, err
		}
	}
}

// fill reads into the rest of buf. At the end of r it leaves some of it.
func (b *bodies) fill(r io.Reader, buf []byte) ([]byte, error) {
	for len(buf) < cap(buf) {
		n, err := r.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > b.max:
			return nil, b.tooLarge()
		case errors.Is(err, io.EOF):
			return buf, nil
		case err != nil:
			return nil, err
		}
	}
	return buf, nil
}

var errBudget = fault.New(fault.Busy, "too many request bodies are being held; nothing of this one was stored").
	With(fault.Facts{RetryAfter: time.Second})

func (b *bodies) tooLarge() error {
	return fault.New(fault.TooLarge, "the body is larger than %d bytes, which bounds it after decompression too", b.max).
		With(fault.Facts{Limit: int(b.max)})
}

// explain gives an error of reading a body a code.
func (b *bodies) explain(err error) error {
	var own fault.Fault
	switch {
	case errors.As(err, &own):
		return err
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return fault.New(fault.TooLarge, "the zstd frame needs a window of more than %d bytes", maxWindow).
			With(fault.Facts{Limit: maxWindow})
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.New(fault.BodyTimeout, "the body took too long to arrive")
	}
	return fault.New(fault.IncompleteBody, "the body ended early, or is not what its Content-Encoding says")
}

// requireJSON refuses a request whose Content-Type is not JSON in UTF-8. A
// form of another origin can't send that without being asked first.
func requireJSON(r *http.Request) error {
	contentType := r.Header.Get("Content-Type")
	if contentType == "application/json" {
		return nil
	}
	mediaType, params, err := mime.ParseMediaType(contentType)
	charset := params["charset"]
	if err != nil || mediaType != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return fault.New(fault.UnsupportedMediaType, "the Content-Type must be application/json")
	}
	return nil
}

// grant is a share of the budget.
type grant struct {
	budget *semaphore.Weighted
	size   int64
}

// grow takes n bytes more, if they are there.
func (g *grant) grow(n int64) bool {
	if !g.budget.TryAcquire(n) {
		return false
	}
	g.size += n
	return true
}

func (g *grant) release() {
	g.budget.Release(g.size)
	g.size = 0
}
