package gather

import (
	"container/list"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

const (
	shapeLife  = 30 * time.Second
	maxShapes  = 512
	maxShapeID = 16 << 10 // of a key; longer ones are not kept
)

// shape is the columns of a step's result, as the server would store them. It
// is remembered, but never believed: what is read must be of its types, as the
// very statement that reads says (confirm).
type shape struct {
	columns []column
	stored  []shard.ColumnType // of the table that has these columns, as a SELECT of it tells them
	key     shapeKey
	learned time.Time

	mu   sync.Mutex
	wire []shard.ColumnType // of the result when it was first read; nil: not yet
}

// shapeKey is all that decides about the columns: a statement, but for values of
// which its columns don't depend, and the tables that it reads which are not the
// shard's own, told by their definitions.
type shapeKey struct{ shard, statement, tables string }

func newShape(key shapeKey, columns []column, stored []shard.ColumnType) *shape {
	return &shape{columns: columns, stored: stored, key: key, learned: time.Now()}
}

// confirm reports whether a result has the columns of this shape: such as are
// stored so, and the ones that its first result had. It has not after an ALTER
// TABLE, or a DROP and CREATE, of which nobody here knows.
func (s *shape) confirm(result []shard.ColumnType) bool {
	wire := asDeclared(result, s.columns)
	if wire == nil || !slices.EqualFunc(s.stored, wire, shard.ColumnType.Stores) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.wire == nil {
		s.wire = wire
		return true
	}
	return slices.EqualFunc(s.wire, wire, shard.ColumnType.Same)
}

// expected reports whether columns of a result are of the types by which the
// catalog knows them. A BOOLEAN comes as a TINYINT and MariaDB's JSON as a text;
// of what the catalog calls bytes only the server knows what it is.
func expected(known []catalog.Type, result []shard.ColumnType) bool {
	for i, t := range known {
		if i >= len(result) || result[i].Type == "" { // a constant in the place of no column; a bare NULL
			continue
		}
		wire := result[i].Type
		switch t {
		case "", catalog.Bytes:
		case catalog.Bool:
			if wire != catalog.Int {
				return false
			}
		case catalog.JSON:
			if wire != catalog.JSON && wire != catalog.Text {
				return false
			}
		default:
			if wire != t {
				return false
			}
		}
	}
	return true
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
func probe(ctx context.Context, s *session, info server.Info, statement string, key shapeKey, table string) (*shape, error) {
	name := server.QuoteName(table)
	show := func(wide bool) (string, error) {
		create := "CREATE TEMPORARY TABLE " + name + " " + probeEngine(info, wide) + " AS " + statement
		return s.valueAfter(ctx, info.Lifted(create), "SHOW CREATE TABLE "+name, 1)
	}
	text, err := show(false)
	if server.Number(err) == server.RowTooLarge {
		text, err = show(true)
	}
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
	stored, err := s.columns(ctx, "SELECT * FROM "+name+" LIMIT 0")
	if err != nil {
		return nil, err
	}
	return newShape(key, columns, stored), asNumbers(ctx, s, statement, columns, stored)
}

// asNumbers makes numbers of the columns that the server gives as such and would
// store as years. MySQL does so with YEAR() where it groups by it, as in a
// derived table, and a YEAR has no room for 1000 or 9999.
func asNumbers(ctx context.Context, s *session, statement string, columns []column, stored []shard.ColumnType) error {
	if !slices.ContainsFunc(columns, func(c column) bool { return c.kind == "year" }) {
		return nil
	}
	given, err := s.columns(ctx, "SELECT * FROM ("+statement+") AS databalancer_t")
	if err != nil {
		return err
	}
	for i, c := range given {
		if columns[i].kind == "year" && c.Type == catalog.Int {
			columns[i].kind, columns[i].spelled, stored[i] = "int", "int unsigned", c
		}
	}
	return nil
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
