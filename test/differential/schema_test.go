package differential

// class is a kind of values that can stand for each other in an expression.
type class int

const (
	integer class = iota
	decimal
	float
	text
	bytesOf
	date
	clock // TIME
	stamp // DATETIME and TIMESTAMP
	year
	document // JSON
	bits
	boolean
)

// field is a column of a table of the tests.
type field struct {
	name string
	// kind is the column's definition in a registered table, and the field's
	// type in a family.
	kind  string
	class class
	// tame values stay in range, and exact where they are added up, in
	// whatever order: small integers and decimals, and doubles in quarters.
	tame      bool
	collation string // of a text
	pool      pool
}

// table is one that the queries are about: registered, or a family.
type table struct {
	name   string
	fields []field
	// keys are the definitions of a registered table's keys. The first field
	// is unique unless the table is a heap.
	keys   string
	heap   bool
	rows   int
	family bool
	split  bool // over the shards
}

// The collations of columns.
const (
	own     = "the server's own"   // of tables that name none, and of sessions
	unicode = "utf8mb4_unicode_ci" // of no server's default
	binAt   = "utf8mb4_bin"
	noPad   = "one for which blanks count" // see collationsOf
	latin   = "latin1_swedish_ci"
	ascii   = "ascii_general_ci"
)

func tame(name, kind string, c class, p pool) field {
	return field{name: name, kind: kind, class: c, tame: true, pool: p}
}

func wild(name, kind string, c class, p pool) field {
	return field{name: name, kind: kind, class: c, pool: p}
}

func texts(name, kind, collation string, p pool) field {
	return field{name: name, kind: kind, class: text, collation: collation, pool: p}
}

var id = tame("id", "INT NOT NULL", integer, serial)

