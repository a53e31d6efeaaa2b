package shard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kolide/databalancer/server"
)

// Wait tries to connect to a server until it answers, and returns nil then. It
// calls every, unless that is nil, with the error of each try that found
// nobody. Other errors, such as a password that the server refuses, end the
// waiting at once, as ctx does.
func Wait(ctx context.Context, cfg Config, address string, every func(err error)) error {
	const shortest, longest = 250 * time.Millisecond, 2 * time.Second
	for pause := shortest; ; pause = min(2*pause, longest) {
		err := reach(ctx, cfg, address)
		if err == nil || ctx.Err() == nil && !errors.Is(err, ErrUnreachable) {
			return err
		}
		if every != nil && ctx.Err() == nil {
			every(err)
		}
		select {
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("shard %s: %w", address, context.Cause(ctx)), err)
		case <-time.After(pause):
		}
	}
}

func reach(ctx context.Context, cfg Config, address string) error {
	c, err := bareConnector(cfg, address, forWriting)
	if err != nil {
		return err
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	s.close()
	return nil
}

// OpenDatabase creates the catalog's database where it is missing, with
// utf8mb4 and its collation utf8mb4_unicode_ci, and returns a pool of at most
// cfg.WriteConns connections to it. Their settings are those of Shard.Write,
// but no statement may wait longer than 5 s for a lock, nor the connection
// longer than 8 s for the server, which is lost then. OpenDatabase does not
// ask the server which shard it is.
func OpenDatabase(ctx context.Context, cfg Config, address, database string) (*sql.DB, error) {
	c, err := bareConnector(cfg, address, forCatalog)
	if err != nil {
		return nil, err
	}
	c.patience = catalogPatience
	bare := openPool(c, 1)
	defer bare.Close()
	if _, err := bare.ExecContext(ctx, createDatabase(database, server.Collation)); err != nil {
		return nil, Wrap(address, err)
	}
	named := *c
	named.database = database
	return openPool(&named, cfg.withDefaults().WriteConns), nil
}

// ReadIdentity returns which shard the server at an address is. Found is false
// where the server has no such database or no identity in it.
func ReadIdentity(ctx context.Context, cfg Config, address string) (Identity, error) {
	c, err := bareConnector(cfg, address, forControl)
	if err != nil {
		return Identity{}, err
	}
	db := openPool(c, 1)
	defer db.Close()
	found, _, err := readIdentity(ctx, db, cfg.Database)
	return found, Wrap(address, err)
}

const countDatabases = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = ?"

// HasDatabase reports whether the server at an address has a database of that
// name, which the account may see.
func HasDatabase(ctx context.Context, cfg Config, address, database string) (bool, error) {
	c, err := bareConnector(cfg, address, forControl)
	if err != nil {
		return false, err
	}
	db := openPool(c, 1)
	defer db.Close()
	var n int
	err = db.QueryRowContext(ctx, countDatabases, database).Scan(&n)
	return n > 0, Wrap(address, err)
}

// bareConnector connects as the write account, without a database, to
// whichever server is there.
func bareConnector(cfg Config, address string, p purpose) (*connector, error) {
	network, dial, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	return &connector{
		name: address, network: network, address: dial,
		account: cfg.account(), purpose: p, tls: cfg.TLS, timeout: cfg.DialTimeout, collation: server.Collation,
	}, nil
}

func createDatabase(name, collation string) string {
	return "CREATE DATABASE IF NOT EXISTS " + server.QuoteName(name) + " CHARACTER SET utf8mb4 COLLATE " + collation
}
