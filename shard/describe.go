package shard

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/kolide/databalancer/catalog"
)

var systemDatabases = map[string]bool{
	"mysql":              true,
	"information_schema": true,
	"performance_schema": true,
	"sys":                true,
	"metrics_schema":     true, // TiDB
}

const (
	selectTableType = `
		SELECT table_type FROM information_schema.tables
		WHERE table_schema = ? AND table_name = ?`
	selectColumns = `
		SELECT column_name, data_type, is_nullable = 'YES'
		FROM information_schema.columns
		WHERE table_schema = ? AND table_name = ? AND extra NOT LIKE '%INVISIBLE%'
		ORDER BY ordinal_position`
	selectConstraints = `
		SELECT constraint_name, check_clause FROM information_schema.check_constraints
		WHERE constraint_schema = ? AND table_name = ?` // MariaDB's only
)

// Describe returns the columns of a base table that the query account may
// see, in their order, without the invisible ones; an empty database is ours.
// Errors: ErrSystemDatabase, ErrNoTable, ErrNotBaseTable.
func (sh *Shard) Describe(ctx context.Context, database, table string) ([]catalog.Column, error) {
	if database == "" {
		database = sh.cfg.Database
	}
	if systemDatabases[strings.ToLower(database)] {
		return nil, fmt.Errorf("shard %s: %s: %w", sh.Name(), database, ErrSystemDatabase)
	}
	if isReserved(table) {
		return nil, fmt.Errorf("shard %s: %s.%s: %w", sh.Name(), database, table, ErrNoTable)
	}
	if err := sh.checkBaseTable(ctx, database, table); err != nil {
		return nil, err
	}
	columns, err := sh.readColumns(ctx, database, table)
	if err != nil {
		return nil, sh.wrap(err)
	}
	if err := sh.markJSON(ctx, database, table, columns); err != nil {
		return nil, sh.wrap(err)
	}
	return columns, nil
}

func (sh *Shard) checkBaseTable(ctx context.Context, database, table string) error {
	var kind string
	err := sh.control.QueryRowContext(ctx, selectTableType, database, table).Scan(&kind)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return fmt.Errorf("shard %s: %s.%s: %w", sh.Name(), database, table, ErrNoTable)
	case err != nil:
		return sh.wrap(err)
	case kind != "BASE TABLE" && kind != "SYSTEM VERSIONED": // the latter is MariaDB's
		return fmt.Errorf("shard %s: %s.%s: %w but a %s",
			sh.Name(), database, table, ErrNotBaseTable, strings.ToLower(kind))
	}
	return nil
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
	server, err := sh.Server(ctx)
	if err != nil || server.Vendor != MariaDB {
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
			if c.DataType == "longtext" && c.Name == name && clause == "json_valid("+quote(name)+")" {
				c.Type = catalog.JSON
			}
		}
	}
	return rows.Err()
}
