package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/kolide/databalancer/local"
)

// SPIDER stops a query of its own, whoever asks it to, only between the
// answers of the shards: so its connections there are closed. They have a
// user of their own by which they are found.
const spiderUser = "spider"

// spiderBound is how long a query may take there that takes one server so
// long: ten times that, and always some seconds.
func spiderBound(oracle time.Duration) time.Duration {
	return min(max(10*oracle, 3*time.Second), 20*time.Second)
}

// errBound is returned by a query that took too long.
var errBound = errors.New("took too long")

// spider is a server with tables of the SPIDER engine, which are links to the
// shards' tables.
type spider struct {
	db      *sql.DB
	shards  []*sql.DB
	version string
}

// startSpider starts SPIDER's server, unless it is not wanted or not
// installed.
func (s *scattered) startSpider(ctx context.Context) error {
	var plugins string
	if err := s.oracle.QueryRowContext(ctx, "SELECT @@plugin_dir").Scan(&plugins); err != nil {
		return fmt.Errorf("folder of the plugins: %w", err)
	}
	if _, err := os.Stat(filepath.Join(plugins, "ha_spider.so")); err != nil {
		s.noSpider = "not installed (Debian: mariadb-plugin-spider)"
	}
	if !s.bed.options.spider {
		s.noSpider = "not asked for"
	}
	if s.noSpider != "" {
		s.logf("SPIDER: %s", s.noSpider)
		return nil
	}
	s.spider = &spider{shards: s.shards}
	return s.spider.start(ctx, s)
}

func (p *spider) start(ctx context.Context, s *scattered) error {
	cluster, err := local.Start(ctx, local.Config{
		Dir: filepath.Join(s.dir, "spider"), Count: 1, Program: s.server, Logger: s.serverLog(),
		Args: append([]string{"--plugin-load-add=ha_spider"}, s.args...),
	})
	if err != nil {
		return err
	}
	s.opened.add(cluster.Close)
	if p.db, err = openDatabase(ctx, cluster.Sockets()[0]); err != nil {
		return err
	}
	s.opened.add(p.db.Close)
	for i, db := range s.shards {
		if err := p.reach(ctx, db, shardNames[i], s.cluster.Sockets()[i]); err != nil {
			return err
		}
	}
	if err := p.db.QueryRowContext(ctx, "SELECT PLUGIN_AUTH_VERSION FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'SPIDER'").Scan(&p.version); err != nil {
		return fmt.Errorf("SPIDER's version: %w", err)
	}
	return nil
}

// reach makes a shard known to SPIDER, and SPIDER's user to the shard.
func (p *spider) reach(ctx context.Context, shard *sql.DB, name, socket string) error {
	for _, statement := range []string{
		"CREATE USER " + spiderUser + "@localhost",
		"GRANT ALL ON *.* TO " + spiderUser + "@localhost", // it sets session variables and makes temporary tables
	} {
		if _, err := shard.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("SPIDER's user on shard %s: %w", name, err)
		}
	}
	_, err := p.db.ExecContext(ctx, fmt.Sprintf("CREATE SERVER %s FOREIGN DATA WRAPPER mysql OPTIONS (SOCKET '%s', USER '%s', DATABASE '%s')",
		name, socket, spiderUser, database))
	if err != nil {
		return fmt.Errorf("SPIDER's server %s: %w", name, err)
	}
	return nil
}

// link makes a table of SPIDER's that stands for the shard's.
func (p *spider) link(ctx context.Context, shard *sql.DB, table string, number int) error {
	var name, ddl string
	if err := shard.QueryRowContext(ctx, "SHOW CREATE TABLE "+table).Scan(&name, &ddl); err != nil {
		return fmt.Errorf("table %s: %w", table, err)
	}
	ddl = strings.Replace(ddl, "ENGINE=InnoDB", "ENGINE=SPIDER", 1) +
		fmt.Sprintf(` COMMENT='wrapper "mysql", srv "%s", table "%s"'`, shardNames[number], table)
	if _, err := p.db.ExecContext(ctx, ddl); err != nil {
		return fmt.Errorf("SPIDER's table %s: %w", table, err)
	}
	return nil
}

// linkSplit makes a table of SPIDER's whose partitions are the placements of a
// family, on the shards of the given names.
func (p *spider) linkSplit(ctx context.Context, ddl, table string, shards []string) error {
	var partitions []string
	for number, shard := range shards {
		bound := "MAXVALUE"
		if number < len(shards)-1 {
			bound = fmt.Sprintf("(%d)", placementIDs(number+1))
		}
		partitions = append(partitions, fmt.Sprintf(`PARTITION p%d VALUES LESS THAN %s COMMENT 'srv "%s"'`, number, bound, shard))
	}
	ddl = strings.Replace(ddl, "ENGINE=InnoDB", "ENGINE=SPIDER", 1) +
		fmt.Sprintf(` COMMENT='wrapper "mysql", table "%s"' PARTITION BY RANGE (id) (%s)`, table, strings.Join(partitions, ", "))
	if _, err := p.db.ExecContext(ctx, ddl); err != nil {
		return fmt.Errorf("SPIDER's table %s: %w", table, err)
	}
	return nil
}

// query runs a query. It stops it and returns errBound when it takes longer
// than the bound.
func (p *spider) query(ctx context.Context, query string, bound time.Duration) (answer, time.Duration, error) {
	type result struct {
		answer
		took time.Duration
		err  error
	}
	done := make(chan result, 1)
	go func() {
		a, took, err := ask(ctx, p.db, query)
		done <- result{a, took, err}
	}()
	select {
	case r := <-done:
		return r.answer, r.took, r.err
	case <-time.After(bound):
	}
	for {
		if err := p.disconnect(ctx); err != nil {
			return answer{}, 0, err
		}
		select {
		case <-done:
			return answer{}, bound, errBound
		case <-time.After(time.Second):
		}
	}
}

// disconnect closes SPIDER's connections on the shards.
func (p *spider) disconnect(ctx context.Context) error {
	for _, shard := range p.shards {
		if _, err := shard.ExecContext(ctx, "KILL USER "+spiderUser); err != nil {
			return fmt.Errorf("SPIDER's connections: %w", err)
		}
	}
	return nil
}
