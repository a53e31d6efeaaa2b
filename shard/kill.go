package shard

import (
	"context"
	"fmt"
	"unicode/utf8"
)

// kill stops the statement that the session runs. That it runs none any more,
// or is gone, is no error.
func (sh *Shard) kill(ctx context.Context, s *session) error {
	_, err := sh.control.ExecContext(ctx, killStatement(s.server, s.id))
	if err != nil && !isServerError(err, errNoSuchThread) {
		return sh.wrap(err)
	}
	sh.kills.Add(1)
	return nil
}

// killStatement spells KILL. Without the keyword TIDB, older servers behind
// one address may take the number for another server's connection.
func killStatement(server Server, id uint64) string {
	if server.Vendor == TiDB {
		return fmt.Sprintf("KILL TIDB QUERY %d", id)
	}
	return fmt.Sprintf("KILL QUERY %d", id)
}

// KillTagged stops every statement of the query account whose text begins
// with tag, whichever process sent it, and returns how many it told to stop.
// On MariaDB it names the statement itself. The others know only connections,
// so there a tagged statement that ends between being found and being stopped
// may give its KILL to its connection's next one.
func (sh *Shard) KillTagged(ctx context.Context, tag string) (int, error) {
	server, err := sh.Server(ctx)
	if err != nil {
		return 0, err
	}
	statements, err := sh.tagged(ctx, server, tag)
	if err != nil {
		return 0, sh.wrap(err)
	}
	killed := 0
	for _, kill := range statements {
		_, err := sh.control.ExecContext(ctx, kill)
		if isGone(err) {
			continue
		}
		if err != nil {
			return killed, sh.wrap(err)
		}
		sh.kills.Add(1)
		killed++
	}
	return killed, nil
}

// isGone reports whether a KILL found nothing to stop any more.
func isGone(err error) bool {
	const errNoSuchQuery = 1957 // MariaDB's, for KILL QUERY ID
	return isServerError(err, errNoSuchThread) || isServerError(err, errNoSuchQuery)
}

// tagged returns the KILL for each statement that begins with tag.
func (sh *Shard) tagged(ctx context.Context, server Server, tag string) ([]string, error) {
	rows, err := sh.control.QueryContext(ctx, selectRunning(server), utf8.RuneCountInString(tag))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var kills []string
	for rows.Next() {
		var id uint64
		var text string
		if err := rows.Scan(&id, &text); err != nil {
			return nil, err
		}
		if text != tag {
			continue
		}
		if server.Vendor == MariaDB {
			kills = append(kills, fmt.Sprintf("KILL QUERY ID %d", id))
		} else {
			kills = append(kills, killStatement(server, id))
		}
	}
	return kills, rows.Err()
}

// selectRunning lists what runs: the number to kill, and the text's first
// characters.
func selectRunning(server Server) string {
	id, list := "id", "information_schema.processlist"
	switch server.Vendor {
	case MariaDB:
		id = "query_id"
	case TiDB:
		list = "information_schema.cluster_processlist"
	}
	return "SELECT " + id + ", LEFT(info, ?) FROM " + list + " WHERE info IS NOT NULL"
}
