package gather

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
	"github.com/kolide/databalancer/shard"
)

// everyType holds each type with the values that are hardest to move. Each
// column has NULL as well.
var everyType = []struct {
	declared string
	values   []string
}{
	{"TINYINT", []string{"-128", "127", "0"}},
	{"BOOLEAN", []string{"0", "1", "7"}},
	{"TINYINT(3) UNSIGNED ZEROFILL", []string{"0", "7", "255"}},
	{"SMALLINT UNSIGNED", []string{"0", "65535"}},
	{"MEDIUMINT", []string{"-8388608", "8388607"}},
	{"INT", []string{"-2147483648", "2147483647"}},
	{"BIGINT", []string{"-9223372036854775808", "9223372036854775807"}},
	{"BIGINT UNSIGNED", []string{"18446744073709551615", "9223372036854775808", "0"}},
	{"DECIMAL(65,30)", []string{"99999999999999999999999999999999999.999999999999999999999999999999", "-0.000000000000000000000000000001", "0"}},
	{"DECIMAL(65,0)", []string{strings.Repeat("9", 65), "-" + strings.Repeat("9", 65)}},
	{"DECIMAL(10,4) UNSIGNED ZEROFILL", []string{"0.5", "999999.9999"}},
	{"FLOAT", []string{"0.1", "'-0'", "3.40282e38", "1.17549435e-38", "16777217", "1e-45", "123456.789"}},
	{"FLOAT(10,3)", []string{"0.1", "1234567.891"}},
	{"DOUBLE", []string{"0.1", "'-0'", "1.7976931348623157e308", "2.2250738585072014e-308", "4.9406564584124654e-324", "9007199254740993", "1e22", "123456789012345.67"}},
	{"DOUBLE(20,5)", []string{"0.1", "123456789012345.67891", "-1.5"}},
	{"DOUBLE UNSIGNED", []string{"0.1", "1e300"}},
	{"BIT(1)", []string{"b'0'", "b'1'"}},
	{"BIT(9)", []string{"b'101010101'", "39", "92"}},
	{"BIT(64)", []string{"18446744073709551615", "0"}},
	{"CHAR(5) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", []string{"'a  '", "''", "'ab😀'", `'\\\''`}},
	{"VARCHAR(20) COLLATE utf8mb4_bin", []string{"'a  '", "' '", "''", `'a\0b\nc\r\Z"''\\'`, "'NULL'"}},
	{"VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_nopad_ci", []string{"'a'", "'a '"}},
	{"VARCHAR(300) CHARACTER SET latin1 COLLATE latin1_german2_ci", []string{allBytes("latin1", 0, 256)}},
	{"VARCHAR(300) CHARACTER SET cp1251", []string{allBytes("cp1251", 0, 256)}},
	{"VARCHAR(200) CHARACTER SET ascii", []string{allBytes("ascii", 0, 128)}},
	{"VARCHAR(20) CHARACTER SET sjis", []string{"_sjis 0x835C5C82A0", "_sjis 0x5C7E"}},
	{"VARCHAR(20) CHARACTER SET cp932", []string{"_cp932 0x8754", "_cp932 0xFA4A", "_cp932 0x81CA", "_cp932 0xEEF9"}},
	{"VARCHAR(20) CHARACTER SET gbk", []string{"_gbk 0xBF5C27", "_gbk 0xA1A4"}},
	{"VARCHAR(20) CHARACTER SET big5", []string{"_big5 0xA55C", "_big5 0xA15A"}},
	{"VARCHAR(20) CHARACTER SET utf8mb3", []string{"'é'", "''"}},
	{"VARCHAR(20) CHARACTER SET ucs2 COLLATE ucs2_spanish_ci", []string{"'é'", "_ucs2 0x00270022"}},
	{"VARCHAR(20) CHARACTER SET utf16", []string{"'😀é'", "'\\''"}},
	{"VARCHAR(20) CHARACTER SET utf32", []string{"'😀é'"}},
	{"TINYTEXT", []string{"'x'", "REPEAT('é', 127)"}},
	{"TEXT CHARACTER SET latin1", []string{"'é'", allBytes("latin1", 0, 256)}},
	{"MEDIUMTEXT", []string{"REPEAT('é', 70000)"}},
	{"LONGTEXT", []string{"''", "' x '", "REPEAT('abc''', 200000)", "'línea\r\n'"}},
	{"JSON", []string{`'{"a": [1, 2.50, "x\\u0041", null]}'`, "'1'", `'"it''s"'`}},
	{"BINARY(3)", []string{"''", "0x00", "0x610000", "0xffffff"}},
	{"VARBINARY(300)", []string{"''", "0x00", allBytes("binary", 0, 256)}},
	{"TINYBLOB", []string{"0x00ff27"}},
	{"LONGBLOB", []string{"''", "REPEAT(0x00275cff, 8000)"}},
	{"DATE", []string{"'0000-00-00'", "'2024-00-10'", "'2024-02-31'", "'9999-12-31'", "'0000-01-01'"}},
	{"DATETIME", []string{"'0000-00-00 00:00:00'", "'2024-02-31 23:59:59'", "'9999-12-31 23:59:59'"}},
	{"DATETIME(6)", []string{"'2024-01-02 03:04:05.000006'", "'1000-01-01 00:00:00.999999'", "'2024-10-00 00:00:00'"}},
	{"TIMESTAMP NULL", []string{"'0000-00-00 00:00:00'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"}},
	{"TIMESTAMP(3) NULL", []string{"'2024-03-31 02:30:00.123'"}},
	{"TIME", []string{"'-838:59:59'", "'838:59:59'", "'00:00:00'"}},
	{"TIME(6)", []string{"'-838:59:59.999999'", "'-00:00:00.000001'"}},
	{"YEAR", []string{"0", "1901", "2155", "1999"}},
	{"ENUM('1', '', 'a,b', 'it''s', '0', 'é')", []string{"1", "2", "3", "4", "5", "6", "0"}},
	{"ENUM('é', 'x') CHARACTER SET latin1 COLLATE latin1_general_ci", []string{"1", "2"}},
	{"SET('a', 'b', '1', 'é')", []string{"0", "1", "15", "8"}},
	{"SET(" + members(64) + ")", []string{"18446744073709551615", "9223372036854775808", "9007199254740993"}},
	{"UUID", []string{"'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-ffff-ffff-fffffffffffe'"}},
	{"INET4", []string{"'255.255.255.255'", "'0.0.0.0'"}},
	{"INET6", []string{"'::'", "'::ffff:1.2.3.4'", "'2001:db8::ff00:42:8329'"}},
	{"GEOMETRY", []string{"ST_GeomFromText('POINT(1 2)', 4326)", "ST_GeomFromText('GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1e300 -1e-300))')"}},
	{"POINT", []string{"ST_GeomFromText('POINT(0.1 -0.1)', 4326)"}},
	{"MULTIPOLYGON", []string{"ST_GeomFromText('MULTIPOLYGON(((0 0,0 3,3 3,3 0,0 0),(1 1,1 2,2 2,2 1,1 1)))')"}},
}

