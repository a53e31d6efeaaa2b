package shard

import (
	"context"
	"fmt"
	"time"
)

// Health is the outcome of a shard's last ping.
type Health struct {
	Checked time.Time     // zero: never
	Latency time.Duration // of the last ping that was answered
	Err     error         // nil: the last ping was answered
}

// Health returns the outcome of the last ping, without any I/O.
func (sh *Shard) Health() Health { return *sh.health.Load() }

// Ping asks the server for a sign of life, waits at most Config.DialTimeout
// for it, and returns the time that it took on an open connection. Health
// remembers the outcome.
func (sh *Shard) Ping(ctx context.Context) (time.Duration, error) {
	bounded, cancel := context.WithTimeout(ctx, sh.cfg.DialTimeout)
	defer cancel()
	latency, err := sh.ping(bounded)
	if err != nil && ctx.Err() != nil {
		return 0, sh.wrap(context.Cause(ctx)) // says nothing of the server
	}
	if bounded.Err() != nil && err != nil {
		err = fmt.Errorf("%w: no answer within %s: %w", ErrUnreachable, sh.cfg.DialTimeout, err)
	}
	err = sh.wrap(err)
	sh.note(latency, err)
	return latency, err
}

func (sh *Shard) ping(ctx context.Context) (time.Duration, error) {
	conn, err := sh.control.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	start := time.Now()
	if err := conn.PingContext(ctx); err != nil {
		return 0, err
	}
	return time.Since(start), nil
}

// note remembers a ping's outcome, and logs when it differs from the last.
func (sh *Shard) note(latency time.Duration, err error) {
	now := &Health{Checked: time.Now(), Latency: latency, Err: err}
	last := sh.health.Load()
	if err != nil {
		now.Latency = last.Latency
	}
	sh.health.Store(now)
	switch {
	case err != nil && last.Err == nil:
		sh.cfg.Logger.Warn("shard does not answer", "shard", sh.Name(), "err", err)
	case err == nil && last.Err != nil:
		sh.cfg.Logger.Info("shard answers again", "shard", sh.Name(), "dur", latency)
	}
}
