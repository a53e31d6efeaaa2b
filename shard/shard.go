package shard

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// controlConns is how many connections there may be for KILL, pings and the
// like.
const controlConns = 2

// Shard is one server with the pools of connections to it. It is safe for
// concurrent use.
type Shard struct {
	cfg     Config
	known   catalog.Shard // as the catalog had it when the pools were made
	write   *sql.DB
	control *sql.DB
	query   *pool
	slots   *admission.Gate // of query's connections

	server atomic.Pointer[server.Info]
	health atomic.Pointer[Health]
	rights *Rights
	kills  atomic.Int64
}

// newShard makes the pools, but no connection.
func newShard(cfg Config, known catalog.Shard) *Shard {
	sh := &Shard{cfg: cfg, known: known, slots: admission.New(cfg.QueryConns, 0), rights: rightsOn(cfg, known)}
	sh.health.Store(&Health{})
	base := connector{name: known.Name, database: cfg.Database, tls: cfg.TLS, timeout: cfg.DialTimeout, collation: sh.Collation(), learned: sh.learn}
	if known.Identity != "" {
		base.expected = &Identity{Shard: known.Identity, Name: known.Name, Catalog: known.Catalog}
	}
	base.network, base.address, base.invalid = parseAddress(known.Address)
	sh.write = openPool(base.with(forWriting, cfg.account()), cfg.WriteConns)
	sh.control = openPool(base.with(forControl, cfg.queryAccount()), controlConns)
	sh.query = &pool{open: base.with(forQueries, cfg.queryAccount()).open}
	return sh
}

func openPool(c *connector, conns int) *sql.DB {
	db := sql.OpenDB(c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxLifetime(maxAge)
	if c.purpose != forControl { // a KILL must not have to connect first
		db.SetConnMaxIdleTime(maxIdle)
	}
	return db
}

// Name returns the shard's name.
func (sh *Shard) Name() string { return sh.known.Name }

// Address returns the address that the pools connect to.
func (sh *Shard) Address() string { return sh.known.Address }

// Collation returns the collation of the sessions on the shard, which is that
// of its catalog.
func (sh *Shard) Collation() string { return cmp.Or(sh.known.Collation, server.Collation) }

// String returns the shard's name, so that printing a shard shows no secrets.
func (sh *Shard) String() string { return sh.known.Name }

// Server returns what the server said of itself on the last new connection,
// and connects where there has been none.
func (sh *Shard) Server(ctx context.Context) (server.Info, error) {
	if s := sh.server.Load(); s != nil {
		return *s, nil
	}
	if _, err := sh.Ping(ctx); err != nil {
		return server.Info{}, err
	}
	return *sh.server.Load(), nil
}

func (sh *Shard) learn(s server.Info) { sh.server.Store(&s) }

// Write returns the pool for ingest and DDL: strict sql_mode, utf8mb4, UTC,
// and our database as the current one. Wrap makes its errors this package's.
func (sh *Shard) Write() *sql.DB { return sh.write }

// Conn returns a query connection, which the caller has reserved and must
// close. ctx bounds only getting it.
func (sh *Shard) Conn(ctx context.Context) (*Conn, error) {
	s, err := sh.query.get(ctx)
	if err != nil {
		return nil, sh.connError(ctx, err)
	}
	return &Conn{shard: sh, session: s}, nil
}

// renew returns a new session in place of one whose connection was lost.
func (sh *Shard) renew(ctx context.Context, lost *session) (*session, error) {
	s, err := sh.query.renew(ctx, lost)
	if err != nil {
		return nil, sh.connError(ctx, err)
	}
	return s, nil
}

func (sh *Shard) connError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return sh.fail(err)
}

func (sh *Shard) wrap(err error) error { return Wrap(sh.Name(), err) }

// fail returns the *Error for what went wrong with a connection.
func (sh *Shard) fail(err error) error {
	if err == nil {
		return nil
	}
	return &Error{sh.Name(), sh.wrap(err)}
}

// end returns the *Error for what has another reason than the server.
func (sh *Shard) end(reason error) error {
	return &Error{sh.Name(), fmt.Errorf("shard %s: %w", sh.Name(), reason)}
}

// close closes what is idle; what is in use is closed when it is given back.
func (sh *Shard) close() {
	sh.query.close()
	for _, db := range []*sql.DB{sh.write, sh.control} {
		// Nothing is left to do for a connection that can't be closed well.
		_ = db.Close()
	}
}

// PoolStats are the numbers of one pool of connections.
type PoolStats struct {
	Max, InUse, Idle int
	Waits            int64         // how often a connection had to be waited for
	WaitTime         time.Duration // for how long, all together
}

// Stats are a shard's numbers since its pools were made.
type Stats struct {
	Write, Query PoolStats
	Kills        int64 // KILLs sent
}

// Stats returns the shard's numbers.
func (sh *Shard) Stats() Stats {
	w := sh.write.Stats()
	taken, idle := sh.query.counts()
	slots := sh.slots.Stats()
	return Stats{
		Write: PoolStats{
			Max: w.MaxOpenConnections, InUse: w.InUse, Idle: w.Idle,
			Waits: w.WaitCount, WaitTime: w.WaitDuration,
		},
		Query: PoolStats{
			Max: slots.Size, InUse: taken, Idle: idle,
			Waits: slots.Waits, WaitTime: slots.WaitTime,
		},
		Kills: sh.kills.Load(),
	}
}
