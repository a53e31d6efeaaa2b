package store

import (
	"cmp"
	"context"
	"crypto/rand"
	"database/sql"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// DDL changes the tables on the shards. Every method may be called again after
// it has failed halfway, or has succeeded: it then does what is left to do. A
// method waits at most about a second for locks on the shard, and returns an
// error that is catalog.ErrBusy when it didn't get them, so that a schema
// change never makes a queue of a table's users. Errors name the shard.
type DDL interface {
	// CreateTable creates the placement's table with all columns and indexes
	// of t. Where the table exists, it adds those that are missing. A table
	// that somebody else made, or an earlier life of the family left behind
	// (see Table.ID), is catalog.ErrNameTaken, and stays as it is.
	CreateTable(ctx context.Context, shard string, t *catalog.Table, p catalog.Placement) error
	// AddColumns adds those of cols that the table doesn't have yet, in one
	// statement. t has all columns, those of cols included.
	AddColumns(ctx context.Context, shard string, t *catalog.Table, cols []catalog.Column) error
	// AddIndex makes an index, which is one of t's, unless the table has it.
	// It doesn't keep rows from being stored meanwhile. If the server won't
	// make such an index, it returns catalog.ErrIndexRefused.
	AddIndex(ctx context.Context, shard string, t *catalog.Table, ix catalog.Index) error
	// DropIndex removes an index, if the table is there and has it.
	DropIndex(ctx context.Context, shard string, t *catalog.Table, ix catalog.Index) error
	// AddShadow makes a shadow, which is one of t's, and its index, unless the
	// table has them, and checks that all values are in it. It doesn't keep rows
	// from being stored meanwhile, but from then on the server refuses those
	// that don't fit. If there is a value that doesn't, or the server won't make
	// such a column or index, it returns catalog.ErrIndexRefused.
	AddShadow(ctx context.Context, shard string, t *catalog.Table, s catalog.Shadow) error
	// DropShadow removes a shadow and its index, if the table is there and has
	// them: at one blow for whoever reads it.
	DropShadow(ctx context.Context, shard string, t *catalog.Table, s catalog.Shadow) error
	// DropTable removes the placement's table, and the family's rows from
	// raw_logs.
	DropTable(ctx context.Context, shard string, t *catalog.Table, p catalog.Placement) error
	// PlainRows reports whether a row on the shard takes a column for each
	// field that a family can have (see catalog.NewLayout). It is false where
	// the shard can't be asked.
	PlainRows(ctx context.Context, shard string) bool
}

// Config configures a Store.
type Config struct {
	// DDL changes the tables on the shards. Without it there is no changing of
	// families.
	DDL DDL
	// Logger is for what no caller hears of; nil discards it.
	Logger *slog.Logger
	// PollInterval is how often Run looks for changes; 0 means a second.
	PollInterval time.Duration
	// OnChange, unless nil, is called with every snapshot, the first one
	// included, before Snapshot returns it. Calls come in order and don't
	// overlap. It must not call back into the catalog.
	OnChange func(*catalog.Snapshot)
	// Grace is how long a new placement is known, and read, before Run lets
	// anyone write to it, and how long a new shard is known before families
	// are placed on it, unless all are new: by then every process that is in
	// touch with the catalog reads from it. It must be several times the
	// PollInterval of every process; 0 means 15 seconds.
	Grace time.Duration
	// SplitBytes is the size from which a placement is full: its family gets
	// one more, see SplitFull. 0 means that none ever is.
	SplitBytes int64
	// Process is this process's id among all of the catalog's, of at most 64
	// characters; empty stands for a random one.
	Process string

	failpoint  func(name string) error // set by tests only
	migrations [][]string              // other than this program's in tests only
}

func (cfg Config) withDefaults() Config {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.PollInterval = cmp.Or(cfg.PollInterval, time.Second)
	cfg.Grace = cmp.Or(cfg.Grace, 15*time.Second)
	cfg.Process = cmp.Or(cfg.Process, rand.Text())
	if cfg.migrations == nil {
		cfg.migrations = migrations
	}
	if cfg.OnChange == nil {
		cfg.OnChange = func(*catalog.Snapshot) {}
	}
	return cfg
}

// Store is the catalog that all databalancer processes share, as one of them
// has it. It is safe for concurrent use.
type Store struct {
	db  *sql.DB
	cfg Config
	id  string
	// collation is the catalog's; see Collation.
	collation string
	state     atomic.Pointer[state]
	reads     reads
	gates     gates
	// contact is when the last read of the catalog that succeeded began.
	contact atomic.Pointer[time.Time]
}

// Open migrates the catalog in db's database, which must exist, and loads the
// first snapshot. Any number of processes may do so at once. The pool's
// sessions must be in strict mode, with utf8mb4 and in UTC, and its dial and
// read time-outs bound how long a server that is gone can hold up a change.
// Open returns catalog.ErrUnavailable, or catalog.ErrNewerSchema.
func Open(ctx context.Context, db *sql.DB, cfg Config) (*Store, error) {
	s := &Store{db: db, cfg: cfg.withDefaults(), reads: newReads()}
	if err := migrate(ctx, db, s.cfg.migrations); err != nil {
		return nil, classify(err)
	}
	h, err := readHead(ctx, db)
	if err != nil {
		return nil, classify(err)
	}
	s.id = h.identity
	if s.collation, err = readCollation(ctx, db); err != nil {
		return nil, classify(err)
	}
	if _, err := s.Refresh(ctx); err != nil {
		return nil, err
	}
	return s, nil
}

// ID returns the catalog's identity, which every shard carries too.
func (s *Store) ID() string { return s.id }

// Collation returns the collation of all sessions on the shards, and of the
// databases and families that are made there: what the catalog's server took
// for the default of utf8mb4 when the catalog was made, and utf8mb4_unicode_ci
// for catalogs from before there was a choice. It never changes.
func (s *Store) Collation() string { return s.collation }

// Snapshot returns the last known version. It is never nil, and costs no I/O.
func (s *Store) Snapshot() *catalog.Snapshot { return s.state.Load().snapshot }

// Ping checks that the catalog's server answers and still holds this catalog.
// It returns catalog.ErrUnavailable or catalog.ErrOtherCatalog.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_, err := s.head(ctx)
	return classify(err)
}

// InTouch reports whether the catalog was read within Config.Grace. A process
// that is not in touch may not know all placements of a family, and so miss
// rows that others have stored since.
func (s *Store) InTouch() bool { return time.Since(*s.contact.Load()) <= s.cfg.Grace }

// failpoint lets tests end a change at the named place, as a crash would.
func (s *Store) failpoint(name string) error {
	if s.cfg.failpoint == nil {
		return nil
	}
	return s.cfg.failpoint(name)
}
