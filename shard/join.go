package shard

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// Registry is what Join needs of the catalog; *store.Store is one.
type Registry interface {
	ID() string
	Collation() string
	Refresh(ctx context.Context) (*catalog.Snapshot, error)
	AddShard(ctx context.Context, s catalog.Shard) (*catalog.Shard, error)
	SetShard(ctx context.Context, name, address string, weight float64) error
	SetShardState(ctx context.Context, name string, state catalog.ShardState) error
}

// Tables are the tables that every shard has from its first day on.
type Tables interface {
	// Check returns an error where something else has their place in the
	// database, which need not exist yet. It changes nothing.
	Check(ctx context.Context, db *sql.DB, database string) error
	// Create makes them for the shard of that number, with the catalog's
	// collation, unless they are there.
	// It may be repeated after it ended anywhere.
	Create(ctx context.Context, db *sql.DB, on server.Info, database, collation string, number int) error
}

// JoinOptions say how Join treats a shard.
type JoinOptions struct {
	// Weight is the shard's share of new families, relative to the others'.
	// 0 means 1 for a new shard, and no change for a known one.
	Weight float64
	// MoveAddress makes Join give a known shard its new address. Without it,
	// another address than the catalog's is ErrAddressDiffers.
	MoveAddress bool
}

// Join makes the server at an address the shard of that name: it creates the
// database and databalancer's tables, gives the server an identity or checks
// the one it has, and adds it to the catalog. It may be repeated, also after
// it ended halfway, and by several processes at once: a shard in the catalog
// takes no families before all else is done.
//
// It refuses a server of another catalog or of none where the catalog knows
// the name, and a server that is another shard than the one named
// (*IdentityError, *catalog.ShardConflictError), a known shard at another
// address (ErrAddressDiffers), the name of a server for gathering
// (catalog.ErrNameTaken, ErrGatherer), a server that lacks the catalog's
// collation (*CollationError) and whatever Config.Tables refuses. A refused
// server is left as it was. The set learns of the shard with the next Sync.
func (s *Set) Join(
	ctx context.Context, cat Registry, name, address string, opt JoinOptions,
) (*catalog.Shard, error) {
	if s.isGatherer(name) {
		return nil, fmt.Errorf("shard %s: %w: %w", name, catalog.ErrNameTaken, ErrGatherer)
	}
	c, err := bareConnector(s.cfg, address, forControl)
	if err != nil {
		return nil, fmt.Errorf("shard %s: %w", name, err)
	}
	j := &joining{cat: cat, tables: s.cfg.Tables, database: s.cfg.Database, name: name, address: address, opt: opt}
	c.collation = cat.Collation()
	c.name, c.learned = name, func(info server.Info) { j.server = info }
	j.db = openPool(c, 1)
	defer j.db.Close()
	return j.run(ctx)
}

// joining is one run of Join.
type joining struct {
	cat           Registry
	tables        Tables      // nil: none
	db            *sql.DB     // without a current database, which may not exist yet
	server        server.Info // known once db was used
	database      string
	name, address string
	opt           JoinOptions
}

func (j *joining) run(ctx context.Context) (*catalog.Shard, error) {
	// In this order: a shard that the catalog knows has its identity already.
	snap, err := j.cat.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	found, _, err := readIdentity(ctx, j.db, j.database)
	if err != nil {
		return nil, Wrap(j.name, err)
	}
	known, err := j.admit(snap, found)
	if err != nil {
		return nil, err
	}
	if err := j.checkTables(ctx); err != nil {
		return nil, err
	}
	if known == nil {
		known, err = j.register(ctx)
	} else {
		err = j.update(ctx, known)
	}
	if err != nil {
		return nil, err
	}
	if err := j.finish(ctx, known); err != nil {
		return nil, err
	}
	return j.lookUp(ctx)
}

// admit decides whether the server may be this shard. It returns nil for a
// shard that the catalog doesn't know yet.
func (j *joining) admit(snap *catalog.Snapshot, found Identity) (*catalog.Shard, error) {
	if found.Found && found.Catalog != j.cat.ID() {
		return nil, j.mismatch("", found)
	}
	if known, ok := snap.Shard(j.name); ok {
		return known, j.admitKnown(known, found)
	}
	for _, other := range snap.Shards() {
		if found.Found && other.Identity == found.Shard {
			return nil, &catalog.ShardConflictError{Offered: j.offer(found.Shard), Stored: other}
		}
	}
	return nil, nil
}

