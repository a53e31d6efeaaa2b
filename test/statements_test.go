package test

import (
	"database/sql"
	"go/ast"
	"go/constant"
	"go/token"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/test/harness"
)

// speakers are the packages that make statements. Those that only some servers
// are told have a method of package server, whose tests run them.
var speakers = []string{"./catalog/store", "./shard", "./ingest/...", "./proxy", "./proxy/gather", "./cmd/databalancer"}

// rest completes the texts that only begin a statement: "…" stands for the
// text, and each line is one of the statements that it begins. The empty rest
// is of a text whose statements are made of the client's, or of a family's
// fields; the package's own tests run those on each server.
var rest = map[string]string{
	"SELECT f.id, f.name, f.state, f.version FROM families f WHERE ":                                                                    "…f.version > ?\n…f.id IN (?)",
	"SELECT c.family_id, c.position, c.name, c.type, c.grp, c.state FROM `columns` c\n\t\tJOIN families f ON f.id = c.family_id WHERE ": "…f.version > ? ORDER BY c.family_id, c.position",
	"SELECT x.family_id, x.column_list, x.state FROM `indexes` x JOIN families f ON f.id = x.family_id WHERE ":                          "…f.version > ?",
	"SELECT p.family_id, p.number, p.shard, p.state FROM placements p JOIN families f ON f.id = p.family_id\n\t\tWHERE ":                "…f.version > ?",
	"SELECT s.family_id, s.position, s.bucket, s.state FROM shadows s JOIN families f ON f.id = s.family_id\n\t\tWHERE ":                "…f.version > ?",
	"SELECT 1 FROM ":                     "…databalancer_shard LIMIT 1",
	"SELECT f.id FROM families f WHERE ": "…f.name_key = ? FOR UPDATE\n…f.id = ?",
	"INSERT INTO `columns` (family_id, position, name, name_key, type, grp, state) VALUES ": "…(?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?)",
	"REPLACE INTO sizes (name_key, number, family_id, row_count, bytes, version) VALUES ":   "…(?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?)",
	"DELETE FROM raw_logs WHERE id IN (":                                                    "…1, 2)",
	"SELECT GET_LOCK('%s', %d)":                                                             "SELECT GET_LOCK('databalancer.test', 0)",
	"DO RELEASE_LOCK('%s')":                                                                 "DO RELEASE_LOCK('databalancer.test')",
	"SET lock_wait_timeout = ":                                                              "…50",
	"ALTER TABLE %s AUTO_INCREMENT = %d":                                                    "ALTER TABLE raw_logs AUTO_INCREMENT = 1",
	"SELECT identity, name, catalog_identity, ready FROM ":                                  "…databalancer_shard WHERE id = 1",
	"CREATE DATABASE IF NOT EXISTS ":                                                        "…`databalancer` CHARACTER SET utf8mb4",
	"INSERT IGNORE INTO ":                                                                   "…databalancer_shard SELECT * FROM databalancer_shard",
	"SET SESSION timestamp = ":                                                              "…1700000000.123456",
	"SET timestamp = ":                                                                      "…1700000000.123456",
	"CREATE TABLE IF NOT EXISTS ":                                                           "",
	"ALTER TABLE ":                                                                          "",
	"RENAME TABLE ":                                                                         "",
	"DROP TABLE IF EXISTS ":                                                                 "",
	"UPDATE ":                                                                               "",
	"INSERT INTO ":                                                                          "",
	"SET NAMES utf8mb4 COLLATE ":                                                            "…utf8mb4_bin",
	"SELECT * FROM ":                                                                        "",
	"SELECT * FROM (":                                                                       "",
	"SELECT ":                                                                               "",
	"CREATE TEMPORARY TABLE ":                                                               "",
	"SET SESSION ":                                                                          "",
	"SHOW CREATE TABLE ":                                                                    "",
}

