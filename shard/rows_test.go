package shard

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

func TestValuesAndTypes(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	small := "BIGINT" // of a short number
	if f.vendor(t) == server.MariaDB {
		small = "INT"
	}
	tests := []struct {
		expression string
		value      string
		kind       catalog.Type
		name       string
	}{
		{"1", "1", catalog.Int, small},
		{"-9223372036854775808", "-9223372036854775808", catalog.Int, "BIGINT"},
		{"CAST(18446744073709551615 AS UNSIGNED)", "18446744073709551615", catalog.Int, "BIGINT"},
		{"CAST('0.10' AS DECIMAL(30,20))", "0.10000000000000000000", catalog.Decimal, "DECIMAL"},
		{"99999999999999999999999999999999999.5", "99999999999999999999999999999999999.5", catalog.Decimal, "DECIMAL"},
		{"0.1e0", "0.1", catalog.Float, "DOUBLE"},
		{"1e0/3", "0.3333333333333333", catalog.Float, "DOUBLE"},
		{"1.7976931348623157e308", "1.7976931348623157e308", catalog.Float, "DOUBLE"},
		{"5e-324", "5e-324", catalog.Float, "DOUBLE"},
		{"-1e20", "-1e20", catalog.Float, "DOUBLE"},
		{"'a\\0é😀'", "a\x00é😀", catalog.Text, "VARCHAR"},
		{"''", "", catalog.Text, "VARCHAR"},
		{"CAST('x' AS CHAR(3))", "x", catalog.Text, "VARCHAR"},
		{"CAST(x'00ff' AS BINARY)", "\x00\xff", catalog.Bytes, "VARBINARY"},
		{"NULL", "NULL", "", "NULL"},
		{"DATE '2020-02-29'", "2020-02-29", catalog.Date, "DATE"},
		{"TIME '-838:59:59'", "-838:59:59", catalog.Time, "TIME"},
		{"TIMESTAMP '2020-01-02 03:04:05.678901'", "2020-01-02 03:04:05.678901", catalog.Timestamp, "DATETIME"},
	}
	for _, tt := range tests {
		rows, err := c.Query(t.Context(), "SELECT "+tt.expression+" AS v")
		if err != nil {
			t.Fatalf("%s: %v", tt.expression, err)
		}
		column := rows.Columns()[0]
		if column.Name != "v" || column.Type != tt.kind || column.DatabaseType != tt.name {
			t.Errorf("%s: got column %+v", tt.expression, column)
		}
		rows.Close()
		if got := texts(t, c, "SELECT "+tt.expression)[0][0]; got != tt.value {
			t.Errorf("%s: got %q", tt.expression, got)
		}
	}
}

type columnTest struct {
	declared string
	inserted string
	value    string
	want     ColumnType
}

// ownTypes are columns that servers send in ways of their own.
var ownTypes = map[server.Vendor][]columnTest{
	server.MariaDB: {
		{"DOUBLE(10,2) ZEROFILL", "7", "7.00", ColumnType{Type: catalog.Float, DatabaseType: "DOUBLE", Unsigned: true, Scale: 2, HasScale: true}},
		{"JSON", `'{"a": 1}'`, `{"a": 1}`, ColumnType{Type: catalog.Text, DatabaseType: "TEXT"}},
		{"INET4", "'127.0.0.1'", "127.0.0.1", ColumnType{Type: catalog.Text, DatabaseType: "CHAR"}},
	},
	server.MySQL: {
		{"DOUBLE(10,2) ZEROFILL", "7", "7.00", ColumnType{Type: catalog.Float, DatabaseType: "DOUBLE", Unsigned: true, Scale: 2, HasScale: true}},
		{"JSON", `'{"a": 1}'`, `{"a": 1}`, ColumnType{Type: catalog.JSON, DatabaseType: "JSON"}},
		{"VECTOR(1)", "TO_VECTOR('[1]')", "\x00\x00\x80?", ColumnType{Type: catalog.Bytes, DatabaseType: "VECTOR"}},
	},
	server.TiDB: {
		{"DOUBLE(10,2) ZEROFILL", "7", "7", ColumnType{Type: catalog.Float, DatabaseType: "DOUBLE", Unsigned: true, Scale: 2, HasScale: true}},
		{"JSON", `'{"a": 1}'`, `{"a": 1}`, ColumnType{Type: catalog.JSON, DatabaseType: "JSON"}},
		{"VECTOR(1)", "'[1]'", "[1]", ColumnType{Type: catalog.Text, DatabaseType: "LONGTEXT"}},
	},
}

