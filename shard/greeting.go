package shard

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/kolide/databalancer/server"
)

// Greeting returns what the server at an address says of itself to whoever
// connects, so that it needs no account:
// https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_handshake_v10.html
func Greeting(ctx context.Context, cfg Config, address string) (server.Info, error) {
	network, dial, err := parseAddress(address)
	if err != nil {
		return server.Info{}, err
	}
	cfg = cfg.withDefaults()
	ctx, cancel := context.WithTimeout(ctx, cfg.DialTimeout)
	defer cancel()
	version, err := greeting(ctx, cfg.memory, network, dial)
	if err != nil {
		return server.Info{}, Wrap(address, err)
	}
	return server.Parse(version), nil
}

func greeting(ctx context.Context, memory *memory, network, address string) (version string, err error) {
	conn, err := dialSocket(ctx, network, address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if deadline, ok := ctx.Deadline(); ok {
		conn.expire(time.Until(deadline))
	}
	var w wire
	w.start(ctx, memory, conn)
	defer w.end()
	p, err := w.packet()
	if err != nil {
		return "", err
	}
	if p[0] == markError { // too many connections, or this host is blocked
		return "", readError(p)
	}
	text, _, ended := bytes.Cut(p[1:], []byte{0})
	if !ended {
		return "", fmt.Errorf("greeting: %w", errMalformed)
	}
	return string(text), nil
}
