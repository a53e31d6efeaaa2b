package ingest

import (
	"slices"
	"unsafe"
)

// holding is the memory that one request is counted for.
type holding struct {
	in   *Ingester
	size int64
}

// resize counts the request for size bytes from now on. It reports whether all
// requests together stay within what is allowed, or the request is alone.
func (h *holding) resize(size int64) bool {
	all := h.in.pending.Add(size - h.size)
	h.size = size
	return all <= h.in.cfg.MaxPending || all == size
}

func (h *holding) release() { h.in.pending.Add(-h.size) }

// expectedMemory returns how many bytes a request will likely hold, by the
// length of its body: the body, its cells, and its raw logs.
func expectedMemory(body int, rawLogs bool) int64 {
	if rawLogs {
		return 3 * int64(body)
	}
	return 2 * int64(body)
}

const (
	cellSize = int64(unsafe.Sizeof(cell{}))
	endSize  = int64(unsafe.Sizeof(int(0)))
)

// filled returns the bytes of what the rows are besides the body, and memory
// those of the room that they have for it, maybe since an earlier request.
func (r *rows) filled() int64 {
	return int64(len(r.arena)+len(r.raw)) + int64(len(r.cells))*cellSize + int64(len(r.ends)+len(r.rawEnds))*endSize
}

func (r *rows) memory() int64 {
	return int64(cap(r.arena)+cap(r.raw)) + int64(cap(r.cells))*cellSize + int64(cap(r.ends)+cap(r.rawEnds))*endSize
}

// foresee makes room for the rows of the whole body, of which the first read
// of all bytes are decoded. Growing by halves of itself, a slice leaves behind
// several times its size for the garbage collector.
func (r *rows) foresee(read, all int) {
	r.arena = foresee(r.arena, read, all)
	r.cells = foresee(r.cells, read, all)
	r.ends = foresee(r.ends, read, all)
	r.raw = foresee(r.raw, read, all)
	r.rawEnds = foresee(r.rawEnds, read, all)
}

// foresee returns s with room for what is still to come, if it goes on as it
// did, and some more. It leaves alone what has room enough for now, and what
// has too short a past.
func foresee[E any](s []E, read, all int) []E {
	const shortest = 64 << 10
	if read < shortest || cap(s)-len(s) > cap(s)/16 {
		return s
	}
	rest := float64(len(s)) * float64(all-read) / float64(read)
	return slices.Grow(s, int(rest*17/16)+16)
}
