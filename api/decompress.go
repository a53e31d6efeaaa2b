package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kolide/databalancer/fault"
)

// maxWindow bounds the memory that a zstd frame may ask for; RFC 8878,
// section 3.1.1.1.2, recommends decoders to support this much.
const maxWindow = 8 << 20

const encodings = "gzip, zstd"

var gzipReaders = sync.Pool{New: func() any { return new(gzip.Reader) }}

var zstdDecoders = sync.Pool{New: func() any {
	// One goroutine's worth: a service decodes many bodies at once anyhow.
	d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil { // the options are constant
		panic(err)
	}
	return d
}}

// decompress returns a reader of the request's content, of which at most
// limit bytes are read before decompression. done gives back what it uses.
func decompress(r *http.Request, limit int64) (content io.Reader, done func(), err error) {
	body := &limited{r: r.Body, left: limit + 1}
	switch coding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding"))); coding {
	case "", "identity":
		return body, func() {}, nil
	case "gzip", "x-gzip":
		z := gzipReaders.Get().(*gzip.Reader)
		done = func() { gzipReaders.Put(z) }
		if err := z.Reset(body); err != nil {
			done()
			return nil, nil, errNotEncoded("gzip")
		}
		return z, done, nil
	case "zstd":
		d := zstdDecoders.Get().(*zstd.Decoder)
		if err := d.Reset(body); err != nil {
			return nil, nil, errNotEncoded("zstd")
		}
		return d, func() {
			if d.Reset(nil) == nil {
				zstdDecoders.Put(d)
			}
		}, nil
	default:
		return nil, nil, &codingError{coding}
	}
}

// codingError means that a body is in a coding that is not taken.
type codingError struct{ coding string }

func (e *codingError) Error() string {
	return fmt.Sprintf("the Content-Encoding %q is none of %s", e.coding, encodings)
}

func (e *codingError) Code() fault.Code { return fault.UnsupportedMediaType }

func errNotEncoded(coding string) error {
	return fault.New(fault.IncompleteBody, "the body is not in %s, as its Content-Encoding says", coding)
}

// limited ends a body with an error rather than with EOF when it is too long.
type limited struct {
	r    io.Reader
	left int64
}

func (l *limited) Read(p []byte) (int, error) {
	if l.left <= 0 {
		return 0, errCompressedTooLarge
	}
	n, err := l.r.Read(p[:min(int64(len(p)), l.left)])
	l.left -= int64(n)
	return n, err
}

var errCompressedTooLarge = fault.New(fault.TooLarge, "the compressed body is too large")