// admitKnown checks that the server is the shard that the catalog knows.
func (j *joining) admitKnown(known *catalog.Shard, found Identity) error {
	switch {
	case found.Shard != known.Identity:
		return j.mismatch(known.Identity, found)
	case known.Address != j.address && !j.opt.MoveAddress:
		return fmt.Errorf("shard %s: %w: %s, not %s", j.name, ErrAddressDiffers, known.Address, j.address)
	}
	return nil
}

func (j *joining) mismatch(identity string, found Identity) error {
	return &IdentityError{
		Shard: j.name, Address: j.address, Found: found,
		Expected: Identity{Shard: identity, Name: j.name, Catalog: j.cat.ID()},
	}
}

// offer is a new shard as the catalog gets it. It becomes active when
// everything on its server is ready.
func (j *joining) offer(identity string) catalog.Shard {
	offer := catalog.Shard{
		Name: j.name, Address: j.address, Identity: identity,
		State: catalog.ReadOnly, Weight: j.opt.Weight,
	}
	if offer.Weight == 0 {
		offer.Weight = 1
	}
	return offer
}

// register gives the server an identity and adds it to the catalog. Of
// several processes that do so at once, one's identity stays, and the others
// find it.
func (j *joining) register(ctx context.Context) (*catalog.Shard, error) {
	identity, err := j.claim(ctx)
	if err != nil {
		return nil, err
	}
	known, err := j.cat.AddShard(ctx, j.offer(identity.Shard))
	if err != nil {
		return nil, err
	}
	return known, j.admitKnown(known, identity)
}

func (j *joining) claim(ctx context.Context) (Identity, error) {
	for _, ddl := range []string{createDatabase(j.database, j.cat.Collation()), createIdentity(j.database, j.cat.Collation())} {
		if err := j.exec(ctx, ddl); err != nil {
			return Identity{}, err
		}
	}
	if err := j.exec(ctx, claimIdentity(j.database), rand.Text(), j.name, j.cat.ID()); err != nil {
		return Identity{}, err
	}
	found, _, err := readIdentity(ctx, j.db, j.database)
	if err == nil && found.Catalog != j.cat.ID() {
		err = j.mismatch("", found)
	}
	return found, Wrap(j.name, err)
}

// update gives a known shard the address and weight that were asked for.
func (j *joining) update(ctx context.Context, known *catalog.Shard) error {
	if known.Address == j.address && (j.opt.Weight == 0 || j.opt.Weight == known.Weight) {
		return nil
	}
	return j.cat.SetShard(ctx, j.name, j.address, j.opt.Weight)
}

// finish does what is left to do on the server of a shard that the catalog
// has, and then makes it active, once.
func (j *joining) finish(ctx context.Context, known *catalog.Shard) error {
	if err := j.createTables(ctx, known.Number); err != nil {
		return err
	}
	_, ready, err := readIdentity(ctx, j.db, j.database)
	if err != nil || ready {
		return Wrap(j.name, err)
	}
	if err := j.cat.SetShardState(ctx, j.name, catalog.Active); err != nil {
		return err
	}
	// From now on its state is up to the users.
	return j.exec(ctx, finishIdentity(j.database), j.name)
}

func (j *joining) checkTables(ctx context.Context) error {
	if j.tables == nil {
		return nil
	}
	return Wrap(j.name, j.tables.Check(ctx, j.db, j.database))
}

func (j *joining) createTables(ctx context.Context, number int) error {
	if j.tables == nil {
		return nil
	}
	return Wrap(j.name, j.tables.Create(ctx, j.db, j.server, j.database, j.cat.Collation(), number))
}

// exec runs a statement of its own transaction, again where that lost.
func (j *joining) exec(ctx context.Context, statement string, args ...any) error {
	return Wrap(j.name, untilWon(func() error {
		_, err := j.db.ExecContext(ctx, statement, args...)
		return err
	}))
}

func (j *joining) lookUp(ctx context.Context) (*catalog.Shard, error) {
	snap, err := j.cat.Refresh(ctx)
	if err != nil {
		return nil, err
	}
	known, ok := snap.Shard(j.name)
	if !ok {
		return nil, fmt.Errorf("shard %s: %w", j.name, catalog.ErrUnknownShard)
	}
	return known, nil
}