// unsaid are the constant statements that some servers are never told.
var unsaid = map[string]func(server.Info) bool{
	"SET SESSION TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ": onlyWrites,
	"SET TRANSACTION READ ONLY":                             onlyWrites,
	"START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY": onlyWrites,
}

func onlyWrites(s server.Info) bool { return !s.ReadOnlySessions() }

// TestConstantStatements has the server prepare, or run where it can't, every
// statement that the program's source holds, so that none needs a function,
// a variable or a clause that a server lacks.
func TestConstantStatements(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 1)
	harness.Start(t, flags...)
	shard := localtest.Open(t, addresses[0], database)
	catalog := localtest.Open(t, addresses[0], database+"_catalog")
	shard.SetMaxIdleConns(0) // each statement has a session of its own
	catalog.SetMaxIdleConns(0)
	info := server.Parse(localtest.Value[string](t, shard, "SELECT VERSION()"))

	found := constantStatements(t)
	if len(found) < 80 {
		t.Errorf("only %d statements were found", len(found))
	}
	for text, place := range found {
		if never := unsaid[text]; never != nil && never(info) {
			continue
		}
		for _, statement := range complete(text) {
			// It is either a shard's or the catalog's.
			if err := understood(shard, statement); err != nil {
				if inCatalog := understood(catalog, statement); inCatalog != nil {
					t.Errorf("%s: %v; in the catalog: %v\n%s", place, err, inCatalog, statement)
				}
			}
		}
	}
	for text := range rest {
		if _, is := found[text]; !is {
			t.Errorf("no statement begins with %q", text)
		}
	}
}

// understood has a server prepare a statement. Settings, and what can't be
// prepared, are run.
func understood(db *sql.DB, statement string) error {
	if verb, _, _ := strings.Cut(statement, " "); verb == "SET" || verb == "START" {
		_, err := db.Exec(statement)
		return err
	}
	prepared, err := db.Prepare(statement)
	if server.Number(err) == cannotPrepare {
		_, err = db.Exec(statement)
		return err
	}
	if err != nil {
		return err
	}
	return prepared.Close()
}

const cannotPrepare = 1295 // "not supported in the prepared statement protocol yet"

// complete returns the statements that a text is, or begins.
func complete(text string) []string {
	completions, begins := rest[text]
	switch {
	case !begins:
		return []string{text}
	case completions == "":
		return nil
	}
	var statements []string
	for line := range strings.SplitSeq(completions, "\n") {
		statements = append(statements, strings.Replace(line, "…", text, 1))
	}
	return statements
}

// constantStatements returns the constant texts that a statement begins with,
// each as long as it is constant, and where it stands.
func constantStatements(t *testing.T) map[string]token.Position {
	t.Helper()
	loaded, err := packages.Load(&packages.Config{Dir: "..",
		Mode: packages.NeedName | packages.NeedSyntax | packages.NeedImports | packages.NeedTypes | packages.NeedTypesInfo}, speakers...)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]token.Position)
	for _, p := range loaded {
		for _, err := range p.Errors {
			t.Fatal(err)
		}
		for _, file := range p.Syntax {
			ast.Inspect(file, func(n ast.Node) bool {
				e, is := n.(ast.Expr)
				if !is {
					return true
				}
				value := p.TypesInfo.Types[e].Value
				if value == nil || value.Kind() != constant.String {
					return true
				}
				if text := constant.StringVal(value); beginsStatement(text) {
					found[text] = p.Fset.Position(e.Pos())
				}
				return false
			})
		}
	}
	return found
}

var verbs = []string{"ALTER", "COMMIT", "CREATE", "DELETE", "DO", "DROP", "INSERT", "KILL", "LOAD", "LOCK", "RENAME",
	"REPLACE", "ROLLBACK", "SELECT", "SET", "SHOW", "START", "UPDATE", "WITH"}

func beginsStatement(text string) bool {
	verb, after, _ := strings.Cut(text, " ")
	return slices.Contains(verbs, verb) && (after != "" || strings.HasSuffix(text, " ") || verb == "COMMIT" || verb == "ROLLBACK")
}
