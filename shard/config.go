package shard

import (
	"cmp"
	"errors"
	"log/slog"
	"time"
)

// How many connections there are to a shard where Config does not say.
const (
	DefaultWriteConns = 16
	DefaultQueryConns = 32
)

// Config says how to connect to shards. All shards share it.
type Config struct {
	Username string
	Password string
	// QueryUsername and QueryPassword are the account of the connections that
	// run users' queries; where QueryUsername is empty, Username's.
	QueryUsername string
	QueryPassword string
	Database      string // our database, the same on every shard
	TLS           *TLS   // nil: TLSPreferred
	// WriteConns and QueryConns bound the connections to one shard for
	// writing and for queries; 0 stands for DefaultWriteConns and
	// DefaultQueryConns.
	WriteConns int
	QueryConns int
	// MaxValueMemory bounds the bytes of memory for rows of more than 1 MiB that
	// are read at a time, over all shards; MaxRowBytes bounds those of one row. 0
	// stands for DefaultMaxValueMemory and DefaultMaxRowBytes.
	MaxValueMemory int64
	MaxRowBytes    int
	// DialTimeout bounds connecting, with the first statements on the
	// connection. The default is 2 s.
	DialTimeout time.Duration
	// Tables are made on each shard that joins; nil: none.
	Tables Tables
	Logger *slog.Logger // nil: nothing is logged

	memory *memory // that all who share the configuration share
}

// Validate says what is missing or out of range.
func (c *Config) Validate() error {
	switch {
	case c.Username == "":
		return errors.New("shard config: no username")
	case c.Database == "":
		return errors.New("shard config: no database")
	case c.WriteConns < 0 || c.QueryConns < 0:
		return errors.New("shard config: negative number of connections")
	case c.MaxValueMemory < 0 || c.MaxRowBytes < 0:
		return errors.New("shard config: negative memory for rows")
	case int64(c.withDefaults().MaxRowBytes) > c.withDefaults().MaxValueMemory:
		return errors.New("shard config: a row may take more memory than all may")
	case c.DialTimeout < 0:
		return errors.New("shard config: negative dial timeout")
	}
	return nil
}

func (c Config) withDefaults() Config {
	c.WriteConns = cmp.Or(c.WriteConns, DefaultWriteConns)
	c.QueryConns = cmp.Or(c.QueryConns, DefaultQueryConns)
	c.MaxValueMemory = cmp.Or(c.MaxValueMemory, DefaultMaxValueMemory)
	c.MaxRowBytes = cmp.Or(c.MaxRowBytes, DefaultMaxRowBytes)
	if c.memory == nil {
		c.memory = newMemory(c.MaxValueMemory, c.MaxRowBytes)
	}
	c.DialTimeout = cmp.Or(c.DialTimeout, 2*time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c *Config) account() account { return account{c.Username, c.Password} }

// queryAccount is Username's unless there is one for queries.
func (c *Config) queryAccount() account {
	if c.QueryUsername == "" {
		return c.account()
	}
	return account{c.QueryUsername, c.QueryPassword}
}

// String shows the configuration without its passwords.
func (c Config) String() string { return c.LogValue().String() }

// GoString is String, so that %#v shows no password either.
func (c Config) GoString() string { return c.String() }

// LogValue is the configuration without its passwords.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("username", c.Username),
		slog.String("query_username", c.QueryUsername),
		slog.String("database", c.Database),
		slog.String("tls", c.TLS.String()),
		slog.Int("write_conns", c.WriteConns),
		slog.Int("query_conns", c.QueryConns),
		slog.Duration("dial_timeout", c.DialTimeout),
	)
}
