//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package shard

// mapBytes returns memory of the heap, where the system has no mappings as
// others have.
func mapBytes(n int) ([]byte, error) { return make([]byte, n), nil }

// unmapBytes leaves it to the collector.
func unmapBytes([]byte) {}