// allBytes is a literal of the bytes from first to below end.
func allBytes(charset string, first, end int) string {
	var b strings.Builder
	for c := first; c < end; c++ {
		fmt.Fprintf(&b, "%02x", c)
	}
	return "_" + charset + " 0x" + b.String()
}

func members(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("'m%d'", i))
	}
	return strings.Join(list, ", ")
}

// TestEveryType ships a table with every type, and finds on the home shard
// the same columns with the same bytes.
func TestEveryType(t *testing.T) {
	f := newFixture(t, 2)
	db := localtest.Open(t, f.Addresses[1], f.Database, "sql_mode='ALLOW_INVALID_DATES'")
	for i, tt := range everyType {
		t.Run(tt.declared[:min(len(tt.declared), 40)], func(t *testing.T) {
			table := fmt.Sprintf("x%d", i)
			create := fmt.Sprintf("CREATE TABLE %s (n INT NOT NULL, v %s, w %s) CHARACTER SET latin1 COLLATE latin1_general_ci", table, tt.declared, notNull(tt.declared))
			if _, err := db.Exec(create); server.Number(err) == 1064 || server.Number(err) == 1273 { // syntax, collation
				t.Skip("the server has no such type: ", err)
			}
			for n, v := range tt.values {
				localtest.Exec(t, db, fmt.Sprintf("INSERT INTO %s VALUES (%d, %s, %s)", table, n, v, v))
			}
			localtest.Exec(t, db, fmt.Sprintf("INSERT INTO %s SELECT 1000, NULL, w FROM %s WHERE n = 0", table, table))
			compareShipped(t, f, table, tt.declared)
		})
	}
	f.left(t, "test")
}

