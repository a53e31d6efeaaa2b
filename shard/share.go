package shard

import (
	"context"
	"database/sql"
	"sync"

	"github.com/kolide/databalancer/server"
)

// Share is how many connections a process may have to one server, by what they
// are for.
type Share struct {
	Control int // KILL, pings and the like
	Catalog int // the catalog, where the server holds it
	Write   int
	Query   int
}

const (
	// The least of a server's connections that a process takes, whatever it
	// should have: one of each kind.
	leastConns = 3
	// roomy is the number of connections from which more than one is for
	// control, and an eighth for the catalog.
	roomy = 12
)

// divide divides what a process may have of a server's connections, 0 for any
// number: one for control, what the catalog needs, and half of the rest for
// writing, at least two, so that writers have theirs whatever queries do. most
// says how many of a kind are of use.
func divide(own int, catalog bool, most Share) Share {
	if !catalog {
		most.Catalog = 0
	}
	if own == 0 {
		return most
	}
	s := Share{Control: 1, Catalog: min(1, most.Catalog)}
	if own >= roomy {
		s.Control, s.Catalog = min(2, most.Control), min(own/8, most.Catalog)
	}
	rest := max(own-s.Control-s.Catalog, 2)
	s.Write = min(max(rest/2, min(2, rest-1)), most.Write)
	s.Query = min(rest-s.Write, most.Query)
	s.Write = min(rest-s.Query, most.Write) // what queries have no use for
	return s
}

// Limits are what a server allows; 0 stands for any number.
type Limits struct {
	Server  int // connections of all clients
	Account int // connections of the account that has asked
}

// ReadLimits asks a server what it allows.
func ReadLimits(ctx context.Context, db *sql.DB, info server.Info) (l Limits, err error) {
	err = db.QueryRowContext(ctx, info.SelectConnectionLimits()).Scan(&l.Server, &l.Account)
	return l, err
}

// Each returns how many connections one of several processes may have: a tenth
// of the server's is left to others. 0 stands for any number.
func (l Limits) Each(processes int) int {
	own := 0
	if l.Server > 0 {
		own = max((l.Server-(l.Server+9)/10)/processes, 1)
	}
	if l.Account > 0 {
		own = least(own, max(l.Account/processes, 1))
	}
	return own
}

// least returns the lesser of two numbers, of which 0 stands for any.
func least(a, b int) int {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// sharing is what a shard's share follows from.
type sharing struct {
	mu        sync.Mutex
	processes int
	catalog   bool
	reader    Limits // as the query account is told
	writer    Limits // as the account for writing is, where it is another
	share     Share
}

// Divide tells how many processes serve the catalog, this one among them, and
// which shard's server holds the catalog ("": none). The pools are resized.
func (s *Set) Divide(processes int, catalog string) {
	s.mu.Lock()
	s.processes, s.catalogOn = processes, catalog
	all := s.all
	s.mu.Unlock()
	for _, sh := range all {
		sh.among(processes, sh.Name() == catalog)
	}
}

// among sets how many processes share the server.
func (sh *Shard) among(processes int, catalog bool) {
	sh.sharing.mu.Lock()
	defer sh.sharing.mu.Unlock()
	sh.sharing.processes, sh.sharing.catalog = max(processes, 1), catalog
	sh.resizeLocked()
}

// Share returns how many connections this process may have to the server.
func (sh *Shard) Share() Share {
	sh.sharing.mu.Lock()
	defer sh.sharing.mu.Unlock()
	return sh.sharing.share
}

// checkLimits asks the server what it allows, and resizes the pools to that. What
// can't be read stays as it is.
func (sh *Shard) checkLimits(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, sh.cfg.DialTimeout)
	defer cancel()
	info, err := sh.Server(ctx)
	if err != nil {
		return
	}
	reader, err := ReadLimits(ctx, sh.control, info)
	if err != nil {
		sh.cfg.Logger.Debug("limits of connections not read", "shard", sh.Name(), "err", err)
		return
	}
	var writer Limits
	if sh.cfg.queryAccount() != sh.cfg.account() {
		// Its pool may be in use: then what it was told last will do.
		if writer, err = ReadLimits(ctx, sh.write, info); err != nil {
			writer = sh.writerLimits()
		}
	}
	sh.sharing.mu.Lock()
	defer sh.sharing.mu.Unlock()
	sh.sharing.reader, sh.sharing.writer = reader, writer
	sh.resizeLocked()
}

func (sh *Shard) writerLimits() Limits {
	sh.sharing.mu.Lock()
	defer sh.sharing.mu.Unlock()
	return sh.sharing.writer
}

// most is what the flags allow.
func (sh *Shard) most() Share {
	return Share{Control: controlConns, Catalog: sh.cfg.WriteConns, Write: sh.cfg.WriteConns, Query: sh.cfg.QueryConns}
}

// resizeLocked gives the pools their shares.
func (sh *Shard) resizeLocked() {
	s := &sh.sharing
	share := s.divide(sh.cfg.queryAccount() == sh.cfg.account(), sh.most())
	if share == s.share {
		return
	}
	told := s.share != Share{}
	s.share = share
	setConns(sh.control, share.Control)
	setConns(sh.write, share.Write)
	sh.slots.Resize(share.Query)
	sh.query.limit(share.Query)
	if told {
		sh.cfg.Logger.Info("Connections are divided anew", "shard", sh.Name(), "processes", s.processes,
			"write", share.Write, "query", share.Query, "max_connections", s.reader.Server)
	}
	if own := s.reader.Each(s.processes); own > 0 && own < leastConns {
		sh.cfg.Logger.Warn("The server allows fewer connections than its processes need", "shard", sh.Name(),
			"processes", s.processes, "max_connections", s.reader.Server, "max_user_connections", s.reader.Account)
	}
}

func (s *sharing) divide(oneAccount bool, most Share) Share {
	if oneAccount {
		return divide(s.reader.Each(s.processes), s.catalog, most)
	}
	// The limit of an account bounds what that account is for.
	share := divide(Limits{Server: s.reader.Server}.Each(s.processes), s.catalog, most)
	if own := (Limits{Account: s.reader.Account}).Each(s.processes); own > 0 {
		share.Query = min(share.Query, max(own-share.Control, 1))
	}
	if own := (Limits{Account: s.writer.Account}).Each(s.processes); own > 0 {
		share.Write = min(share.Write, own)
	}
	return share
}

func setConns(db *sql.DB, n int) {
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
}
