package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// source is one input, which can be opened any number of times.
type source struct {
	name   string // as the user gave it
	path   string // where the bytes are
	spool  bool   // path is ours, to be removed
	family string // the family of its events that name none themselves
}

// newSources checks that every file can be read, and spools standard input,
// which can be read only once, to a temporary file.
func newSources(o *options, stdin io.Reader) ([]*source, error) {
	var all []*source
	for _, name := range o.files {
		s := &source{name: name, path: name, family: o.family}
		if s.family == "" && name != stdinName {
			s.family, _, _ = strings.Cut(filepath.Base(name), ".")
		}
		all = append(all, s)
		if name != stdinName {
			continue
		}
		s.name, s.spool = "stdin", true
		var err error
		if s.path, err = spool(stdin); err != nil {
			return all, err
		}
	}
	for _, s := range all {
		f, err := s.open()
		if err != nil {
			return all, err
		}
		f.Close()
	}
	return all, nil
}

// spool copies r to a temporary file and returns its path. The path is valid
// to remove even when there is an error.
func spool(r io.Reader) (path string, err error) {
	f, err := os.CreateTemp("", "databalancer-load-*")
	if err != nil {
		return "", fmt.Errorf("spooling stdin: %w", err)
	}
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Close()); err != nil {
		return f.Name(), fmt.Errorf("spooling stdin: %w", err)
	}
	return f.Name(), nil
}

// remove deletes what the source has spooled.
func (s *source) remove() {
	if s.spool && s.path != "" {
		os.Remove(s.path)
	}
}

// open returns the source's bytes, decompressed. What it is compressed with
// shows in its first bytes, whatever its name.
func (s *source) open() (io.ReadCloser, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	r, err := decompress(f)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", s.name, err)
	}
	return &input{Reader: r, file: f}, nil
}

type input struct {
	io.Reader
	file *os.File
}

func (in *input) Close() error {
	if c, ok := in.Reader.(io.Closer); ok {
		c.Close()
	}
	return in.file.Close()
}

var (
	gzipMagic = []byte{0x1f, 0x8b}
	zstdMagic = []byte{0x28, 0xb5, 0x2f, 0xfd}
)

func decompress(r io.Reader) (io.Reader, error) {
	buffered := bufio.NewReaderSize(r, 1<<16)
	head, err := buffered.Peek(len(zstdMagic))
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, gzipMagic):
		return gzip.NewReader(buffered)
	case bytes.HasPrefix(head, zstdMagic):
		z, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	}
	return buffered, nil
}
