package tables

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// Loss is what a server doesn't keep apart in a family's table: the columns in
// which an empty string reads as NULL.
type Loss struct {
	Reason  string          // for the client
	columns map[string]bool // by name, in lower case
}

// Has reports whether an empty string in the column would be lost.
func (l Loss) Has(column string) bool {
	return len(l.columns) > 0 && l.columns[strings.ToLower(column)]
}

// Loss returns what would be lost of rows that are stored in the family's table
// on a shard. Of most servers it knows without asking that there is nothing.
// Of others it looks at the table, and first ends as much of the loss as can be
// ended at once. An error says that the shard can't be asked; the loss is then
// the largest possible.
func (fs *Families) Loss(ctx context.Context, name string, t *catalog.Table) (Loss, error) {
	_, info, err := fs.server(ctx, name)
	if err != nil {
		return largest(t), err
	}
	mended, loses := info.LosesEmptyText()
	if !loses {
		return Loss{}, nil
	}
	l := fs.looks.of(name, t)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.holds(t, info.Version) {
		return l.loss, nil
	}
	lost, found, err := fs.findLoss(ctx, name, t)
	switch {
	case err != nil:
		return largest(t), err
	case !found:
		return Loss{}, nil
	}
	reason := fmt.Sprintf("an empty string, which %s on shard %s would show as NULL in this column (MDEV-37428); %s would not",
		info, name, mended)
	l.loss, l.columns, l.version, l.at = Loss{reason, lost}, len(t.Columns), info.Version, time.Now()
	return l.loss, nil
}

// largest is the loss of all that can be lost.
func largest(t *catalog.Table) Loss {
	l := Loss{columns: map[string]bool{}}
	for _, name := range groupedTexts(t) {
		l.columns[name] = true
	}
	return l
}

// lookTime bounds a look at a table.
const lookTime = 10 * time.Second

// findLoss spells the texts of the table so that as little as possible is lost,
// and returns what still is. It finds nothing where the table is not the
// family's, which whoever stores rows in it will learn.
func (fs *Families) findLoss(ctx context.Context, name string, t *catalog.Table) (lost map[string]bool, found bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	err = fs.on(ctx, name, func(s *session) error {
		life, err := s.life(ctx, t.Name)
		if err != nil || life != lifeComment(t.ID) {
			return err
		}
		_, unquoted, err := s.respell(ctx, t)
		if err != nil && !errors.Is(err, catalog.ErrBusy) {
			return err
		}
		found, lost = true, map[string]bool{}
		for _, name := range groupedTexts(t) {
			if !unquoted[name] {
				lost[name] = true
			}
		}
		return nil
	})
	return lost, found, err
}

// look is what was seen of a table.
type look struct {
	mu      sync.Mutex // held while looking, too
	loss    Loss
	columns int    // that the table had
	version string // of the server
	at      time.Time
}

// lookPeriod is how long a loss is believed. That there is none stays true.
const lookPeriod = time.Minute

// holds reports whether it still tells of the table, on a server of that
// version.
func (l *look) holds(t *catalog.Table, version string) bool {
	return l.columns >= len(t.Columns) && l.version == version &&
		(len(l.loss.columns) == 0 || time.Since(l.at) < lookPeriod)
}

// looks are the looks at the tables of all shards. The zero value is empty.
type looks struct {
	mu  sync.Mutex
	all map[place]*look
}

// place is where the table of one life of a family is.
type place struct {
	shard  string
	family int64
}

func (ls *looks) of(shard string, t *catalog.Table) *look {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	l := ls.all[place{shard, t.ID}]
	if l == nil {
		if ls.all == nil {
			ls.all = make(map[place]*look)
		}
		l = new(look)
		ls.all[place{shard, t.ID}] = l
	}
	return l
}
