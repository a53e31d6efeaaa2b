//go:build gms_pure_go

package memtest

import (
	"context"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	sqle "github.com/dolthub/go-mysql-server"
	"github.com/dolthub/go-mysql-server/memory"
	"github.com/dolthub/go-mysql-server/server"
	"github.com/dolthub/go-mysql-server/sql"
	"github.com/sirupsen/logrus"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/shard"
)

// Database is the name of the database that servers have.
const Database = "databalancer"

// Server starts a server whose tables the statements make and fill, and
// returns its address. It runs until the test ends.
func Server(t testing.TB, statements ...string) string {
	t.Helper()
	logrus.SetOutput(io.Discard) // the engine's own log
	provider := memory.NewDBProvider(memory.NewDatabase(Database))
	engine := sqle.NewDefault(provider)
	execute(t, engine, provider, statements)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.NewServer(server.Config{Listener: listener, Protocol: "tcp", Address: listener.Addr().String()},
		engine, sql.NewContext, memory.NewSessionBuilder(provider), nil)
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Start() }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("stop of the server in memory: %v", err)
		}
		<-served
	})
	return listener.Addr().String()
}

func execute(t testing.TB, engine *sqle.Engine, provider *memory.DbProvider, statements []string) {
	t.Helper()
	session := memory.NewSession(sql.NewBaseSession(), provider)
	ctx := sql.NewContext(context.Background(), sql.WithSession(session))
	ctx.SetCurrentDatabase(Database)
	for _, statement := range statements {
		_, rows, _, err := engine.Query(ctx, statement)
		if err == nil {
			_, err = sql.RowIterToRows(ctx, rows)
		}
		if err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// Shards returns shards named s0, s1 … at the addresses, each with a single
// query connection, and the snapshot of a catalog that has them and the
// tables.
func Shards(t testing.TB, addresses []string, tables ...*catalog.Table) (*shard.Set, *catalog.Snapshot) {
	t.Helper()
	set, err := shard.NewSet(shard.Config{
		Username: "root", Database: Database, QueryConns: 1, WriteConns: 1, DialTimeout: 10 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(); err != nil {
			t.Errorf("close of shards: %v", err)
		}
	})
	var shards []catalog.Shard
	for i, address := range addresses {
		shards = append(shards, catalog.Shard{
			Number: i, Name: fmt.Sprintf("s%d", i), Address: address, State: catalog.Active, Weight: 1,
		})
	}
	snap := catalog.NewSnapshot(1, shards, tables)
	set.Sync(snap)
	return set, snap
}
