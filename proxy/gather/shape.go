package gather

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

const (
	shapeLife  = 30 * time.Second
	maxShapes  = 512
	maxShapeID = 16 << 10 // of a key; longer ones are not kept
)

// shape is the columns of a step's result, as the server would store them.
type shape struct {
	columns []column
	key     shapeKey
	learned time.Time

	mu   sync.Mutex
	wire []shard.ColumnType // of the result when it was first read; nil: not yet
}

// shapeKey is all that decides about the columns: the tables that a statement
// reads which are not the shard's own are told by their definitions.
type shapeKey struct{ shard, statement, tables string }

func newShape(key shapeKey, columns []column) *shape {
	return &shape{columns: columns, key: key, learned: time.Now()}
}

// confirm reports whether a result has the columns that this shape's first
// one had. It has not after an ALTER TABLE that the cache slept through.
func (s *shape) confirm(wire []shard.ColumnType) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wire == nil {
		s.wire = slices.Clone(wire)
		return len(wire) == len(s.columns)
	}
	return slices.Equal(s.wire, wire)
}

// keepable reports whether the shape may be used again. The members of an
// ENUM or SET, which are shipped by their numbers, can change without a trace
// in the result's definitions.
func (s *shape) keepable() bool {
	for i := range s.columns {
		if k := s.columns[i].kind; k == "enum" || k == "set" {
			return false
		}
	}
	return len(s.key.statement)+len(s.key.tables) <= maxShapeID
}

// shapes keeps the shapes used last.
type shapes struct {
	mu    sync.Mutex
	byKey map[shapeKey]*list.Element
	order list.List // of *shape, the one used last in front
}

func (c *shapes) get(key shapeKey) *shape {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	s := e.Value.(*shape)
	if time.Since(s.learned) > shapeLife {
		c.removeLocked(e)
		return nil
	}
	c.order.MoveToFront(e)
	return s
}

func (c *shapes) put(s *shape) {
	if !s.keepable() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[s.key]; e != nil {
		c.removeLocked(e)
	}
	if c.byKey == nil {
		c.byKey = map[shapeKey]*list.Element{}
	}
	c.byKey[s.key] = c.order.PushFront(s)
	if c.order.Len() > maxShapes {
		c.removeLocked(c.order.Back())
	}
}

func (c *shapes) drop(key shapeKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[key]; e != nil {
		c.removeLocked(e)
	}
}

func (c *shapes) removeLocked(e *list.Element) {
	delete(c.byKey, e.Value.(*shape).key)
	c.order.Remove(e)
}

// probe asks the server how it would store a statement's result: it makes a
// table of it. The session must be one that may make temporary tables; the
// table goes with the session's reset.
func probe(ctx context.Context, s *session, info server.Info, statement, table string) ([]column, error) {
	create := func(wide bool) error {
		return s.make(ctx, info.Lifted("CREATE TEMPORARY TABLE "+server.QuoteName(table)+" "+probeEngine(info, wide)+" AS "+statement))
	}
	err := create(false)
	if server.Number(err) == server.RowTooLarge {
		err = create(true)
	}
	if err != nil {
		return nil, err
	}
	text, err := s.value(ctx, "SHOW CREATE TABLE "+server.QuoteName(table), 1)
	if err != nil {
		return nil, err
	}
	definitions, err := parseDefinitions(text)
	if err != nil {
		return nil, fmt.Errorf("shard %s: %w", s.shard.Name(), err)
	}
	columns := make([]column, len(definitions))
	for i, definition := range definitions {
		if columns[i], err = newColumn(definition); err != nil {
			return nil, err
		}
	}
	return columns, nil
}

// mergeColumns makes columns those that hold the values of both results, and reports
// whether there are such. Texts alone may differ, in what room they have: a
// broadcast table may have been given more of it for the sake of its keys.
func mergeColumns(columns, more []column) bool {
	if len(columns) != len(more) {
		return false
	}
	for i := range columns {
		c, other := &columns[i], more[i]
		other.name, other.notNull = c.name, c.notNull && other.notNull
		if c.isText() && other.isText() && other.room() > c.room() {
			c.kind, c.spelled, c.form = other.kind, other.spelled, other.form
		} else if c.isText() && other.isText() {
			other.kind, other.spelled, other.form = c.kind, c.spelled, c.form
		}
		if c.notNull = other.notNull; *c != other || !strings.EqualFold(c.name, more[i].name) {
			return false
		}
	}
	return true
}

// room is how many characters a text has room for, as far as texts are to be
// compared by it.
func (c *column) room() int64 {
	switch c.kind {
	case "longtext":
		return 1 << 32
	case "mediumtext":
		return 1 << 24
	case "text":
		return 1 << 16
	case "tinytext":
		return 1 << 8
	}
	return int64(c.digits())
}