func TestTableTypes(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	tests := []columnTest{
		{"TINYINT(1)", "1", "1", ColumnType{Type: catalog.Int, DatabaseType: "TINYINT"}},
		{"SMALLINT UNSIGNED", "65535", "65535", ColumnType{Type: catalog.Int, DatabaseType: "SMALLINT", Unsigned: true}},
		{"MEDIUMINT", "-1", "-1", ColumnType{Type: catalog.Int, DatabaseType: "MEDIUMINT"}},
		{"BIGINT UNSIGNED", "18446744073709551615", "18446744073709551615", ColumnType{Type: catalog.Int, DatabaseType: "BIGINT", Unsigned: true}},
		{"INT(8) ZEROFILL", "42", "42", ColumnType{Type: catalog.Int, DatabaseType: "INT", Unsigned: true}},
		{"INT(8) ZEROFILL", "0", "0", ColumnType{Type: catalog.Int, DatabaseType: "INT", Unsigned: true}},
		{"DECIMAL(8,2) ZEROFILL", "0.5", "0.50", ColumnType{Type: catalog.Decimal, DatabaseType: "DECIMAL", Unsigned: true, Scale: 2, HasScale: true}},
		{"DECIMAL(65,30)", "1.5", "1.500000000000000000000000000000", ColumnType{Type: catalog.Decimal, DatabaseType: "DECIMAL", Scale: 30, HasScale: true}},
		{"DECIMAL(5)", "12345", "12345", ColumnType{Type: catalog.Decimal, DatabaseType: "DECIMAL", HasScale: true}},
		{"FLOAT", "0.1", "0.1", ColumnType{Type: catalog.Float, DatabaseType: "FLOAT"}},
		{"DOUBLE", "0.1", "0.1", ColumnType{Type: catalog.Float, DatabaseType: "DOUBLE"}},
		{"CHAR(4)", "'é'", "é", ColumnType{Type: catalog.Text, DatabaseType: "CHAR"}},
		{"VARCHAR(4)", "'abcd'", "abcd", ColumnType{Type: catalog.Text, DatabaseType: "VARCHAR"}},
		{"LONGTEXT", "'x'", "x", ColumnType{Type: catalog.Text, DatabaseType: "TEXT"}},
		{"ENUM('a','b')", "'b'", "b", ColumnType{Type: catalog.Text, DatabaseType: "ENUM"}},
		{"SET('a','b')", "'a,b'", "a,b", ColumnType{Type: catalog.Text, DatabaseType: "SET"}},
		{"BINARY(2)", "x'00ff'", "\x00\xff", ColumnType{Type: catalog.Bytes, DatabaseType: "BINARY"}},
		{"VARBINARY(2)", "x'ff'", "\xff", ColumnType{Type: catalog.Bytes, DatabaseType: "VARBINARY"}},
		{"BLOB", "x'fe'", "\xfe", ColumnType{Type: catalog.Bytes, DatabaseType: "BLOB"}},
		{"BIT(9)", "b'100000001'", "\x01\x01", ColumnType{Type: catalog.Bit, DatabaseType: "BIT"}},
		{"DATE", "'0000-00-00'", "0000-00-00", ColumnType{Type: catalog.Date, DatabaseType: "DATE"}},
		{"TIME(3)", "'01:02:03.4'", "01:02:03.400", ColumnType{Type: catalog.Time, DatabaseType: "TIME", Scale: 3, HasScale: true}},
		{"YEAR", "0", "0000", ColumnType{Type: catalog.Year, DatabaseType: "YEAR"}},
		{"DATETIME(6)", "'2020-01-02 03:04:05.678901'", "2020-01-02 03:04:05.678901", ColumnType{Type: catalog.Timestamp, DatabaseType: "DATETIME", Scale: 6, HasScale: true}},
		{"TIMESTAMP", "'2020-01-02 03:04:05'", "2020-01-02 03:04:05", ColumnType{Type: catalog.Timestamp, DatabaseType: "TIMESTAMP", HasScale: true}},
	}
	tests = append(tests, ownTypes[f.vendor(t)]...)
	var declared, inserted []string
	for i, tt := range tests {
		declared = append(declared, fmt.Sprintf("c%d %s NULL", i, tt.declared))
		inserted = append(inserted, tt.inserted)
	}
	exec(t, sh, "CREATE TABLE x ("+strings.Join(declared, ", ")+")",
		"INSERT INTO x VALUES ("+strings.Join(inserted, ", ")+")", "INSERT INTO x () VALUES ()")
	c := open(t, sh)
	rows, err := c.Query(t.Context(), "SELECT * FROM x")
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range rows.Columns() {
		want := tests[i].want
		want.Name, want.Nullable, want.zerofill, want.wire = fmt.Sprintf("c%d", i), true, got.zerofill, got.wire
		if got != want {
			t.Errorf("%s: got %+v, want %+v", tests[i].declared, got, want)
		}
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	for i, v := range rows.Values() {
		if string(v) != tests[i].value {
			t.Errorf("%s: got %q, want %q", tests[i].declared, v, tests[i].value)
		}
	}
	if !rows.Next() || slices.ContainsFunc(rows.Values(), func(v []byte) bool { return v != nil }) {
		t.Errorf("a row of NULLs came out as %q", rows.Values())
	}
	rows.Close()
}

func TestConnIsReusedAfterServerErrors(t *testing.T) {
	f := newFixture(t, 1)
	sh := f.shard(t, "s0")
	c := open(t, sh)
	first := c.session
	_, err := c.Query(t.Context(), "SELECT * FROM missing")
	var server *ServerError
	if !errors.As(err, &server) || server.Number != 1146 || server.SQLState != "42S02" || server.Shard != "s0" {
		t.Fatalf("got %v", err)
	}
	// An error that comes with the rows.
	rows, err := c.Query(t.Context(), "SELECT (SELECT n UNION SELECT n + 1) FROM "+numbers(1))
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
	}
	if !errors.As(err, &server) || server.Number != 1242 {
		t.Fatalf("got %v", err)
	}
	if got := texts(t, c, "SELECT 1"); got[0][0] != "1" {
		t.Fatalf("got %v", got)
	}
	c.Close()
	if again := open(t, sh); again.session != first {
		t.Error("the connection was not kept")
	}
}

func TestStatementWithoutRows(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	rows, err := c.Query(t.Context(), "SET @x = 1")
	if err != nil || len(rows.Columns()) != 0 || rows.Next() || rows.Err() != nil {
		t.Fatalf("got %v", err)
	}
	if got := texts(t, c, "SELECT @x"); got[0][0] != "1" {
		t.Fatalf("got %v", got)
	}
}

func TestConnRefusesSecondStatement(t *testing.T) {
	f := newFixture(t, 1)
	c := open(t, f.shard(t, "s0"))
	rows, err := c.Query(t.Context(), "SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Query(t.Context(), "SELECT 2"); !errors.Is(err, errBusy) {
		t.Fatalf("got %v", err)
	}
	rows.Close()
	if got := texts(t, c, "SELECT 3"); got[0][0] != "3" {
		t.Fatalf("got %v", got)
	}
	c.Close()
	if _, err := c.Query(t.Context(), "SELECT 4"); !errors.Is(err, errDiscarded) {
		t.Fatalf("got %v", err)
	}
}
