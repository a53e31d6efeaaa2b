package tables

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// Shards finds the shards by name. *shard.Set does.
type Shards interface {
	Shard(name string) (*shard.Shard, error)
}

// Families performs the catalog's changes to the tables of families. Every
// method may be repeated after it ended anywhere, and waits at most a second
// for a lock, to return catalog.ErrBusy then: a statement that waits for a
// table makes all its later users wait too.
type Families struct {
	shards Shards
	log    *slog.Logger
	looks  looks
}

// NewFamilies returns Families over the shards. A nil logger discards.
func NewFamilies(shards Shards, log *slog.Logger) *Families {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Families{shards: shards, log: log}
}

// CreateTable creates the table, or adds what it lacks of columns, indexes and
// shadows.
// A table of that name which is not this family's is catalog.ErrNameTaken, one
// with more columns than the server's rows take catalog.ErrTooWide.
func (fs *Families) CreateTable(ctx context.Context, name string, t *catalog.Table, p catalog.Placement) error {
	return fs.on(ctx, name, func(s *session) error {
		if t.PlainOnly() && !s.dialect.PlainRows() {
			return fmt.Errorf("%w: family %s on shard %s, %s", catalog.ErrTooWide, t.Name, name, s.dialect.Info)
		}
		unquoted, err := s.dialect.unquoted(t, existing{})
		if err != nil {
			return err
		}
		if err := s.exec(ctx, s.dialect.createTable(t, p, unquoted)); err != nil {
			return err
		}
		if err := s.complete(ctx, t); err != nil {
			return err
		}
		for _, ix := range t.Indexes {
			if err := s.addIndex(ctx, t, ix); err != nil {
				return err
			}
		}
		for _, sh := range t.Shadows {
			if err := s.addShadow(ctx, t, sh); err != nil {
				return err
			}
		}
		return nil
	})
}

// PlainRows reports whether the shard's server has plain rows, as far as that
// can be learned in a second: whoever asks holds locks in the catalog, for which
// others wait while a server that this process has never met is away.
func (fs *Families) PlainRows(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	_, info, err := fs.server(ctx, name)
	return err == nil && info.PlainRows()
}

// AddColumns adds the columns that the table lacks.
func (fs *Families) AddColumns(ctx context.Context, name string, t *catalog.Table, _ []catalog.Column) error {
	return fs.on(ctx, name, func(s *session) error { return s.complete(ctx, t) })
}

// AddIndex adds the index, unless the table has it.
func (fs *Families) AddIndex(ctx context.Context, name string, t *catalog.Table, ix catalog.Index) error {
	return fs.on(ctx, name, func(s *session) error {
		if err := s.own(ctx, t); err != nil {
			return err
		}
		return s.addIndex(ctx, t, ix)
	})
}

// DropIndex drops the index, if the table is the family's and has it.
func (fs *Families) DropIndex(ctx context.Context, name string, t *catalog.Table, ix catalog.Index) error {
	return fs.on(ctx, name, func(s *session) error {
		life, err := s.life(ctx, t.Name)
		if err != nil || life != lifeComment(t.ID) {
			return err
		}
		has, err := s.hasIndex(ctx, t, ix)
		if err != nil || !has {
			return err
		}
		return s.exec(ctx, s.dialect.dropIndex(t, ix))
	})
}

// DropTable renames the table, so that writers which don't know yet that the
// family is gone find none; the rename waits for the transactions that have
// used it. Then it drops the table, and deletes the family's raw logs.
func (fs *Families) DropTable(ctx context.Context, name string, t *catalog.Table, _ catalog.Placement) error {
	return fs.on(ctx, name, func(s *session) error {
		life, err := s.life(ctx, t.Name)
		if err != nil {
			return err
		}
		switch life {
		case lifeComment(t.ID):
			err = s.exec(ctx, fenceTable(t))
		case "": // was fenced, or never created
		default:
			fs.log.Warn("Leaving a table that is not the dropped family's", "shard", name, "family", t.Name)
		}
		if err != nil {
			return err
		}
		if err := s.exec(ctx, dropTable(t)); err != nil {
			return err
		}
		return s.deleteRawLogs(ctx, t.Name)
	})
}

// on calls do with a session on the shard.
func (fs *Families) on(ctx context.Context, name string, do func(*session) error) error {
	sh, info, err := fs.server(ctx, name)
	if err != nil {
		return err
	}
	conn, err := sh.Write().Conn(ctx)
	if err != nil {
		return shard.Wrap(name, err)
	}
	defer conn.Close()
	s := &session{shard: name, conn: conn, dialect: dialect{info, sh.Collation()}}
	return shard.Wrap(name, s.run(ctx, do))
}

// server returns a shard and what its server says of itself.
func (fs *Families) server(ctx context.Context, name string) (*shard.Shard, server.Info, error) {
	sh, err := fs.shards.Shard(name)
	if err != nil {
		return nil, server.Info{}, err
	}
	info, err := sh.Server(ctx)
	return sh, info, err
}