// registered are the base tables, which between them have every type.
var registered = []table{
	{name: "nums", rows: 26, keys: "PRIMARY KEY (id), KEY (k), KEY (d2)", fields: []field{
		id,
		tame("k", "INT", integer, smallInts),
		wild("ti", "TINYINT", integer, list("NULL", "-128", "127", "0", "1", "-1", "5")),
		wild("tu", "TINYINT UNSIGNED", integer, list("NULL", "0", "255", "1", "5", "128")),
		wild("si", "SMALLINT", integer, list("NULL", "-32768", "32767", "0", "3")),
		wild("mu", "MEDIUMINT UNSIGNED", integer, list("NULL", "16777215", "0", "3", "7")),
		wild("iu", "INT UNSIGNED", integer, list("NULL", "4294967295", "0", "1", "3", "9")),
		wild("b", "BIGINT", integer, list("NULL", "-9223372036854775808", "9223372036854775807", "9007199254740993", "0", "1", "-1", "3")),
		wild("bu", "BIGINT UNSIGNED", integer, list("NULL", "18446744073709551615", "9223372036854775808", "9007199254740993", "0", "1", "3")),
		tame("d0", "DECIMAL(12,0)", decimal, list("NULL", "0", "1", "-1", "7", "120", "5")),
		tame("d2", "DECIMAL(10,2)", decimal, list("NULL", "0.00", "1.50", "-1.50", "0.01", "99.99", "3.00", "7.10")),
		tame("d6", "DECIMAL(20,6)", decimal, list("NULL", "0.000001", "-0.000001", "1.5", "3", "0.333333", "12345.678901")),
		wild("du", "DECIMAL(8,3) UNSIGNED", decimal, list("NULL", "0", "1.500", "99999.999", "3")),
		wild("d30", "DECIMAL(65,30)", decimal, list("NULL", "0", "1.5", "3", "99999999999999999999999999999999999.999999999999999999999999999999", "-0.000000000000000000000000000001")),
		wild("f", "FLOAT", float, list("NULL", "0", "-0e0", "0.1", "1.5", "3", "16777217", "3.4e38", "-1e-37", "0.333333343")),
		wild("g", "DOUBLE", float, list("NULL", "0", "-0e0", "0.1", "0.30000000000000004", "1.5", "3", "1.7976931348623157e308", "5e-324", "-1e300", "9007199254740993", "1e15")),
		tame("q", "DOUBLE", float, list("NULL", "0", "0.25", "0.5", "-1.75", "3", "7", "1000.25")),
		tame("bo", "BOOLEAN", boolean, list("NULL", "0", "1", "1")),
		wild("b1", "BIT(1)", bits, list("NULL", "b'0'", "b'1'")),
		wild("b12", "BIT(12)", bits, list("NULL", "b'0'", "b'101'", "b'111111111111'", "b'11'")),
		wild("b64", "BIT(64)", bits, list("NULL", "b'0'", "b'11'", "0xffffffffffffffff", "0x8000000000000000", "0x2222222222222222")),
		wild("z", "INT(6) UNSIGNED ZEROFILL", integer, list("NULL", "0", "42", "3", "1234567")),
		wild("y", "YEAR", year, list("NULL", "0", "1901", "2155", "2024", "1999")),
	}},
	{name: "words", rows: 30, keys: "PRIMARY KEY (id), KEY (v), KEY (b), KEY (l)", fields: []field{
		id,
		tame("k", "INT", integer, smallInts),
		texts("c", "CHAR(8)", own, traps),
		texts("v", "VARCHAR(40)", own, traps),
		texts("g", "VARCHAR(40) COLLATE utf8mb4_unicode_ci", unicode, traps),
		texts("b", "VARCHAR(40) COLLATE utf8mb4_bin", binAt, traps),
		texts("p", "VARCHAR(40) COLLATE "+noPad, noPad, traps),
		texts("l", "VARCHAR(40) CHARACTER SET latin1 COLLATE "+latin, latin, latinTraps),
		texts("m", "VARCHAR(40) CHARACTER SET utf8mb3 COLLATE utf8mb3_general_ci", "utf8mb3_general_ci", latinTraps),
		texts("a", "VARCHAR(40) CHARACTER SET ascii COLLATE "+ascii, ascii, asciiTraps),
		texts("tt", "TINYTEXT", own, traps),
		texts("t", "TEXT COLLATE utf8mb4_unicode_ci", unicode, traps),
		texts("mt", "MEDIUMTEXT", own, traps),
		texts("lt", "LONGTEXT", own, longTraps),
		texts("en", "ENUM('de', 'fr', 'x y', '10', '')", own, list("NULL", "'de'", "'fr'", "'x y'", "'10'", "''")),
		texts("se", "SET('a', 'b', 'de')", own, list("NULL", "''", "'a'", "'a,de'", "'b'", "'a,b,de'", "'de'")),
	}},
	{name: "times", rows: 26, keys: "PRIMARY KEY (id), KEY (da), KEY (dt)", fields: []field{
		id,
		tame("k", "INT", integer, smallInts),
		wild("da", "DATE", date, dates),
		wild("dn", "DATE NOT NULL", date, notNull(dates)),
		wild("ti", "TIME", clock, list("NULL", "'00:00:00'", "'-838:59:59'", "'838:59:59'", "'12:34:56'", "'23:59:59'")),
		wild("t3", "TIME(3)", clock, list("NULL", "'00:00:00.000'", "'12:34:56.789'", "'-01:00:00.001'")),
		wild("t6", "TIME(6)", clock, list("NULL", "'12:34:56.000000'", "'12:34:56.789012'", "'-00:00:00.000001'")),
		wild("dt", "DATETIME", stamp, stamps),
		wild("dt3", "DATETIME(3)", stamp, list("NULL", "'2024-02-29 12:34:56.789'", "'2024-02-29 00:00:00'", "'0000-00-00'", "'2024-01-01'")),
		wild("dt6", "DATETIME(6)", stamp, list("NULL", "'2024-02-29 12:34:56.789012'", "'9999-12-31 23:59:59.999999'", "'2024-01-01'", "'1000-01-01'")),
		wild("ts", "TIMESTAMP NULL", stamp, list("NULL", "'2024-02-29 12:34:56'", "'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "'0000-00-00'", "'2024-01-01'")),
		wild("ts6", "TIMESTAMP(6) NULL", stamp, list("NULL", "'2024-02-29 12:34:56.789012'", "'2024-01-01 00:00:00.000001'")),
		wild("y", "YEAR", year, list("NULL", "0", "1999", "2024", "2025")),
	}},
	{name: "blobs", rows: 20, keys: "PRIMARY KEY (id), KEY (v)", fields: []field{
		id,
		tame("k", "INT", integer, smallInts),
		wild("f", "BINARY(4)", bytesOf, bytesPool),
		wild("v", "VARBINARY(20)", bytesOf, bytesPool),
		wild("tb", "TINYBLOB", bytesOf, bytesPool),
		wild("bl", "BLOB", bytesOf, bytesPool),
		wild("mb", "MEDIUMBLOB", bytesOf, bytesPool),
		wild("lb", "LONGBLOB", bytesOf, bytesPool),
	}},
	{name: "docs", rows: 20, keys: "PRIMARY KEY (id)", fields: []field{
		id,
		tame("k", "INT", integer, smallInts),
		wild("js", "JSON", document, documents),
		wild("jn", "JSON NOT NULL", document, notNull(documents)),
		texts("s", "VARCHAR(40)", own, traps),
	}},
	{name: "country", rows: 14, keys: "PRIMARY KEY (id), UNIQUE KEY (code)", fields: []field{
		id,
		texts("code", "VARCHAR(4) COLLATE utf8mb4_bin NOT NULL", binAt, nth("'de'", "'DE'", "'dé'", "'fr'", "'FR'", "'a'", "'ä'", "'ss'", "'ß'", "'us'", "'10'", "'1'", "''", "'x'")),
		texts("name", "VARCHAR(40)", own, nth("'Germany'", "'GERMANY'", "'Gérmany'", "'France'", "'FRANCE'", "'A'", "'Ä'", "'S'", "'Sharp'", "'United States'", "'Ten'", "'One'", "NULL", "'x'")),
		tame("k", "INT", integer, smallInts),
		wild("people", "BIGINT UNSIGNED", integer, list("0", "83000000", "67000000", "331000000", "NULL")),
		tame("gdp", "DECIMAL(15,2)", decimal, list("NULL", "4082.50", "2779.09", "25462.70", "0.00", "10.00")),
	}},
	{name: "person", rows: 36, keys: "PRIMARY KEY (id), KEY (country), KEY (boss)", fields: []field{
		id,
		texts("name", "VARCHAR(60) NOT NULL", own, notNull(names)),
		texts("country", "VARCHAR(8)", own, countries),
		tame("boss", "INT", integer, list("NULL", "1", "2", "3", "4", "1", "2", "40")),
		wild("born", "DATE", date, dates),
		tame("salary", "DECIMAL(10,2)", decimal, list("NULL", "1000.00", "2500.50", "999.99", "0.00", "3333.33")),
		tame("score", "DOUBLE", float, list("NULL", "0.5", "0.75", "10", "-2.25", "100")),
		texts("note", "TEXT", own, traps),
		tame("active", "BOOLEAN NOT NULL", boolean, list("0", "1")),
	}},
	{name: "product", rows: 12, keys: "PRIMARY KEY (id), UNIQUE KEY (sku)", fields: []field{
		id,
		texts("sku", "CHAR(6) NOT NULL", own, nth("'A-1'", "'A-2'", "'B-1'", "'B-2'", "'C-9'", "'d-1'", "'é-1'", "'10'", "'11'", "'z'", "'Z1'", "'y'")),
		texts("name", "VARCHAR(40)", own, names),
		tame("price", "DECIMAL(8,3)", decimal, list("NULL", "0.333", "1.000", "19.990", "100.500", "7.000")),
		tame("stock", "INT", integer, list("NULL", "0", "3", "10", "100")),
		wild("attrs", "JSON", document, documents),
	}},
	{name: "purchase", rows: 70, keys: "PRIMARY KEY (id), KEY (person_id, placed)", fields: []field{
		id,
		tame("person_id", "INT", integer, span(1, 40)),
		tame("product_id", "INT", integer, span(1, 14)),
		wild("placed", "DATETIME", stamp, stamps),
		tame("qty", "INT NOT NULL", integer, span(1, 6)),
		tame("price", "DECIMAL(8,3)", decimal, list("NULL", "0.333", "1.000", "19.990", "7.000")),
		texts("status", "ENUM('new', 'paid', 'sent')", own, list("NULL", "'new'", "'paid'", "'sent'", "'paid'")),
		tame("tax", "DECIMAL(4,4)", decimal, list("0.1900", "0.0700", "0.0000", "NULL")),
	}},
	{name: "pairs", rows: 24, keys: "PRIMARY KEY (a, b), KEY (b)", heap: true, fields: []field{
		tame("a", "INT NOT NULL", integer, func(_ source, row int) string { return number(row % 5) }),
		tame("b", "INT NOT NULL", integer, func(_ source, row int) string { return number(row / 5) }),
		tame("n", "INT", integer, smallInts),
		texts("t", "VARCHAR(20)", own, traps),
	}},
	{name: "heap", rows: 18, heap: true, fields: []field{
		tame("a", "INT", integer, list("NULL", "1", "2", "2", "3")),
		texts("b", "VARCHAR(10)", own, list("NULL", "'de'", "'DE'", "'fr'")),
		tame("c", "DECIMAL(6,2)", decimal, list("NULL", "1.00", "2.50")),
	}},
	{name: "lone", rows: 1, keys: "PRIMARY KEY (id)", fields: []field{
		id,
		tame("k", "INT", integer, list("3")),
		texts("v", "VARCHAR(20)", own, list("'de'")),
	}},
	{name: "void", rows: 0, keys: "PRIMARY KEY (id)", fields: []field{
		id,
		tame("k", "INT", integer, smallInts),
		texts("v", "VARCHAR(20)", own, traps),
		tame("d", "DECIMAL(10,2)", decimal, list("1.00")),
		wild("at", "DATETIME", stamp, stamps),
	}},
}
