package store

import "github.com/kolide/databalancer/server"

// metaTable holds one row: the version of the schema, the catalog's identity,
// its own version, and when a process last claimed the refresh of sizes.
const metaTable = `CREATE TABLE IF NOT EXISTS meta (
	one TINYINT NOT NULL PRIMARY KEY,
	schema_version INT NOT NULL,
	identity VARCHAR(64) NOT NULL,
	version BIGINT NOT NULL,
	sized_at DATETIME(6) NOT NULL
)` + tableOptions

const tableOptions = ` ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin`

// migrations lead from each version of the schema to the next. A statement can
// be repeated: it does nothing when it was run before, or fails with
// server.DuplicateColumn. Released ones are never changed.
//
// Processes of earlier versions go on working while one is run, and after it:
// docs/catalog.md has the rule, and tests hold it by what is in
// testdata/upgrade.
var migrations = [][]string{{
	`CREATE TABLE IF NOT EXISTS shards (
		number INT NOT NULL PRIMARY KEY,
		name VARCHAR(255) NOT NULL,
		address VARCHAR(255) NOT NULL,
		identity VARCHAR(64) NOT NULL,
		state VARCHAR(16) NOT NULL,
		weight DOUBLE NOT NULL,
		bytes BIGINT NOT NULL DEFAULT 0,
		row_count BIGINT NOT NULL DEFAULT 0,
		placed INT NOT NULL DEFAULT 0,
		sized_at DATETIME(6) NULL,
		UNIQUE KEY name (name),
		UNIQUE KEY identity (identity)
	)` + tableOptions,
	`CREATE TABLE IF NOT EXISTS families (
		id BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
		name VARCHAR(255) NOT NULL,
		name_key VARCHAR(255) NOT NULL,
		state VARCHAR(16) NOT NULL,
		version BIGINT NOT NULL,
		UNIQUE KEY name_key (name_key),
		KEY version (version)
	)` + tableOptions,
	"CREATE TABLE IF NOT EXISTS `columns` (" + `
		family_id BIGINT NOT NULL,
		position INT NOT NULL,
		name VARCHAR(255) NOT NULL,
		name_key VARCHAR(255) NOT NULL,
		type VARCHAR(16) NOT NULL,
		grp INT NOT NULL,
		state VARCHAR(16) NOT NULL,
		PRIMARY KEY (family_id, position),
		UNIQUE KEY name_key (family_id, name_key)
	)` + tableOptions,
	`CREATE TABLE IF NOT EXISTS placements (
		family_id BIGINT NOT NULL,
		number INT NOT NULL,
		shard VARCHAR(255) NOT NULL,
		PRIMARY KEY (family_id, number)
	)` + tableOptions,
	"CREATE TABLE IF NOT EXISTS `tables` (" + `
		name_key VARCHAR(255) NOT NULL PRIMARY KEY,
		name VARCHAR(255) NOT NULL,
		shard VARCHAR(255) NOT NULL,
		db_name VARCHAR(255) NOT NULL,
		column_list LONGTEXT NOT NULL,
		version BIGINT NOT NULL,
		KEY version (version)
	)` + tableOptions,
}, {
	// The sizes of placements: of families, of raw_logs with the shards'
	// numbers, and of registered tables. The last two have the family 0.
	`CREATE TABLE IF NOT EXISTS sizes (
		name_key VARCHAR(255) NOT NULL,
		number INT NOT NULL,
		family_id BIGINT NOT NULL,
		row_count BIGINT NOT NULL,
		bytes BIGINT NOT NULL,
		version BIGINT NOT NULL,
		PRIMARY KEY (name_key, number),
		KEY version (version)
	)` + tableOptions,
}, {
	`ALTER TABLE placements ADD COLUMN state VARCHAR(16) NOT NULL DEFAULT '` + placementActive + `'`,
	`ALTER TABLE shards ADD COLUMN since DATETIME(6) NOT NULL DEFAULT '1970-01-01 00:00:00'`,
	// An index's columns are their positions, with commas.
	"CREATE TABLE IF NOT EXISTS `indexes` (" + `
		family_id BIGINT NOT NULL,
		column_list VARCHAR(255) NOT NULL,
		state VARCHAR(16) NOT NULL,
		PRIMARY KEY (family_id, column_list)
	)` + tableOptions,
}, {
	// The collation of sessions and of new families: the server's default for
	// utf8mb4 when the catalog had no shard yet, else what it was before.
	`ALTER TABLE meta ADD COLUMN collation VARCHAR(64) NOT NULL DEFAULT '` + server.Collation + `'`,
	`UPDATE meta SET collation = COLLATION(CONVERT('' USING utf8mb4)) WHERE one = 1 AND NOT EXISTS (SELECT 1 FROM shards)`,
}, {
	// Shadows of families' columns: of a text, whose bucket is empty, or of a
	// timestamp.
	`CREATE TABLE IF NOT EXISTS shadows (
		family_id BIGINT NOT NULL,
		position INT NOT NULL,
		bucket VARCHAR(16) NOT NULL,
		state VARCHAR(16) NOT NULL,
		PRIMARY KEY (family_id, position, bucket)
	)` + tableOptions,
	// The processes that are running. Processes of earlier versions have no row.
	`CREATE TABLE IF NOT EXISTS processes (
		id VARCHAR(64) NOT NULL PRIMARY KEY,
		started DATETIME(6) NOT NULL,
		heartbeat DATETIME(6) NOT NULL
	)` + tableOptions,
}}