func notNull(declared string) string {
	return strings.TrimSuffix(declared, " NULL") + " NOT NULL"
}

// compareShipped ships a table of s1 to s0, and compares what the two say of
// all rows, as text and in hexadecimal digits, and how the columns are
// declared.
func compareShipped(t *testing.T, f *fixture, table, declared string) {
	t.Helper()
	json := strings.HasPrefix(declared, "JSON")
	values := "SELECT n, v, w, HEX(v) AS hv, HEX(w) AS hw, v = w AS same, LENGTH(v) AS l, COALESCE(v, 'none') AS c FROM %s ORDER BY n"
	if strings.HasPrefix(declared, "BIT") { // whose bytes are no answer
		values = strings.NewReplacer("n, v, w", "n, v + 0, w + 0", "COALESCE(v", "COALESCE(v + 0").Replace(values)
	}
	short := "SELECT n, v, w, v = w AS same, LENGTH(v) AS l, MIN(w) AS m FROM %s GROUP BY n, v, w ORDER BY n"
	if strings.HasPrefix(declared, "BIT") {
		short = strings.NewReplacer("n, v, w,", "n, v + 0, w + 0,", "MIN(w)", "MIN(w + 0)").Replace(short)
	}
	if forms[strings.ToLower(declared)] == octets && !strings.HasSuffix(declared, "BLOB") { // MySQL's MIN refuses shapes
		short = strings.Replace(short, "MIN(w)", "COUNT(w)", 1)
	}
	for i, keys := range [][]string{nil, {"v"}, {"n", "w,n"}, {"v"}, {"w,n"}, nil} {
		if i == 3 { // from here on texts may be declared as short as they are
			values = short
		}
		step := shipping("s1", "t1", "SELECT n, v, w FROM "+table, keys...)
		if json {
			step.Ship.JSON = []string{"v", "w"}
		}
		got, err := f.run(t, gathering("s0", fmt.Sprintf(values, "t1"), step))
		if err != nil {
			t.Fatal(err)
		}
		want, err := f.run(t, gathering("s1", fmt.Sprintf(values, table)))
		if err != nil {
			t.Fatal(err)
		}
		if len(want.rows) < 2 || !slices.Equal(got.rows, want.rows) {
			for i := range min(len(got.rows), len(want.rows)) {
				if got.rows[i] != want.rows[i] {
					t.Errorf("keys %v: got\n%.300q, want\n%.300q", keys, got.rows[i], want.rows[i])
				}
			}
			t.Fatalf("keys %v: got %d rows, want %d", keys, len(got.rows), len(want.rows))
		}
		if keys == nil && !slices.EqualFunc(got.columns, want.columns, alikeColumns) {
			t.Errorf("got the columns %v, want %v", got.columns, want.columns)
		}
	}
	step := shipping("s1", "t1", "SELECT n, v, w FROM "+table)
	if json {
		step.Ship.JSON = []string{"v", "w"}
	}
	// A narrower declaration is for lookups alone: JSON_ARRAY forbids it.
	got, err := f.run(t, gathering("s0", "SELECT JSON_ARRAY(1)", step))
	if err != nil || len(got.rows) != 1 {
		t.Fatal(err)
	}
	if got, want := f.declared(t, 1, "shape", table), f.declared(t, 1, "SHOW", table); got != want {
		t.Errorf("declared as %s, want %s", got, want)
	}
}

