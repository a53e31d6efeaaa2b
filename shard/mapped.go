//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package shard

import (
	"fmt"
	"syscall"
)

// mapBytes returns memory outside of the heap, of which the system gives only
// what is touched. Nothing may touch it after unmapBytes. The error is an
// ErrMemoryBusy.
func mapBytes(n int) ([]byte, error) {
	b, err := syscall.Mmap(-1, 0, n, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		return nil, fmt.Errorf("%w: mapping %d bytes: %w", ErrMemoryBusy, n, err)
	}
	return b, nil
}

// unmapBytes gives back what mapBytes has returned; nil is nothing.
func unmapBytes(b []byte) {
	if b == nil {
		return
	}
	if err := syscall.Munmap(b); err != nil { // only of what is not mapped
		panic(err)
	}
}
