package store

import "context"

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
	return names
}

// SchemaVersion is the version of the schema that this program knows.
var SchemaVersion = len(migrations)
