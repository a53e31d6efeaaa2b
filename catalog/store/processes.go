package store

import (
	"context"
	"fmt"
	"time"
)

const (
	// BeatInterval is how often each process is to call Beat.
	BeatInterval = 5 * time.Second
	// beatGrace is how long after its last beat a process counts as alive.
	beatGrace = 4 * BeatInterval
)

// Process returns the id of this process among all that serve the catalog.
func (s *Store) Process() string { return s.cfg.Process }

// Beat says that this process is alive, forgets those that have not said so for
// a while, and returns the ids of all that are, this one's among them, those that
// have been for longest first. All times are the catalog server's. It returns
// catalog.ErrUnavailable.
//
// It uses no transaction: the rows of several processes would be locked in any
// order.
func (s *Store) Beat(ctx context.Context) (alive []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	if _, err := s.db.ExecContext(ctx, `INSERT INTO processes (id, started, heartbeat) VALUES (?, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6))
		ON DUPLICATE KEY UPDATE heartbeat = UTC_TIMESTAMP(6)`, s.cfg.Process); err != nil {
		return nil, classify(fmt.Errorf("catalog processes: %w", err))
	}
	alive, gone, err := s.processes(ctx)
	if err != nil {
		return nil, classify(fmt.Errorf("catalog processes: %w", err))
	}
	for _, id := range gone {
		if err := s.forget(ctx, id, beatGrace); err != nil {
			return nil, err
		}
	}
	return alive, nil
}

// Leave removes this process, which is about to end.
func (s *Store) Leave(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	return s.forget(ctx, s.cfg.Process, 0)
}

// processes returns all that are registered.
func (s *Store) processes(ctx context.Context) (alive, gone []string, err error) {
	rows, err := s.db.QueryContext(ctx, `SELECT id, heartbeat < UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND FROM processes ORDER BY started, id`,
		beatGrace.Microseconds())
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id     string
			silent bool
		)
		if err := rows.Scan(&id, &silent); err != nil {
			return nil, nil, err
		}
		if silent {
			gone = append(gone, id)
		} else {
			alive = append(alive, id)
		}
	}
	return alive, gone, rows.Err()
}

// forget removes a process, unless it has said within a time that it is alive.
func (s *Store) forget(ctx context.Context, id string, silent time.Duration) error {
	_, err := s.db.ExecContext(ctx, `DELETE FROM processes WHERE id = ? AND heartbeat <= UTC_TIMESTAMP(6) - INTERVAL ? MICROSECOND`,
		id, silent.Microseconds())
	if err != nil {
		return classify(fmt.Errorf("catalog processes: %w", err))
	}
	return nil
}
