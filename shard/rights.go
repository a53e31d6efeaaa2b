package shard

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// RightsError means that an account lacks rights on a server.
type RightsError struct {
	Shard   string // the shard's name, or the address of a server without one
	Role    server.Role
	Account string // quoted, as the server knows it
	Missing []server.Right
}

// Error names the account.
func (e *RightsError) Error() string {
	return fmt.Sprintf("shard %s: %s", e.Shard, e.text(e.Account))
}

// Detail does not.
func (e *RightsError) Detail() string     { return e.text("…") }
func (e *RightsError) Code() fault.Code   { return fault.RightsMissing }
func (e *RightsError) Facts() fault.Facts { return fault.Facts{Shard: e.Shard} }

func (e *RightsError) text(account string) string {
	var names []string
	for _, r := range e.Missing {
		names = append(names, r.Name+" on "+r.Database)
	}
	return fmt.Sprintf("the %s account lacks %s: %s", e.Role, strings.Join(names, ", "),
		strings.Join(server.Grants(e.Missing, account), "; "))
}

// CheckRights asks the server at an address what the accounts of the roles lack
// there, and returns a *RightsError for each that lacks something. It connects
// anew, and changes nothing. The account for the catalog is cfg's for writing.
func CheckRights(ctx context.Context, cfg Config, name, address string, roles ...server.Role) error {
	cfg = cfg.withDefaults()
	var errs []error
	for _, role := range roles {
		if err := checkRole(ctx, cfg, name, address, role); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// catalogTable is a table of the catalog's, with the column one.
const catalogTable = "meta"

func checkRole(ctx context.Context, cfg Config, name, address string, role server.Role) error {
	c, err := bareConnector(cfg, address, forControl)
	if err != nil {
		return err
	}
	c.name = name
	if role == server.ForQuerying {
		c.account = cfg.queryAccount()
	}
	s, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	ctx, cancel := context.WithTimeout(ctx, cfg.DialTimeout)
	defer cancel()
	lacks := &RightsError{Shard: name, Role: role}
	for _, right := range s.server.Rights(role, cfg.Database, cfg.Database+catalog.DatabaseSuffix) {
		table, column := identityTable, "id"
		if right.Database != cfg.Database {
			table, column = catalogTable, "one"
		}
		has, err := s.allowed(ctx, s.server.Probe(right, table, column))
		if err != nil {
			return Wrap(name, err)
		}
		if !has {
			lacks.Missing = append(lacks.Missing, right)
		}
	}
	if lacks.Missing == nil {
		return nil
	}
	row, err := queryRow(ctx, s.conn, "SELECT CURRENT_USER()", 1)
	if err != nil {
		return Wrap(name, err)
	}
	user, host := row[0].String, "%"
	if at := strings.LastIndexByte(user, '@'); at >= 0 {
		user, host = user[:at], user[at+1:]
	}
	lacks.Account = server.QuoteAccount(user, host)
	return lacks
}

// allowed reports whether the server does not deny a statement to the account.
// Any other error of the server's means that it has looked at the rights.
func (s *session) allowed(ctx context.Context, statement string) (bool, error) {
	err := s.exec(ctx, statement)
	switch {
	case server.ClassOf(err).Has(server.Denied):
		return false, nil
	case server.Number(err) != 0:
		return true, nil
	}
	return true, err
}

// Rights is what accounts lack on a server, as far as that is known.
type Rights struct {
	cfg     Config
	name    string
	address string
	roles   []server.Role
	known   atomic.Pointer[error] // nil: not known
}

// NewRights returns the rights of the accounts for the roles, of which nothing
// is known yet. See CheckRights.
func NewRights(cfg Config, name, address string, roles ...server.Role) *Rights {
	return &Rights{cfg: cfg.withDefaults(), name: name, address: address, roles: roles}
}

// Missing returns what the accounts lack, by errors that are *RightsError or wrap
// several; nil where that is nothing, or not known yet. There is no I/O.
func (r *Rights) Missing() error {
	if e := r.known.Load(); e != nil {
		return *e
	}
	return nil
}

// Check asks the server, unless all rights were there: what is revoked later shows
// in the statements that fail. A server that does not answer says nothing of them.
func (r *Rights) Check(ctx context.Context) {
	if last := r.known.Load(); last == nil || *last != nil {
		r.ask(ctx)
	}
}

// Watch checks now and in intervals, until ctx ends.
func (r *Rights) Watch(ctx context.Context, interval time.Duration) { every(ctx, interval, r.Check) }

func (r *Rights) ask(ctx context.Context) {
	last := r.known.Load()
	err := CheckRights(ctx, r.cfg, r.name, r.address, r.roles...)
	if lacks := (*RightsError)(nil); err != nil && !errors.As(err, &lacks) {
		return
	}
	r.known.Store(&err)
	switch {
	case err != nil && (last == nil || (*last).Error() != err.Error()):
		r.cfg.Logger.Error("rights are missing", "shard", r.name, "err", err)
	case err == nil && last != nil:
		r.cfg.Logger.Info("rights are complete", "shard", r.name)
	}
}

// rightsOn returns the rights that a shard's accounts need, or a server's for
// gathering.
func rightsOn(cfg Config, known catalog.Shard) *Rights {
	roles := []server.Role{server.ForWriting, server.ForQuerying}
	if known.Number < 0 { // a server for gathering
		roles = roles[1:]
	}
	return NewRights(cfg, known.Name, known.Address, roles...)
}

// Rights returns what the accounts lack on the shard: see Rights.Missing.
func (sh *Shard) Rights() error { return sh.rights.Missing() }

// checkRights asks for the rights after a ping that was answered; again if one
// was denied.
func (sh *Shard) checkRights(ctx context.Context, ping error) {
	switch {
	case server.ClassOf(ping).Has(server.Denied):
		sh.rights.ask(ctx)
	case ping == nil:
		sh.rights.Check(ctx)
	}
}
