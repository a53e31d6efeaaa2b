package store

import (
	"context"
	"database/sql"
)

// intent is one thing that is noted for a family and not done yet. Each kind
// of intent has a file of its own, part_*.go.
type intent interface {
	// run has the shards do it. It can be repeated.
	run(ctx context.Context, ddl DDL) error
	// mark makes it a fact, once it has been run.
	mark(ctx context.Context, tx *sql.Tx) error
	// hopeless reports whether an error of run means that it can never be
	// done: then it is withdrawn.
	hopeless(err error) bool
	// withdraw takes it back.
	withdraw(ctx context.Context, tx *sql.Tx) error
}

// insistent is for an intent that no error makes hopeless.
type insistent struct{}

func (insistent) hopeless(error) bool                     { return false }
func (insistent) withdraw(context.Context, *sql.Tx) error { return nil }

// part is the part of a family's intents that are about one thing. Callers
// finish what they are after, so that what holds up one part leaves the
// others alone.
type part struct {
	name    string // for the log
	pending func(f *family) []intent
}

var (
	columnsPart    = &part{"columns", pendingColumns}
	placementsPart = &part{"placements", pendingPlacements}
	indexesPart    = &part{"indexes", pendingIndexes}
)

// shadowsPart is what of the indexes a row may have to wait for that is to be
// stored.
var shadowsPart = &part{"shadows", pendingShadows}

// parts are all, in the order in which they are finished.
var parts = []*part{columnsPart, placementsPart, indexesPart}

// pending returns the family's intents of that part, in order. Creating and
// dropping the family are of every part.
func (f *family) pending(p *part) []intent {
	switch f.state {
	case familyCreating:
		return []intent{newTable{f}}
	case familyDropping:
		return []intent{oldTable{f: f}}
	}
	return p.pending(f)
}

// unfinished returns the parts of which the family has intents, in order.
func (f *family) unfinished() (unfinished []*part) {
	for _, p := range parts {
		if len(f.pending(p)) > 0 {
			unfinished = append(unfinished, p)
		}
		if f.state != familyActive {
			break // one stands for all
		}
	}
	return unfinished
}
