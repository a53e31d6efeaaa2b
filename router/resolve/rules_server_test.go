package resolve

import (
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-sql-driver/mysql"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/router/tree"
	"github.com/kolide/databalancer/server"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// everyTypeTables are the tables of everyType.
const everyTypeTables = `
CREATE TABLE logs (id BIGINT, n BIGINT, f DOUBLE, ok BOOLEAN, name LONGTEXT COLLATE utf8mb4_unicode_ci, at DATETIME(6), doc JSON);
CREATE TABLE r (price DECIMAL(10,2), single FLOAT, dbl DOUBLE(9,3), big INT UNSIGNED, word VARCHAR(20), en ENUM('a', 'b'), se SET('a', 'b'),
	uu UUID, i4 INET4, i6 INET6, raw VARBINARY(20), bits BIT(8), day DATE, clock TIME, year YEAR, js JSON)`

// storedTypes are the types of columns in which servers store a kind.
var storedTypes = map[tree.Kind][]string{
	tree.IntKind:   {"tinyint", "smallint", "mediumint", "int", "bigint", "year"},
	tree.FloatKind: {"double"},
	tree.TextKind:  {"char", "varchar", "tinytext", "text", "mediumtext", "longtext"},
	tree.TimeKind:  {"date", "datetime", "timestamp"},
}

// mariaDBs are the columns of types that MariaDB alone has, as their
// definitions stand in the tables here.
var mariaDBs = strings.NewReplacer("uu UUID, ", "", "i4 INET4, ", "", "i6 INET6, ", "")

// lacking reports whether an error says that the server lacks a function, or
// the column of a type, that MariaDB has.
func lacking(err error) bool {
	var e *mysql.MySQLError
	return errors.As(err, &e) && (e.Number == 1305 || e.Number == 1064 || e.Number == 1054)
}

// TestKindsOnServer has a server store what kind_test.go says has a kind.
func TestKindsOnServer(t *testing.T) {
	db, info := rulesServer(t, everyTypeTables)
	tried := 0
	check := func(expr string, want tree.Kind) {
		if want <= tree.NullKind || want == tree.JSONKind {
			return
		}
		b := resolved(t, everyType, "SELECT "+expr+" FROM logs, r")
		text, err := tree.Restore(b.Node.(*ast.SelectStmt).Fields.Fields[0].Expr)
		if err != nil {
			t.Fatal(err)
		}
		tried++
		typ, err := typeOf(db, info, text)
		if err != nil && info.Vendor != server.MariaDB && lacking(err) {
			t.Logf("%s is not tried: %v", expr, err)
			tried--
		} else if err != nil {
			t.Errorf("%s: %v", expr, err)
		} else if !slices.Contains(storedTypes[want], typ) {
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
	if tried < 100 {
		t.Errorf("only %d expressions were tried", tried)
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
// stores, of what rank_test.go says may be stored: a column's, or a number's.
func TestRanksOnServer(t *testing.T) {
	db, info := rulesServer(t, rankTableTexts)
	number, err := strconv.Atoi(localtest.Rows(t, db, "SELECT COERCIBILITY(1)")[0][0])
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range rankCases {
		if !c.want {
			continue
		}
		// Of the two tables' ids, MySQL does not see which is meant.
		expr := strings.ReplaceAll(c.expr, "ORDER BY id", "ORDER BY logs.id")
		var rank int
		if err := db.QueryRow("SELECT COERCIBILITY(x) FROM (SELECT " + expr + " AS x FROM logs, r GROUP BY logs.id) y").Scan(&rank); err != nil && info.Vendor != server.MariaDB && lacking(err) {
			t.Logf("%s is not tried: %v", c.expr, err)
		} else if err != nil {
			t.Errorf("%s: %v", c.expr, err)
		} else if rank != 2 && rank != number {
			t.Errorf("%s has the rank %d", c.expr, rank)
		}
	}
}

// rulesServer returns one connection to a database with the given tables.
func rulesServer(t *testing.T, tables string) (*sql.DB, server.Info) {
	t.Helper()
	addr := localtest.Servers(t, 1)[0]
	db := localtest.Open(t, addr, localtest.Database(t, addr))
	db.SetMaxOpenConns(1)
	localtest.Exec(t, db, "SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci", "SET sql_mode = 'STRICT_TRANS_TABLES'")
	info := server.Parse(localtest.Rows(t, db, "SELECT VERSION()")[0][0])
	if info.Vendor != server.MariaDB {
		tables = mariaDBs.Replace(tables)
	}
	localtest.Exec(t, db, strings.Split(tables, ";\n")...)
	return db, info
}

// typeOf returns the type of a column in which the server stores an expression,
// or, where none can be made of a SELECT, that of the result.
func typeOf(db *sql.DB, info server.Info, expr string) (string, error) {
	if info.Gathers() {
		return storedAs(db, expr)
	}
	rows, err := db.Query("SELECT " + expr + " FROM logs, r LIMIT 0")
	if err != nil {
		return "", err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return "", err
	}
	return strings.ToLower(strings.TrimPrefix(types[0].DatabaseTypeName(), "UNSIGNED ")), nil
}

// storedAs returns the type of a column made of an expression, without its
// length.
func storedAs(db *sql.DB, expr string) (string, error) {
	if _, err := db.Exec("DROP TEMPORARY TABLE IF EXISTS made"); err != nil {
		return "", err
	}
	if _, err := db.Exec("CREATE TEMPORARY TABLE made AS SELECT " + expr + " AS x FROM logs, r LIMIT 0"); err != nil {
		return "", err
	}
	var field, typ string
	var null, key, value, extra sql.NullString
	if err := db.QueryRow("SHOW COLUMNS FROM made").Scan(&field, &typ, &null, &key, &value, &extra); err != nil {
		return "", err
	}
	short, _, _ := strings.Cut(typ, "(")
	return strings.Fields(short)[0], nil
}
