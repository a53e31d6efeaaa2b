package resolve

import (
	"database/sql"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// everyTypeTables are the tables of everyType.
const everyTypeTables = `
CREATE TABLE logs (id BIGINT, n BIGINT, f DOUBLE, ok BOOLEAN, name LONGTEXT COLLATE utf8mb4_unicode_ci, at DATETIME(6), doc JSON);
CREATE TABLE r (price DECIMAL(10,2), single FLOAT, dbl DOUBLE(9,3), big INT UNSIGNED, word VARCHAR(20), en ENUM('a', 'b'), se SET('a', 'b'),
	uu UUID, i4 INET4, i6 INET6, raw VARBINARY(20), bits BIT(8), day DATE, clock TIME, year YEAR, js JSON)`

// storedTypes are the types of columns in which servers store a kind.
var storedTypes = map[tree.Kind][]string{
	tree.IntKind:   {"tinyint", "smallint", "mediumint", "int", "bigint"},
	tree.FloatKind: {"double"},
	tree.TextKind:  {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"},
	tree.TimeKind:  {"date", "datetime", "timestamp"},
}

// TestKindsOnServer has a server store what kind_test.go says has a kind.
func TestKindsOnServer(t *testing.T) {
	db := rulesServer(t, everyTypeTables)
	check := func(expr string, want tree.Kind) {
		if want <= tree.NullKind || want == tree.JSONKind {
			return
		}
		b := resolved(t, everyType, "SELECT "+expr+" FROM logs, r")
		text, err := tree.Restore(b.Node.(*ast.SelectStmt).Fields.Fields[0].Expr)
		if err != nil {
			t.Fatal(err)
		}
		if typ := storedAs(t, db, text); !slices.Contains(storedTypes[want], typ) {
			t.Errorf("%s is of kind %s, the server makes a column of type %s", expr, kindNames[want], typ)
		}
	}
	for _, c := range kindCases {
		check(c.expr, c.want)
	}
	for kind, calls := range functionCalls {
		for _, call := range calls {
			check(call, kind)
		}
	}
}

// rankTableTexts are the tables of rankTables, with a row each.
const rankTableTexts = `
CREATE TABLE logs (id BIGINT, n BIGINT, f DOUBLE, ok BOOLEAN, name LONGTEXT, host LONGTEXT, at DATETIME(6), doc JSON) COLLATE utf8mb4_unicode_ci;
INSERT INTO logs (id, ok) VALUES (1, 1);
CREATE TABLE r (id INT, price DECIMAL(10,2), dbl DOUBLE, word VARCHAR(20) COLLATE utf8mb4_general_ci, other VARCHAR(20) COLLATE utf8mb4_bin,
	en ENUM('a', 'b'), uu UUID, raw VARBINARY(20), clock TIME);
INSERT INTO r (id) VALUES (1)`

// TestRanksOnServer asks a server for the ranks, in a derived table that it
// stores, of what rank_test.go says may be stored: a column's, or none.
func TestRanksOnServer(t *testing.T) {
	db := rulesServer(t, rankTableTexts)
	for _, c := range rankCases {
		if !c.want {
			continue
		}
		var rank int
		if err := db.QueryRow("SELECT COERCIBILITY(x) FROM (SELECT " + c.expr + " AS x FROM logs, r GROUP BY logs.id) y").Scan(&rank); err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if rank != 2 && rank != 5 {
			t.Errorf("%s has the rank %d", c.expr, rank)
		}
	}
}

// rulesServer returns one connection to a database with the given tables.
func rulesServer(t *testing.T, tables string) *sql.DB {
	t.Helper()
	addr := localtest.Servers(t, 1)[0]
	db := localtest.Open(t, addr, localtest.Database(t, addr))
	db.SetMaxOpenConns(1)
	localtest.Exec(t, db, "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci")
	localtest.Exec(t, db, strings.Split(tables, ";\n")...)
	return db
}

// storedAs returns the type of a column made of an expression, without its
// length.
func storedAs(t *testing.T, db *sql.DB, expr string) string {
	t.Helper()
	localtest.Exec(t, db, "CREATE OR REPLACE TEMPORARY TABLE made AS SELECT "+expr+" AS x FROM logs, r LIMIT 0")
	typ := localtest.Rows(t, db, "SHOW COLUMNS FROM made")[0][1]
	short, _, _ := strings.Cut(typ, "(")
	return strings.Fields(short)[0]
}
