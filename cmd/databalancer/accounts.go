package main

import (
	"cmp"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/shard"
)

func (o *options) shardConfig(log *slog.Logger) shard.Config {
	return shard.Config{
		Username: o.mysqlUsername, Password: o.mysqlPassword,
		QueryUsername: o.queryUsername, QueryPassword: o.queryPassword,
		Database: o.mysqlDatabase, WriteConns: o.writeConns, QueryConns: o.queryConns,
		MaxValueMemory: o.maxValueMemory, MaxRowBytes: o.maxRowBytes,
		TLS: o.tls, Tables: tables.RawLogs{}, Logger: log,
	}
}

// catalogConfig is shardConfig with the catalog's account in the place of the
// one for writing.
func (o *options) catalogConfig(log *slog.Logger) shard.Config {
	c := o.shardConfig(log)
	if o.catalogUsername != "" {
		c.Username, c.Password = o.catalogUsername, o.catalogPassword
	}
	return c
}

// catalogServer is the address of the server that holds the catalog.
func (o *options) catalogServer() string { return cmp.Or(o.catalogAddress, o.addresses[0].address) }

// readSecret replaces a secret by the first line of its file, if one is given.
func readSecret(secret *string, file string) error {
	if file == "" {
		return nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("password file: %w", err)
	}
	*secret, _, _ = strings.Cut(strings.TrimSuffix(string(text), "\n"), "\n")
	*secret = strings.TrimSuffix(*secret, "\r")
	return nil
}