// alikeColumns reports whether clients are told the same of two columns.
func alikeColumns(a, b shard.ColumnType) bool { return a.Name == b.Name && a.Type == b.Type }

// declared returns how two columns are declared: as SHOW CREATE TABLE has it,
// or as the table at home is made.
func (f *fixture) declared(t *testing.T, number int, how, table string) string {
	t.Helper()
	var name, text string
	db := f.DB(t, number)
	if how == "SHOW" {
		if err := db.QueryRow("SHOW CREATE TABLE "+table).Scan(&name, &text); err != nil {
			t.Fatal(err)
		}
		return canonical(text)
	}
	conn, err := db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	sh, err := f.Set.Shard("s1")
	if err != nil {
		t.Fatal(err)
	}
	shape := f.shapes.get(shapeKey{shard: sh.Name(), statement: "SELECT n, v, w FROM " + table + " LIMIT 0"})
	columns := []column(nil)
	if shape != nil {
		columns = shape.columns
	} else { // of an ENUM or SET
		conn, err := sh.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		defer conn.Discard()
		s := newSession(sh, tag("probe"))
		s.conn = conn
		if !conn.Server().LiftsReadOnly() {
			if err := s.set(t.Context(), "SET SESSION "+conn.Server().MayWrite()); err != nil {
				t.Fatal(err)
			}
		}
		shape, err := probe(t.Context(), s, conn.Server(), "SELECT n, v, w FROM "+table+" LIMIT 0", shapeKey{}, "p")
		if err != nil {
			t.Fatal(err)
		}
		columns = shape.columns
	}
	plan := design{columns: columns, engine: "InnoDB"}
	localtest.Exec(t, conn, "DROP TEMPORARY TABLE IF EXISTS made", plan.sql("made", server.Info{}))
	if err := conn.QueryRowContext(t.Context(), "SHOW CREATE TABLE made").Scan(&name, &text); err != nil {
		t.Fatal(err)
	}
	return canonical(text)
}

// canonical is how the columns are declared, without what is not shipped.
func canonical(create string) string {
	definitions, err := parseDefinitions(create)
	if err != nil {
		return err.Error()
	}
	var list []string
	for _, d := range definitions {
		list = append(list, d.sql())
	}
	return strings.Join(list, ", ")
}

// TestRandomNumbers ships numbers whose text is long.
func TestRandomNumbers(t *testing.T) {
	f := newFixture(t, 2)
	r := rand.New(rand.NewPCG(1, 2))
	var rows []string
	for i := range 3000 {
		d := math.Float64frombits(r.Uint64())
		for math.IsNaN(d) || math.IsInf(d, 0) {
			d = math.Float64frombits(r.Uint64())
		}
		s := float64(math.Float32frombits(r.Uint32()))
		for math.IsNaN(s) || math.IsInf(s, 0) {
			s = float64(math.Float32frombits(r.Uint32()))
		}
		rows = append(rows, fmt.Sprintf("(%d, '%s', '%s', %d.%09d)", i, strconv.FormatFloat(d, 'g', -1, 64), strconv.FormatFloat(s, 'g', -1, 64), r.Int64(), r.IntN(1e9)))
	}
	f.Exec(t, 1, "CREATE TABLE x (n INT, v DOUBLE, w FLOAT, e DECIMAL(40,9))", "INSERT INTO x VALUES "+strings.Join(rows, ","))
	const digest = "SELECT COUNT(*), SUM(CRC32(CONCAT_WS('/', v, w * 1e0, e))), COUNT(DISTINCT v), BIT_XOR(CRC32(w)) FROM "
	want, err := f.run(t, gathering("s1", digest+"x"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := f.run(t, gathering("s0", digest+"t1", shipping("s1", "t1", "SELECT v, w, e FROM x")))
	if err != nil || !slices.Equal(got.rows, want.rows) {
		t.Errorf("got %q, %v, want %q", got.rows, err, want.rows)
	}
}
