package ingest

import (
	"context"
	"log/slog"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// Tables performs the catalog's schema changes on the shards. Every method
// may be repeated after it ended anywhere, and waits at most a second for a
// lock, to return catalog.ErrBusy then: a statement that waits for a table
// makes all its later users wait too.
//
// Each table's comment names the life of the family it belongs to. So a table
// that somebody else made is neither filled nor dropped, and neither is that
// of a family of the same name which was created later.
type Tables struct {
	shards Shards
	log    *slog.Logger
}

// NewTables returns Tables over the shards. A nil logger discards.
func NewTables(shards Shards, log *slog.Logger) *Tables {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Tables{shards, log}
}

// CreateTable creates the table, or adds what it lacks of columns and indexes.
// A table of that name
// which is not this family's is catalog.ErrNameTaken.
func (ts *Tables) CreateTable(ctx context.Context, name string, t *catalog.Table, p catalog.Placement) error {
	return ts.on(ctx, name, func(s *ddlSession) error {
		if err := s.exec(ctx, s.dialect.createTable(t, p)); err != nil {
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
		return nil
	})
}

// AddColumns adds the columns that the table lacks.
func (ts *Tables) AddColumns(ctx context.Context, name string, t *catalog.Table, _ []catalog.Column) error {
	return ts.on(ctx, name, func(s *ddlSession) error { return s.complete(ctx, t) })
}

// AddIndex adds the index, unless the table has it.
func (ts *Tables) AddIndex(ctx context.Context, name string, t *catalog.Table, ix catalog.Index) error {
	return ts.on(ctx, name, func(s *ddlSession) error {
		if err := s.own(ctx, t); err != nil {
			return err
		}
		return s.addIndex(ctx, t, ix)
	})
}

// DropIndex drops the index, if the table is the family's and has it.
func (ts *Tables) DropIndex(ctx context.Context, name string, t *catalog.Table, ix catalog.Index) error {
	return ts.on(ctx, name, func(s *ddlSession) error {
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
func (ts *Tables) DropTable(ctx context.Context, name string, t *catalog.Table, _ catalog.Placement) error {
	return ts.on(ctx, name, func(s *ddlSession) error {
		life, err := s.life(ctx, t.Name)
		if err != nil {
			return err
		}
		switch life {
		case lifeComment(t.ID):
			err = s.exec(ctx, fenceTable(t))
		case "": // was fenced, or never created
		default:
			ts.log.Warn("Leaving a table that is not the dropped family's", "shard", name, "family", t.Name)
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
func (ts *Tables) on(ctx context.Context, name string, do func(*ddlSession) error) error {
	sh, err := ts.shards.Shard(name)
	if err != nil {
		return err
	}
	info, err := sh.Server(ctx)
	if err != nil {
		return err
	}
	conn, err := sh.Write().Conn(ctx)
	if err != nil {
		return shard.Wrap(name, err)
	}
	defer conn.Close()
	s := &ddlSession{shard: name, conn: conn, dialect: dialect{info}}
	return shard.Wrap(name, s.run(ctx, do))
}
