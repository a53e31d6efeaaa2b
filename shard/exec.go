package shard

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/kolide/databalancer/server"
)

var errRows = errors.New("statement returns rows")

// Outcome is what a server says of a statement that returns no rows.
type Outcome struct {
	Affected int64 // rows
	Warnings int   // at most 65,535 are counted
}

// Exec sends one statement that returns no rows, as text. Errors, and what
// the end of ctx does, are as with Query.
func (c *Conn) Exec(ctx context.Context, statement string) (Outcome, error) {
	rows, err := c.Query(ctx, statement)
	if err != nil {
		return Outcome{}, err
	}
	if !rows.done {
		rows.Close()
		return Outcome{}, c.shard.end(errRows)
	}
	return rows.outcome(), nil
}

func (r *Rows) outcome() Outcome {
	return Outcome{Affected: int64(r.ok.affected), Warnings: int(r.ok.warnings)}
}

// ExecPieces is Exec for a statement of that many bytes that is never held as a
// whole. It asks for its pieces once, and needs each until it asks for the next.
func (c *Conn) ExecPieces(ctx context.Context, length int, pieces iter.Seq[[]byte]) (Outcome, error) {
	if err := c.ready(ctx); err != nil {
		return Outcome{}, err
	}
	c.text = "" // whatever its connection runs is the statement
	c.start(ctx)
	rows, err := c.execute(length, pieces)
	switch {
	case err == nil && !rows.done:
		c.rows = rows
		rows.Close()
		return Outcome{}, c.shard.end(errRows)
	case err != nil:
		return Outcome{}, c.finish(err)
	}
	return rows.outcome(), c.finish(nil)
}

func (c *Conn) execute(length int, pieces iter.Seq[[]byte]) (*Rows, error) {
	if err := c.wire.commandPieces(comQuery, length, pieces); err != nil {
		return nil, err
	}
	return c.opening()
}

// Reset makes the session what it was when it was opened: the server ends its
// transaction, drops its temporary tables and forgets its variables
// (COM_RESET_CONNECTION), and the settings are made again. After an error the
// connection is not used again. A connection that is given up already needs
// no reset.
func (c *Conn) Reset(ctx context.Context) error {
	switch {
	case c.broken:
		return nil
	case c.rows != nil && !c.rows.done:
		return c.shard.end(errBusy)
	}
	if err := c.reset(ctx); err != nil {
		c.broken = true
		return err
	}
	for _, statement := range c.session.settings {
		if _, err := c.Exec(ctx, statement); err != nil {
			c.broken = true
			return fmt.Errorf("session settings: %w", err)
		}
	}
	return nil
}

func (c *Conn) reset(ctx context.Context) error {
	c.start(ctx)
	err := c.wire.command(comReset, "")
	if err == nil {
		err = c.acknowledged()
	}
	return c.finish(err)
}

// acknowledged reads the answer to a command that returns nothing.
func (c *Conn) acknowledged() error {
	p, err := c.wire.packet()
	switch {
	case err != nil:
		return err
	case p[0] == markError:
		return readError(p)
	case p[0] != markOK:
		return errMalformed
	}
	return nil
}

// Server returns what the connection's server said of itself.
func (c *Conn) Server() server.Info { return c.session.server }
