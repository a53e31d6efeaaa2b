package catalog

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// DDL changes the tables on the shards. Every method may be called again
// after it has failed halfway, or has succeeded: it then does what is left to
// do. A method waits at most about a second for locks on the shard, and
// returns an error that is ErrBusy when it didn't get them, so that a schema
// change never makes a queue of a table's users. Errors name the shard.
type DDL interface {
	// CreateTable creates the placement's table with all columns and indexes
	// of t. Where the table exists, it adds those that are missing. A table that
	// somebody else made, or an earlier life of the family left behind (see
	// Table.ID), is ErrNameTaken, and stays as it is.
	CreateTable(ctx context.Context, shard string, t *Table, p Placement) error
	// AddColumns adds those of cols that the table doesn't have yet, in one
	// statement. t has all columns, those of cols included.
	AddColumns(ctx context.Context, shard string, t *Table, cols []Column) error
	// AddIndex makes an index, which is one of t's, unless the table has it.
	// It doesn't keep rows from being stored meanwhile. If the server won't
	// make such an index, it returns ErrIndexRefused.
	AddIndex(ctx context.Context, shard string, t *Table, ix Index) error
	// DropIndex removes an index, if the table is there and has it.
	DropIndex(ctx context.Context, shard string, t *Table, ix Index) error
	// DropTable removes the placement's table, and the family's rows from
	// raw_logs.
	DropTable(ctx context.Context, shard string, t *Table, p Placement) error
}

// DatabaseSuffix makes the name of the catalog's database of that of the
// shards' database.
const DatabaseSuffix = "_catalog"

// Config configures a Catalog. A catalog of the zero Config can be read, but
// has no means to change families.
type Config struct {
	// DDL changes the tables on the shards.
	DDL DDL
	// Logger is for what no caller hears of; nil discards it.
	Logger *slog.Logger
	// PollInterval is how often Run looks for changes; 0 means a second.
	PollInterval time.Duration
	// OnChange, unless nil, is called with every snapshot, the first one
	// included, before Snapshot returns it. Calls come in order and don't
	// overlap. It must not call back into the catalog.
	OnChange func(*Snapshot)
	// Grace is how long a new placement is known, and read, before Run lets
	// anyone write to it, and how long a new shard is known before families
	// are placed on it, unless all are new: by then every process that is in
	// touch with the catalog reads from it. It must be several times the
	// PollInterval of every process; 0 means 15 seconds.
	Grace time.Duration
	// SplitBytes is the size from which a placement is full: its family gets
	// one more, see SplitFull. 0 means that none ever is.
	SplitBytes int64

	failpoint func(name string) error // set by tests only
}

func (cfg Config) withDefaults() Config {
	if cfg.DDL == nil {
		cfg.DDL = noDDL{}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.PollInterval = cmp.Or(cfg.PollInterval, time.Second)
	cfg.Grace = cmp.Or(cfg.Grace, 15*time.Second)
	if cfg.OnChange == nil {
		cfg.OnChange = func(*Snapshot) {}
	}
	return cfg
}

// Catalog is the shared knowledge of all databalancer processes. It is safe
// for concurrent use.
type Catalog struct {
	db    *sql.DB
	cfg   Config
	id    string
	state atomic.Pointer[state]
	reads reads
	gates gates
	// contact is when the last read of the catalog that succeeded began.
	contact atomic.Pointer[time.Time]
}

// Open migrates the catalog in db's database, which must exist, and loads the
// first snapshot. Any number of processes may do so at once. The pool's
// sessions must be in strict mode, with utf8mb4 and in UTC, and its dial and
// read time-outs bound how long a server that is gone can hold up a change.
// Open returns ErrUnavailable, or ErrNewerSchema.
func Open(ctx context.Context, db *sql.DB, cfg Config) (*Catalog, error) {
	c := &Catalog{db: db, cfg: cfg.withDefaults(), reads: newReads()}
	if err := migrate(ctx, db); err != nil {
		return nil, classify(err)
	}
	h, err := readHead(ctx, db)
	if err != nil {
		return nil, classify(err)
	}
	c.id = h.identity
	if _, err := c.Refresh(ctx); err != nil {
		return nil, err
	}
	return c, nil
}

// ID returns the catalog's identity, which every shard carries too.
func (c *Catalog) ID() string { return c.id }

// Snapshot returns the last known version. It is never nil, and costs no I/O.
func (c *Catalog) Snapshot() *Snapshot { return c.state.Load().snapshot }

// Ping checks that the catalog's server answers and still holds this catalog.
// It returns ErrUnavailable or ErrOtherCatalog.
func (c *Catalog) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_, err := c.head(ctx)
	return classify(err)
}

// InTouch reports whether the catalog was read within Config.Grace. A process
// that is not in touch may not know all placements of a family, and so miss
// rows that others have stored since.
func (c *Catalog) InTouch() bool { return time.Since(*c.contact.Load()) <= c.cfg.Grace }

// failpoint lets tests end a change at the named place, as a crash would.
func (c *Catalog) failpoint(name string) error {
	if c.cfg.failpoint == nil {
		return nil
	}
	return c.cfg.failpoint(name)
}

// noDDL stands in for a missing DDL.
type noDDL struct{}

var errNoDDL = errors.New("no means to change tables")

func (noDDL) CreateTable(context.Context, string, *Table, Placement) error {
	return fmt.Errorf("create table: %w", errNoDDL)
}

func (noDDL) AddColumns(context.Context, string, *Table, []Column) error {
	return fmt.Errorf("add columns: %w", errNoDDL)
}

func (noDDL) AddIndex(context.Context, string, *Table, Index) error {
	return fmt.Errorf("add index: %w", errNoDDL)
}

func (noDDL) DropIndex(context.Context, string, *Table, Index) error {
	return fmt.Errorf("drop index: %w", errNoDDL)
}

func (noDDL) DropTable(context.Context, string, *Table, Placement) error {
	return fmt.Errorf("drop table: %w", errNoDDL)
}
