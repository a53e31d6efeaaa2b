package shard

import (
	"context"
	"unicode/utf8"

	"github.com/kolide/databalancer/server"
)

// kill stops the statement that the session runs. That it runs none any more,
// or is gone, is no error.
func (sh *Shard) kill(ctx context.Context, s *session) error {
	_, err := sh.control.ExecContext(ctx, s.server.KillConnection(s.id))
	if err != nil && server.Number(err) != server.NoSuchThread {
		return sh.wrap(err)
	}
	sh.kills.Add(1)
	return nil
}

// KillTagged stops every statement of the query account whose text begins
// with tag, whichever process sent it, and returns how many it told to stop.
// Where the server knows only connections (server.Info.KillRunning), a tagged
// statement that ends between being found and being stopped may give its KILL
// to its connection's next one.
func (sh *Shard) KillTagged(ctx context.Context, tag string) (int, error) {
	info, err := sh.Server(ctx)
	if err != nil {
		return 0, err
	}
	statements, err := sh.tagged(ctx, info, tag)
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
	number := server.Number(err)
	return number == server.NoSuchThread || number == server.NoSuchStatement
}

// tagged returns the KILL for each statement that begins with tag.
func (sh *Shard) tagged(ctx context.Context, info server.Info, tag string) ([]string, error) {
	rows, err := sh.control.QueryContext(ctx, info.SelectRunning(), utf8.RuneCountInString(tag))
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
		if text == tag {
			kills = append(kills, info.KillRunning(id))
		}
	}
	return kills, rows.Err()
}
