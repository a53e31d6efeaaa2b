package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"sync"
	"time"

	"github.com/kolide/databalancer/api"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/router"
)

// serve opens everything in order, serves until ctx ends, and closes in
// reverse order.
func serve(ctx context.Context, o *options, log *slog.Logger) error {
	if o.local > 0 {
		cluster, err := startLocal(ctx, o, log)
		if err != nil {
			return err
		}
		defer cluster.Close()
		o.useLocal(cluster.Sockets())
	}
	store, err := openStore(ctx, o, log)
	if err != nil {
		return err
	}
	defer store.close()

	ingester, err := ingest.New(ingest.Config{
		Catalog: store.catalog, Shards: store.shards, Tables: store.tables, RawLogs: o.rawLogs,
		LogEvents: o.logEvents, MaxPending: o.maxPending, Logger: log,
	})
	if err != nil {
		return err
	}
	defer ingester.Close()
	plans := router.New(router.Config{
		Database: o.mysqlDatabase, MaxLength: o.maxQueryLength, Homes: store.gatherers, PlanBytes: o.planCacheBytes,
	})
	queries := proxy.New(proxy.Config{
		Catalog: store.catalog, Shards: store.shards, Router: plans,
		Logger: log, GatherMaxRows: o.gatherMaxRows, GatherMaxBytes: o.gatherMaxBytes,
		MaxQueries: o.maxQueries, MaxQueued: o.maxQueued,
	})
	defer queries.Close()
	handler, err := api.New(api.Config{
		Catalog: store.catalog, Shards: store.shards, Join: store.joinShard,
		Proxy: queries, Plans: plans.PlanStats, Ingester: ingester, CatalogRights: store.rights.Missing,
		Logger: log, Version: version, MaxBody: o.maxBody, MaxPending: o.maxPending, MaxRows: o.maxRows, MaxResultBytes: o.maxResultBytes,
		TrustedProxies: o.proxies, QueryTimeout: o.queryTimeout, WriteTimeout: o.writeTimeout,
	})
	if err != nil {
		return err
	}
	stopTasks := store.startTasks(o)
	defer stopTasks()
	if o.pprofAddress != "" {
		stopProfiler, err := startProfiler(o.pprofAddress, log)
		if err != nil {
			return err
		}
		defer stopProfiler()
	}
	return listen(ctx, o, handler, log)
}

// startLocal starts the managed servers. TiDB's embedded store keeps no promise
// about acknowledged rows.
func startLocal(ctx context.Context, o *options, log *slog.Logger) (*local.Cluster, error) {
	program, err := local.Find(o.localServer)
	if err != nil {
		return nil, err
	}
	if program.Kind == local.TiDB {
		return nil, fmt.Errorf("-local_server: %s is TiDB's, whose embedded store is for tests; run TiDB by itself and name its -mysql_address", program.Path)
	}
	return local.Start(ctx, local.Config{Dir: o.dataDir, Count: o.local, Program: program, Logger: log})
}

// useLocal makes the managed servers the shards, called local1, local2, ….
func (o *options) useLocal(sockets []string) {
	for i, socket := range sockets {
		o.addresses = append(o.addresses, shardAddress{fmt.Sprintf("local%d", i+1), socket})
	}
}

// listen serves HTTP until ctx ends, then lets running requests finish. What
// still runs after the shutdown time-out is cancelled, on the shards too.
func listen(ctx context.Context, o *options, handler http.Handler, log *slog.Logger) error {
	listener, err := net.Listen("tcp", o.serverAddress)
	if err != nil {
		return err
	}
	requests, cancelRequests := context.WithCancelCause(context.Background())
	defer cancelRequests(nil)
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	log.Info("Starting HTTP server on "+shownAddress(o.serverAddress, listener), "version", version)
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("HTTP server: %w", err)
	case <-ctx.Done():
	}
	log.Info("Shutting down", "timeout", o.shutdownTimeout)
	return shutDown(server, o.shutdownTimeout, cancelRequests)
}

// cancelGrace is how long cancelled requests may take to stop their
// statements and to answer.
const cancelGrace = 5 * time.Second

func shutDown(server *http.Server, timeout time.Duration, cancelRequests context.CancelCauseFunc) error {
	ctx, cancel := context.WithTimeout(context.Background(), timeout)
	defer cancel()
	if server.Shutdown(ctx) == nil {
		return nil
	}
	cancelRequests(api.ErrShuttingDown)
	ctx, cancel = context.WithTimeout(context.Background(), cancelGrace)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
	return nil
}

// shownAddress is the flag's value, except that a port chosen by the system
// is shown as chosen.
func shownAddress(flag string, listener net.Listener) string {
	if _, port, err := net.SplitHostPort(flag); err == nil && port == "0" {
		return listener.Addr().String()
	}
	return flag
}

// startProfiler serves net/http/pprof on an address of its own.
func startProfiler(address string, log *slog.Logger) (stop func(), err error) {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("profiler: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) })
	log.Info("Starting profiler on " + shownAddress(address, listener))
	return func() { _ = server.Close(); done.Wait() }, nil
}
