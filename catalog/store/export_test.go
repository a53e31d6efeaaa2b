package store

import (
	"context"
	"database/sql"
	"slices"
)

// WithFailpoint returns cfg with a function that is called at each step of a
// change, and whose error ends the change there, as a crash would.
func (cfg Config) WithFailpoint(f func(name string) error) Config {
	cfg.failpoint = f
	return cfg
}

// Sweeper returns what Run calls at each interval to finish what others left.
func (s *Store) Sweeper() func(context.Context) { return s.sweeper() }

// Opener returns what Run calls at each interval to open new placements to
// writers.
func (s *Store) Opener() func(context.Context) { return s.opener() }

// Unfinished returns the names of the families with unfinished intents, as far
// as the last refresh knows.
func (s *Store) Unfinished() []string {
	var names []string
	for _, f := range s.state.Load().families {
		if len(f.unfinished()) > 0 {
			names = append(names, f.name)
		}
	}
	slices.Sort(names)
	return names
}

// Migrations are those that this program knows.
var Migrations = migrations

// SchemaVersion is the version of the schema that this program knows.
var SchemaVersion = len(migrations)

// WithMigrations returns cfg for a program that knows these migrations.
func (cfg Config) WithMigrations(migrations [][]string) Config {
	cfg.migrations = migrations
	return cfg
}

// Migrate brings the database to the version that the migrations lead to, and
// no further.
func Migrate(ctx context.Context, db *sql.DB, migrations [][]string) error {
	return migrate(ctx, db, migrations)
}
