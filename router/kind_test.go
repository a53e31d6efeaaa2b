package router

import (
	"slices"
	"strings"
	"testing"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// everyType has a column of each type: in logs those of families, in r those
// that only a registered table has.
const everyType = `
shards a
logs on a: id int, n int, f float, ok bool, name text, at timestamp, doc json
reference.r on a: price decimal:decimal, single float:float, dbl float:double, big int:bigint, word text:varchar, en text:enum, se text:set, uu text:uuid, i4 text:inet4, i6 text:inet6, raw bytes:varbinary, bits bit:bit, day date:date, clock time:time, year year:year, js json:json`

var kindNames = map[kind]string{
	unknownKind: "unknown", nullKind: "null", intKind: "int", floatKind: "float",
	textKind: "text", timeKind: "time", jsonKind: "json",
}

func (k kind) String() string { return kindNames[k] }

type kindCase struct {
	rule, expr string
	want       kind
}

var kindCases = []kindCase{
	{"an int of a family", "n", intKind},
	{"a bool counts as a number", "ok", intKind},
	{"a float of a family shows all the digits it has", "f", floatKind},
	{"a text of a family", "name", textKind},
	{"a timestamp of a family", "at", timeKind},
	{"JSON, as it is", "doc", jsonKind},
	{"parentheses mean nothing", "((n))", intKind},
	{"a registered integer", "big", intKind},
	{"a registered text", "word", textKind},
	{"a registered date", "day", timeKind},
	{"registered JSON", "js", jsonKind},
	{"a DECIMAL may have more digits than it shows", "price", unknownKind},
	{"a FLOAT shows fewer digits than it has", "single", unknownKind},
	{"a registered DOUBLE may be declared with fewer digits than it has", "dbl", unknownKind},
	{"an ENUM sorts as a number", "en", unknownKind},
	{"a SET sorts as a number", "se", unknownKind},
	{"a UUID only looks like a text", "uu", unknownKind},
	{"an INET4 only looks like a text", "i4", unknownKind},
	{"an INET6 only looks like a text", "i6", unknownKind},
	{"bytes", "raw", unknownKind},
	{"bits", "bits", unknownKind},
	{"a TIME", "clock", unknownKind},
	{"a YEAR", "year", unknownKind},

	{"NULL", "NULL", nullKind},
	{"a whole number", "7", intKind},
	{"the largest integer", "18446744073709551615", intKind},
	{"an integer beyond 64 bits is a DECIMAL", "18446744073709551616", unknownKind},
	{"a number with a point is a DECIMAL", "1.5", unknownKind},
	{"a number with an exponent is a float", "1.5e0", floatKind},
	{"a string", "'7'", textKind},
	{"TRUE is a number", "TRUE", intKind},
	{"x'07' is a text or a number, by where it stands", "x'07'", unknownKind},

	{"minus an integer", "-n", intKind},
	{"minus a float", "-f", floatKind},
	{"plus an integer", "+n", intKind},
	{"minus a DECIMAL", "-price", unknownKind},
	{"minus a time", "-at", unknownKind},
	{"+ leaves a text a text, - does not", "+name", unknownKind},
	{"NOT makes a truth value of anything", "NOT price", intKind},
	{"! as well", "!price", intKind},
	{"~ makes an integer of anything", "~price", intKind},

	{"integers add up to an integer", "n + big", intKind},
	{"an integer less another", "n - 1", intKind},
	{"an integer times another", "n * ok", intKind},
	{"what an integer leaves over", "n % 3", intKind},
	{"a whole quotient of integers", "n DIV 3", intKind},
	{"a quotient of integers is a DECIMAL with hidden digits", "n / 3", unknownKind},
	{"a float with an integer on its right", "f + n", floatKind},
	{"a float with an integer on its left", "n - f", floatKind},
	{"a quotient with a float", "n / f", floatKind},
	{"a text calculates as a float", "name * n", floatKind},
	{"a quotient of texts", "name / name", floatKind},
	{"what a float leaves over", "f % 3", floatKind},
	{"a whole quotient of floats is not looked into", "f DIV 3", unknownKind},
	{"a whole quotient with a float is not looked into", "n DIV f", unknownKind},
	{"a DECIMAL with an integer is one", "price + n", unknownKind},
	{"a DECIMAL with an integer on its left is one", "n * price", unknownKind},
	{"a DECIMAL with a float is not looked into", "price * f", unknownKind},
	{"a time calculates as a DECIMAL with its microseconds", "at + 0", unknownKind},
	{"a float with a time is not looked into", "f - at", unknownKind},
	{"JSON calculates as whatever it holds", "doc + 1", unknownKind},
	{"NULL with a number is not looked into", "NULL + n", unknownKind},
	{"a number with NULL is not looked into", "n * NULL", unknownKind},
	{"a comparison", "price < 1.5", intKind},
	{"<=>", "price <=> NULL", intKind},
	{"AND", "price AND f", intKind},
	{"XOR", "name XOR at", intKind},
	{"| makes integers of its operands", "price | f", intKind},
	{"<<", "f << price", intKind},

	{"IS NULL", "price IS NULL", intKind},
	{"IS TRUE", "price IS TRUE", intKind},
	{"IN a list", "price IN (1.5, f)", intKind},
	{"IN a subquery", "price IN (SELECT 1.5)", intKind},
	{"LIKE", "name LIKE 'x%'", intKind},
	{"REGEXP", "name REGEXP 'x'", intKind},
	{"BETWEEN", "price BETWEEN 1.5 AND f", intKind},
	{"EXISTS is not looked into", "EXISTS (SELECT 1)", unknownKind},
	{"a subquery is not looked into", "(SELECT 1)", unknownKind},
	{"= ANY is not looked into", "n = ANY (SELECT 1)", unknownKind},
	{"an aggregate is not looked into", "COUNT(*)", unknownKind},
	{"a window function is not looked into", "ROW_NUMBER() OVER ()", unknownKind},
	{"COLLATE is not looked into", "name COLLATE utf8mb4_bin", unknownKind},

	{"a CASE is what its results are", "CASE WHEN name THEN n ELSE 0 END", intKind},
	{"what a CASE compares does not count", "CASE price WHEN 1.5 THEN n END", intKind},
	{"an integer or a float is a float", "CASE WHEN ok THEN n ELSE f END", floatKind},
	{"a float or an integer is a float", "CASE WHEN ok THEN f WHEN n THEN n END", floatKind},
	{"a text or another", "CASE WHEN ok THEN name ELSE 'x' END", textKind},
	{"a timestamp or a date", "CASE WHEN ok THEN at ELSE day END", timeKind},
	{"a number or NULL is a number", "CASE WHEN ok THEN NULL WHEN n THEN n ELSE NULL END", intKind},
	{"a number or a text is neither", "CASE WHEN ok THEN n ELSE name END", unknownKind},
	{"a text or a number is neither", "CASE WHEN ok THEN name ELSE f END", unknownKind},
	{"a number or a time is neither", "CASE WHEN ok THEN n ELSE at END", unknownKind},
	{"a number or a DECIMAL is a DECIMAL", "CASE WHEN ok THEN n ELSE 1.5 END", unknownKind},
	{"JSON is known for JSON only in a column", "CASE WHEN ok THEN doc ELSE NULL END", unknownKind},
	{"nothing but NULL has no type that matters", "CASE WHEN ok THEN NULL END", unknownKind},

	{"COALESCE", "COALESCE(NULL, n, 0)", intKind},
	{"COALESCE of an integer and a float", "COALESCE(n, f)", floatKind},
	{"COALESCE of a text and a number", "COALESCE(name, n)", unknownKind},
	{"COALESCE of JSON", "COALESCE(doc)", unknownKind},
	{"IFNULL", "IFNULL(at, day)", timeKind},
	{"IFNULL with a DECIMAL", "IFNULL(n, 1.5)", unknownKind},
	{"NVL", "NVL(name, 'x')", textKind},
	{"NVL with a DECIMAL", "NVL(f, 1.5)", unknownKind},
	{"the condition of IF does not count", "IF(price, n, 1)", intKind},
	{"the results of IF do", "IF(n, n, price)", unknownKind},
	{"an IF that servers refuse", "IF(n, n)", unknownKind},
	{"NULLIF is its first argument or NULL", "NULLIF(n, price)", intKind},
	{"NULLIF of a DECIMAL", "NULLIF(price, n)", unknownKind},
	{"ABS keeps an integer", "ABS(n)", intKind},
	{"FLOOR keeps a float", "FLOOR(f)", floatKind},
	{"CEIL keeps an integer", "CEIL(ok)", intKind},
	{"CEILING keeps a float", "CEILING(f)", floatKind},
	{"ABS of a DECIMAL", "ABS(price)", unknownKind},
	{"FLOOR of a text is not looked into", "FLOOR(name)", unknownKind},
	{"CEIL of a time is not looked into", "CEIL(at)", unknownKind},
	{"a function that is not listed", "ROUND(n, 1)", unknownKind},
	{"GREATEST is not listed", "GREATEST(n, 1)", unknownKind},
	{"JSON out of JSON stays JSON", "JSON_EXTRACT(doc, '$.a')", unknownKind},
	{"-> is JSON_EXTRACT", "doc->'$.a'", unknownKind},
	{"->> makes a text", "doc->>'$.a'", textKind},

	{"CAST AS SIGNED", "CAST(price AS SIGNED)", intKind},
	{"CAST AS UNSIGNED", "CAST(name AS UNSIGNED)", intKind},
	{"CAST AS DOUBLE", "CAST(price AS DOUBLE)", floatKind},
	{"CAST AS DATE", "CAST(name AS DATE)", timeKind},
	{"CAST AS DATETIME", "CAST(name AS DATETIME(6))", timeKind},
	{"CAST AS CHAR", "CAST(price AS CHAR)", textKind},
	{"CONVERT is CAST", "CONVERT(n, CHAR)", textKind},
	{"CAST AS BINARY makes bytes", "CAST(name AS BINARY)", unknownKind},
	{"BINARY makes bytes", "BINARY name", unknownKind},
	{"CAST AS DECIMAL", "CAST(n AS DECIMAL(10, 2))", unknownKind},
	{"CAST AS TIME", "CAST(at AS TIME)", unknownKind},
}

func TestKinds(t *testing.T) {
	for _, c := range kindCases {
		t.Run(c.rule, func(t *testing.T) {
			if got := kindIn(t, c.expr); got != c.want {
				t.Errorf("%s is of kind %s, not %s", c.expr, got, c.want)
			}
		})
	}
}

// kindIn returns the kind of an expression over all columns of everyType.
func kindIn(t *testing.T, expr string) kind {
	t.Helper()
	b := resolved(t, everyType, "SELECT "+expr+" FROM logs, r")
	return b.kindOf(b.node.(*ast.SelectStmt).Fields.Fields[0].Expr)
}

// functionCalls call every function that returns one kind whatever its
// arguments are, where it can with arguments of another kind.
var functionCalls = map[kind][]string{
	intKind: {
		"ASCII(name)", "BIT_LENGTH(name)", "CHAR_LENGTH(name)", "CHARACTER_LENGTH(name)", "LENGTH(name)",
		"OCTET_LENGTH(name)", "LOCATE('x', name)", "POSITION('x' IN name)", "INSTR(name, 'x')", "YEAR(at)", "MONTH(at)",
		"DAY(at)", "DAYOFMONTH(at)", "DAYOFWEEK(at)", "DAYOFYEAR(at)", "HOUR(at)", "MINUTE(at)", "SECOND(at)",
		"MICROSECOND(at)", "QUARTER(at)", "WEEK(at)", "WEEKDAY(at)", "WEEKOFYEAR(at)", "YEARWEEK(at)",
		"DATEDIFF(at, day)", "TO_DAYS(at)", "ISNULL(price)", "FIELD(name, 'x', 'y')", "FIND_IN_SET(name, 'x,y')",
		"STRCMP(name, 'x')", "CRC32(name)", "SIGN(price)", "JSON_LENGTH(doc)", "JSON_DEPTH(doc)", "JSON_VALID(name)",
		"JSON_EXISTS(doc, '$.a')", "JSON_CONTAINS(doc, '1')", "REGEXP_INSTR(name, 'x')",
	},
	textKind: {
		"LOWER(name)", "LCASE(name)", "UPPER(name)", "UCASE(name)", "LEFT(n, 1)", "RIGHT(n, 1)", "SUBSTRING(n, 1)",
		"SUBSTR(n, 1)", "SUBSTRING_INDEX(name, '.', 1)", "TRIM(n)", "LTRIM(n)", "RTRIM(n)", "REVERSE(n)",
		"CONCAT(n, at)", "CONCAT_WS(',', n, f)", "REPLACE(n, 1, 2)", "REGEXP_REPLACE(name, 'x', 'y')",
		"REGEXP_SUBSTR(name, 'x')", "HEX(n)", "MD5(n)", "SHA(n)", "SHA1(n)", "SHA2(n, 256)", "DATE_FORMAT(at, '%Y')",
		"DAYNAME(at)", "MONTHNAME(at)", "JSON_VALUE(doc, '$.a')", "JSON_UNQUOTE(doc)", "JSON_TYPE(doc)",
		"LPAD(n, 9, '0')", "RPAD(n, 9, '0')",
	},
	floatKind: {
		"SQRT(n)", "EXP(n)", "LN(price)", "LOG(price)", "LOG2(n)", "LOG10(n)", "SIN(n)", "COS(n)", "TAN(n)",
		"POW(n, price)", "POWER(n, price)",
	},
	timeKind: {"DATE(name)", "LAST_DAY(name)"},
}

func TestKindsOfFunctions(t *testing.T) {
	var called []string
	for want, calls := range functionCalls {
		for _, call := range calls {
			t.Run(call, func(t *testing.T) {
				if got := kindIn(t, call); got != want {
					t.Errorf("%s is of kind %s, not %s", call, got, want)
				}
			})
			name, _, _ := strings.Cut(strings.ToLower(call), "(")
			called = append(called, name)
		}
	}
	for name := range functionKinds {
		if !slices.Contains(called, name) {
			t.Errorf("%s is listed, but never called here", name)
		}
	}
}

// TestKindOfNames asks for the kind of n, by what the name stands for.
func TestKindOfNames(t *testing.T) {
	for _, c := range []struct {
		rule, query string
		want        kind
	}{
		{"a column of the table", "SELECT n FROM logs", intKind},
		{"with its qualifier", "SELECT l.n FROM logs l", intKind},
		{"the catalog has no column of a derived table", "SELECT n FROM (SELECT n FROM logs) x", unknownKind},
		{"nor of a CTE", "WITH x AS (SELECT n FROM logs) SELECT n FROM x", unknownKind},
		{"one of two tables that have it", "SELECT n FROM logs, logs l", unknownKind},
		{"which of two it is", "SELECT l.n FROM logs, logs l", intKind},
		{"a column that the table does not have", "SELECT logs.none FROM logs", unknownKind},
		{"an unknown name", "SELECT none FROM logs", unknownKind},
	} {
		t.Run(c.rule, func(t *testing.T) {
			b := resolved(t, everyType, c.query)
			if got := b.kindOf(b.node.(*ast.SelectStmt).Fields.Fields[0].Expr); got != c.want {
				t.Errorf("%s: kind %s, not %s", c.query, got, c.want)
			}
		})
	}
}
