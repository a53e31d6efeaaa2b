package api

import (
	"hash/maphash"
	"slices"
	"sync"

	"github.com/kolide/databalancer/proxy"
)

// maxLayoutColumns bounds the columns of all layouts that are kept, and so
// their memory, to a few megabytes.
const maxLayoutColumns = 16 << 10

// layouts keeps the layouts of recent answers: making one takes longer than
// encoding a row, and programs ask for the same columns again and again. The
// zero value is ready for use.
type layouts struct {
	mu      sync.Mutex
	kept    map[layoutKey]keptLayout
	columns int // of all that are kept
}

// layoutKey finds a layout. Two lists of columns may have the same hash.
type layoutKey struct {
	format     format
	shape      shape
	quoteLarge bool
	hash       uint64
}

type keptLayout struct {
	columns []proxy.Column
	layout  *layout
}

// of returns the layout of an answer with these columns. It does not keep
// the slice.
func (ls *layouts) of(f format, s shape, columns []proxy.Column, quoteLarge bool) *layout {
	key := layoutKey{f, s, quoteLarge, hashColumns(columns)}
	if l := ls.find(key, columns); l != nil {
		return l
	}
	l := newLayout(f, s, columns, quoteLarge)
	ls.keep(key, keptLayout{slices.Clone(columns), l})
	return l
}

func (ls *layouts) find(key layoutKey, columns []proxy.Column) *layout {
	ls.mu.Lock()
	k, ok := ls.kept[key]
	ls.mu.Unlock()
	if !ok || !slices.Equal(k.columns, columns) {
		return nil
	}
	return k.layout
}

// keep adds a layout. When there are too many, it forgets all: which ones are
// still asked for shows soon enough.
func (ls *layouts) keep(key layoutKey, k keptLayout) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if len(k.columns) > maxLayoutColumns {
		return
	}
	ls.columns += len(k.columns) - len(ls.kept[key].columns)
	if ls.kept == nil || ls.columns > maxLayoutColumns {
		ls.kept, ls.columns = map[layoutKey]keptLayout{}, len(k.columns)
	}
	ls.kept[key] = k
}

var layoutSeed = maphash.MakeSeed()

// hashColumns returns a hash of the names and types.
func hashColumns(columns []proxy.Column) uint64 {
	var h maphash.Hash
	h.SetSeed(layoutSeed)
	for _, c := range columns {
		h.WriteString(c.Name)
		h.WriteByte(0)
		h.WriteString(string(c.Type))
		h.WriteByte(0)
	}
	return h.Sum64()
}
