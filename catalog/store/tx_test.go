package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/catalog"
)

func TestClassify(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for _, test := range []struct {
		err         error
		unavailable bool
	}{
		{refused, true},
		{fmt.Errorf("catalog version: %w", refused), true},
		{driver.ErrBadConn, true},
		{mysql.ErrInvalidConn, true},
		{io.ErrUnexpectedEOF, true},
		{context.DeadlineExceeded, true},
		{&mysql.MySQLError{Number: 1053}, true},
		{&mysql.MySQLError{Number: 1040}, true},
		{&mysql.MySQLError{Number: 1146}, false},
		{context.Canceled, false},
		{catalog.ErrNoActiveShard, false},
		{&catalog.TypeConflictError{}, false},
		{&shardError{refused}, false},
		{&shardError{context.DeadlineExceeded}, false},
	} {
		got := classify(test.err)
		if errors.Is(got, catalog.ErrUnavailable) != test.unavailable {
			t.Errorf("classify(%v) = %v", test.err, got)
		}
		if !errors.Is(got, test.err) {
			t.Errorf("classify(%v) = %v, which lost the cause", test.err, got)
		}
	}
}

func TestLost(t *testing.T) {
	for _, test := range []struct {
		err  error
		lost bool
	}{
		{&mysql.MySQLError{Number: 1213}, true},
		{fmt.Errorf("catalog families: %w", &mysql.MySQLError{Number: 1205}), true},
		{&mysql.MySQLError{Number: 1062}, false},
		{&shardError{&mysql.MySQLError{Number: 1213}}, false},
		{nil, false},
	} {
		if got := lost(test.err); got != test.lost {
			t.Errorf("lost(%v) = %v", test.err, got)
		}
	}
}

func TestBackoffGrowsToItsBound(t *testing.T) {
	b := backoff{min: time.Microsecond, max: 5 * time.Microsecond}
	for _, want := range []time.Duration{1, 2, 4, 5, 5} {
		if err := b.next(t.Context()); err != nil {
			t.Fatal(err)
		}
		if b.bound != want*time.Microsecond {
			t.Fatalf("bound %v, want %dµs", b.bound, want)
		}
	}
}

func TestBackoffEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	b := backoff{min: time.Hour, max: time.Hour}
	if err := b.next(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want context.Canceled", err)
	}
}
