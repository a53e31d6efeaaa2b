package shard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

var systemDatabases = map[string]bool{
	"mysql":              true,
	"information_schema": true,
	"performance_schema": true,
	"sys":                true,
	"metrics_schema":     true, // TiDB
}

const (
	selectTables = `
		SELECT table_name, table_type FROM information_schema.tables
		WHERE table_schema = ? AND LOWER(table_name) = LOWER(?)`
	countOwnTables = `
		SELECT COUNT(*) FROM information_schema.tables
		WHERE table_schema IN (?, ?) AND table_name = '` + identityTable + `'`
	selectColumns = `
		SELECT column_name, data_type, is_nullable = 'YES'
		FROM information_schema.columns
		WHERE table_schema = ? AND table_name = ? AND extra NOT LIKE '%INVISIBLE%'
		ORDER BY ordinal_position`
	selectConstraints = `
		SELECT constraint_name, check_clause FROM information_schema.check_constraints
		WHERE constraint_schema = ? AND table_name = ?` // MariaDB's only
)

// Describe returns the name of a base table that the query account may see, as
// the server spells it, and its columns, in their order, without the invisible
// ones. An empty database is ours. The table is the one of exactly that name,
// or else the only one whose name differs in case alone. Errors:
// ErrSystemDatabase, ErrOwnDatabase, ErrNoTable, ErrNotBaseTable.
func (sh *Shard) Describe(ctx context.Context, database, table string) (name string, columns []catalog.Column, err error) {
	if database == "" {
		database = sh.cfg.Database
	}
	if err := sh.checkDatabase(ctx, database); err != nil {
		return "", nil, err
	}
	if catalog.IsReserved(table) {
		return "", nil, fmt.Errorf("shard %s: %s.%s: %w", sh.Name(), database, table, ErrNoTable)
	}
	if name, err = sh.findBaseTable(ctx, database, table); err != nil {
		return "", nil, err
	}
	if columns, err = sh.readColumns(ctx, database, name); err != nil {
		return "", nil, sh.wrap(err)
	}
	if err := sh.markJSON(ctx, database, name, columns); err != nil {
		return "", nil, sh.wrap(err)
	}
	return name, columns, nil
}

// checkDatabase refuses the servers' own databases, and those that are ours or
// another databalancer's: shards' databases but this shard's, and catalogs',
// which are known by their names. The account for writing sees more of them
// than the one for queries.
func (sh *Shard) checkDatabase(ctx context.Context, database string) error {
	own := sh.cfg.Database
	switch {
	case systemDatabases[strings.ToLower(database)]:
		return fmt.Errorf("shard %s: %s: %w", sh.Name(), database, ErrSystemDatabase)
	case database == own:
		return nil
	case strings.EqualFold(database, own+catalog.DatabaseSuffix):
		return fmt.Errorf("shard %s: %s: %w", sh.Name(), database, ErrOwnDatabase)
	}
	var n int
	shards := strings.TrimSuffix(database, catalog.DatabaseSuffix)
	if err := sh.write.QueryRowContext(ctx, countOwnTables, database, shards).Scan(&n); err != nil {
		return sh.wrap(err)
	}
	if n > 0 {
		return fmt.Errorf("shard %s: %s: %w", sh.Name(), database, ErrOwnDatabase)
	}
	return nil
}

// findBaseTable returns the table's name as the server spells it.
func (sh *Shard) findBaseTable(ctx context.Context, database, table string) (string, error) {
	name, kind, err := sh.findTable(ctx, database, table)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", fmt.Errorf("shard %s: %s.%s: %w", sh.Name(), database, table, ErrNoTable)
	case err != nil:
		return "", sh.wrap(err)
	case kind != "BASE TABLE" && kind != "SYSTEM VERSIONED": // the latter is MariaDB's
		return "", fmt.Errorf("shard %s: %s.%s: %w but a %s",
			sh.Name(), database, table, ErrNotBaseTable, strings.ToLower(kind))
	}
	return name, nil
}

// findTable returns sql.ErrNoRows unless it finds one table.
func (sh *Shard) findTable(ctx context.Context, database, table string) (name, kind string, err error) {
	rows, err := sh.control.QueryContext(ctx, selectTables, database, table)
	if err != nil {
		return "", "", err
	}
	defer rows.Close()
	matches := 0
	for rows.Next() {
		var n, k string
		if err := rows.Scan(&n, &k); err != nil {
			return "", "", err
		}
		switch {
		case n == table:
			return n, k, nil
		case strings.EqualFold(n, table): // the server may also take é for e
			name, kind = n, k
			matches++
		}
	}
	if err := rows.Err(); err != nil || matches == 1 {
		return name, kind, err
	}
	return "", "", sql.ErrNoRows
}

func (sh *Shard) readColumns(ctx context.Context, database, table string) ([]catalog.Column, error) {
	rows, err := sh.control.QueryContext(ctx, selectColumns, database, table)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var columns []catalog.Column
	for rows.Next() {
		c := catalog.Column{Position: len(columns)}
		if err := rows.Scan(&c.Name, &c.DataType, &c.Nullable); err != nil {
			return nil, err
		}
		c.DataType = strings.ToLower(c.DataType)
		c.Type = dataTypes[c.DataType]
		if c.Type == "" {
			c.Type = catalog.Bytes // what it is, only the server knows
		}
		columns = append(columns, c)
	}
	return columns, rows.Err()
}

// dataTypes are the types by MySQL's names, as information_schema has them.
var dataTypes = map[string]catalog.Type{
	"tinyint": catalog.Int, "smallint": catalog.Int, "mediumint": catalog.Int,
	"int": catalog.Int, "bigint": catalog.Int,
	"decimal": catalog.Decimal,
	"float":   catalog.Float, "double": catalog.Float,
	"char": catalog.Text, "varchar": catalog.Text,
	"tinytext": catalog.Text, "text": catalog.Text,
	"mediumtext": catalog.Text, "longtext": catalog.Text,
	"enum": catalog.Text, "set": catalog.Text,
	"uuid": catalog.Text, "inet4": catalog.Text, "inet6": catalog.Text, // MariaDB
	"binary": catalog.Bytes, "varbinary": catalog.Bytes,
	"tinyblob": catalog.Bytes, "blob": catalog.Bytes,
	"mediumblob": catalog.Bytes, "longblob": catalog.Bytes,
	"json": catalog.JSON,
	"bit":  catalog.Bit,
	"date": catalog.Date, "time": catalog.Time, "year": catalog.Year,
	"datetime": catalog.Timestamp, "timestamp": catalog.Timestamp,
}

// markJSON finds MariaDB's JSON columns: a JSON column there is a LONGTEXT
// with a constraint that bears its name.
func (sh *Shard) markJSON(ctx context.Context, database, table string, columns []catalog.Column) error {
	info, err := sh.Server(ctx)
	if err != nil || !info.JSONIsText() {
		return err
	}
	rows, err := sh.control.QueryContext(ctx, selectConstraints, database, table)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name, clause string
		if err := rows.Scan(&name, &clause); err != nil {
			return err
		}
		for i := range columns {
			c := &columns[i]
			if c.DataType == "longtext" && c.Name == name && clause == "json_valid("+server.QuoteName(name)+")" {
				c.Type = catalog.JSON
			}
		}
	}
	return rows.Err()
}
