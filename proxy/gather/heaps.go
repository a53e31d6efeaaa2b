package gather

import "sync"

// heaps counts the memory that gathers of this process have for tables on
// each server.
type heaps struct {
	mu    sync.Mutex
	taken map[string]int64
}

// take reports whether there is so much memory left for another table on the
// shard, and takes it.
func (h *heaps) take(shard string, bytes int64) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken[shard]+bytes > heapTotal {
		return false
	}
	if h.taken == nil {
		h.taken = map[string]int64{}
	}
	h.taken[shard] += bytes
	return true
}

func (h *heaps) give(shard string, bytes int64) {
	if bytes == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.taken[shard] -= bytes; h.taken[shard] == 0 {
		delete(h.taken, shard)
	}
}
