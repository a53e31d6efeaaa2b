package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sync/errgroup"
)

// LOAD DATA reads a part of the rows from files of at most maxChunk rows, and
// at least minChunks of them, a transaction a file.
const (
	maxChunk  = 100_000
	minChunks = 4
)

// tables are those that an event ends up in.
var tables = []string{family, "raw_logs"}

// copyDatabase is where LOAD DATA on so many connections puts its rows.
func copyDatabase(connections int) string { return fmt.Sprintf("%s_copy%d", database, connections) }

// heights returns the highest id of each table, 0 where there is none.
func (b *single) heights(ctx context.Context) (map[string]int64, error) {
	heights := make(map[string]int64)
	for _, table := range tables {
		var exists int
		err := b.direct.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", database, table).Scan(&exists)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", table, err)
		}
		if exists == 0 {
			continue
		}
		var height int64
		if err := b.direct.QueryRowContext(ctx, fmt.Sprintf("SELECT COALESCE(MAX(id), 0) FROM `%s`.`%s`", database, table)).Scan(&height); err != nil {
			return nil, fmt.Errorf("table %s: %w", table, err)
		}
		heights[table] = height
	}
	return heights, nil
}

// loadSince writes the rows stored since to files, which is not measured, and
// loads those into tables of the same definition, which is, for each of
// loadConnections.
func (b *single) loadSince(ctx context.Context, since map[string]int64, rows int) (costs [len(loadConnections)]cost, err error) {
	defer b.removeOutfiles()
	size := min(maxChunk, (rows+minChunks-1)/minChunks)
	chunks := 0
	for _, table := range tables {
		n, err := b.unload(ctx, table, since[table], int64(size))
		if err != nil {
			return costs, err
		}
		chunks = max(chunks, n)
	}
	for i, connections := range loadConnections {
		if err := b.prepareCopy(ctx, connections); err != nil {
			return costs, err
		}
		costs[i], err = b.costOf(func() (int, error) { return rows, b.load(ctx, connections, chunks) })
		if err != nil {
			return costs, err
		}
		for _, table := range tables {
			if err := b.sameRows(ctx, table, copyDatabase(connections)); err != nil {
				return costs, err
			}
		}
	}
	return costs, nil
}

// prepareCopy creates the tables that LOAD DATA fills.
func (b *single) prepareCopy(ctx context.Context, connections int) error {
	name := copyDatabase(connections)
	statements := []string{"CREATE DATABASE IF NOT EXISTS " + name}
	for _, table := range tables {
		statements = append(statements, fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s.`%s` LIKE %s.`%[2]s`", name, table, database))
	}
	for _, statement := range statements {
		if _, err := b.direct.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("database %s: %w", name, err)
		}
	}
	return nil
}

// dropCopies gives the server's memory back to the tables that are read.
func (b *single) dropCopies(ctx context.Context) error {
	for _, connections := range loadConnections {
		if _, err := b.direct.ExecContext(ctx, "DROP DATABASE IF EXISTS "+copyDatabase(connections)); err != nil {
			return fmt.Errorf("database %s: %w", copyDatabase(connections), err)
		}
	}
	return nil
}

// unload writes the table's rows above the id to files of size ids each, and
// returns their number.
func (b *single) unload(ctx context.Context, table string, id, size int64) (chunks int, err error) {
	heights, err := b.heights(ctx)
	if err != nil {
		return 0, err
	}
	for ; id < heights[table]; id += size {
		_, err := b.direct.ExecContext(ctx, fmt.Sprintf("SELECT * FROM %s.`%s` WHERE id > %d AND id <= %d ORDER BY id INTO OUTFILE '%s' CHARACTER SET utf8mb4",
			database, table, id, id+size, b.outfile(table, chunks)))
		if err != nil {
			return 0, fmt.Errorf("table %s: %w", table, err)
		}
		chunks++
	}
	return chunks, nil
}

func (b *single) outfile(table string, chunk int) string {
	return filepath.Join(b.outfiles(), fmt.Sprintf("%s.%d", table, chunk))
}

func (b *single) removeOutfiles() {
	files, _ := filepath.Glob(filepath.Join(b.outfiles(), "*"))
	for _, f := range files {
		os.Remove(f)
	}
}

// load loads all files, on so many connections at once.
func (b *single) load(ctx context.Context, connections, chunks int) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(connections)
	for chunk := range chunks {
		group.Go(func() error { return b.loadChunk(ctx, copyDatabase(connections), chunk) })
	}
	return group.Wait()
}

// loadChunk loads the files of one number into their tables, in one
// transaction.
func (b *single) loadChunk(ctx context.Context, into string, chunk int) error {
	tx, err := b.direct.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("LOAD DATA: %w", err)
	}
	defer tx.Rollback()
	for _, table := range tables {
		if _, err := os.Stat(b.outfile(table, chunk)); os.IsNotExist(err) {
			continue // ids were left out in the other table
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("LOAD DATA INFILE '%s' INTO TABLE %s.`%s` CHARACTER SET utf8mb4",
			b.outfile(table, chunk), into, table))
		if err != nil {
			return fmt.Errorf("LOAD DATA: %w", err)
		}
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("LOAD DATA: %w", err)
	}
	return nil
}

// sameRows checks that a table and its copy hold the same ids, and in a quick
// run that all else is equal too.
func (b *single) sameRows(ctx context.Context, table, into string) error {
	query := "SELECT '', CONCAT_WS(' ', COUNT(*), MIN(id), MAX(id), SUM(id)) FROM %s.`%s`"
	if b.quick {
		query = "CHECKSUM TABLE %s.`%s`"
	}
	var sums [2]string
	for i, db := range []string{database, into} {
		var name string
		if err := b.direct.QueryRowContext(ctx, fmt.Sprintf(query, db, table)).Scan(&name, &sums[i]); err != nil {
			return fmt.Errorf("table %s: %w", table, err)
		}
	}
	if sums[0] != sums[1] {
		return fmt.Errorf("table %s: LOAD DATA stored other rows: %s, not %s", table, sums[1], sums[0])
	}
	return nil
}
