package resolve

import (
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// everyType has a column of each type: in logs those of families, in r those
// that only a registered table has.
const everyType = `
shards a
logs on a: id int, n int, f float, ok bool, name text, at timestamp, doc json
reference.r on a: price decimal:decimal, single float:float, dbl float:double, big int:bigint, word text:varchar, en text:enum, se text:set, uu text:uuid, i4 text:inet4, i6 text:inet6, raw bytes:varbinary, bits bit:bit, day date:date, clock time:time, year year:year, js json:json`

var kindNames = map[tree.Kind]string{
	tree.UnknownKind: "unknown", tree.NullKind: "null", tree.IntKind: "int", tree.FloatKind: "float",
	tree.TextKind: "text", tree.TimeKind: "time", tree.JSONKind: "json",
}

type kindCase struct {
	rule, expr string
	want       tree.Kind
}

var kindCases = []kindCase{
	{"an int of a family", "n", tree.IntKind},
	{"a bool counts as a number", "ok", tree.IntKind},
	{"a float of a family shows all the digits it has", "f", tree.FloatKind},
	{"a text of a family", "name", tree.TextKind},
	{"a timestamp of a family", "at", tree.TimeKind},
	{"JSON, as it is", "doc", tree.JSONKind},
	{"parentheses mean nothing", "((n))", tree.IntKind},
	{"a registered integer", "big", tree.IntKind},
	{"a registered text", "word", tree.TextKind},
	{"a registered date", "day", tree.TimeKind},
	{"registered JSON", "js", tree.JSONKind},
	{"a DECIMAL may have more digits than it shows", "price", tree.UnknownKind},
	{"a FLOAT shows fewer digits than it has", "single", tree.UnknownKind},
	{"a registered DOUBLE may be declared with fewer digits than it has", "dbl", tree.UnknownKind},
	{"an ENUM sorts as a number", "en", tree.UnknownKind},
	{"a SET sorts as a number", "se", tree.UnknownKind},
	{"a UUID only looks like a text", "uu", tree.UnknownKind},
	{"an INET4 only looks like a text", "i4", tree.UnknownKind},
	{"an INET6 only looks like a text", "i6", tree.UnknownKind},
	{"bytes", "raw", tree.UnknownKind},
	{"bits", "bits", tree.UnknownKind},
	{"a TIME", "clock", tree.UnknownKind},
	{"a YEAR", "year", tree.UnknownKind},

	{"NULL", "NULL", tree.NullKind},
	{"a whole number", "7", tree.IntKind},
	{"the largest integer", "18446744073709551615", tree.IntKind},
	{"an integer beyond 64 bits is a DECIMAL", "18446744073709551616", tree.UnknownKind},
	{"a number with a point is a DECIMAL", "1.5", tree.UnknownKind},
	{"a number with an exponent is a float", "1.5e0", tree.FloatKind},
	{"a string", "'7'", tree.TextKind},
	{"TRUE is a number", "TRUE", tree.IntKind},
	{"x'07' is a text or a number, by where it stands", "x'07'", tree.UnknownKind},

	{"minus an integer", "-n", tree.IntKind},
	{"minus a float", "-f", tree.FloatKind},
	{"plus an integer", "+n", tree.IntKind},
	{"minus a DECIMAL", "-price", tree.UnknownKind},
	{"minus a time", "-at", tree.UnknownKind},
	{"+ leaves a text a text, - does not", "+name", tree.UnknownKind},
	{"NOT makes a truth value of anything", "NOT price", tree.IntKind},
	{"! as well", "!price", tree.IntKind},
	{"~ makes an integer of anything", "~price", tree.IntKind},

	{"integers add up to an integer", "n + big", tree.IntKind},
	{"an integer less another", "n - 1", tree.IntKind},
	{"an integer times another", "n * ok", tree.IntKind},
	{"what an integer leaves over", "n % 3", tree.IntKind},
	{"a whole quotient of integers", "n DIV 3", tree.IntKind},
	{"a quotient of integers is a DECIMAL with hidden digits", "n / 3", tree.UnknownKind},
	{"a float with an integer on its right", "f + n", tree.FloatKind},
	{"a float with an integer on its left", "n - f", tree.FloatKind},
	{"a quotient with a float", "n / f", tree.FloatKind},
	{"a text calculates as a float", "name * n", tree.FloatKind},
	{"a quotient of texts", "name / name", tree.FloatKind},
	{"what a float leaves over", "f % 3", tree.FloatKind},
	{"a whole quotient of floats is not looked into", "f DIV 3", tree.UnknownKind},
	{"a whole quotient with a float is not looked into", "n DIV f", tree.UnknownKind},
	{"a DECIMAL with an integer is one", "price + n", tree.UnknownKind},
	{"a DECIMAL with an integer on its left is one", "n * price", tree.UnknownKind},
	{"a DECIMAL with a float is not looked into", "price * f", tree.UnknownKind},
	{"a time calculates as a DECIMAL with its microseconds", "at + 0", tree.UnknownKind},
	{"a float with a time is not looked into", "f - at", tree.UnknownKind},
	{"JSON calculates as whatever it holds", "doc + 1", tree.UnknownKind},
	{"NULL with a number is not looked into", "NULL + n", tree.UnknownKind},
	{"a number with NULL is not looked into", "n * NULL", tree.UnknownKind},
	{"a comparison", "price < 1.5", tree.IntKind},
	{"<=>", "price <=> NULL", tree.IntKind},
	{"AND", "price AND f", tree.IntKind},
	{"XOR", "name XOR at", tree.IntKind},
	{"| makes integers of its operands", "price | f", tree.IntKind},
	{"<<", "f << price", tree.IntKind},

	{"IS NULL", "price IS NULL", tree.IntKind},
	{"IS TRUE", "price IS TRUE", tree.IntKind},
	{"IN a list", "price IN (1.5, f)", tree.IntKind},
	{"IN a subquery", "price IN (SELECT 1.5)", tree.IntKind},
	{"LIKE", "name LIKE 'x%'", tree.IntKind},
	{"REGEXP", "name REGEXP 'x'", tree.IntKind},
	{"BETWEEN", "price BETWEEN 1.5 AND f", tree.IntKind},
	{"EXISTS is not looked into", "EXISTS (SELECT 1)", tree.UnknownKind},
	{"a subquery is not looked into", "(SELECT 1)", tree.UnknownKind},
	{"= ANY is not looked into", "n = ANY (SELECT 1)", tree.UnknownKind},
	{"an aggregate is not looked into", "COUNT(*)", tree.UnknownKind},
	{"a window function is not looked into", "ROW_NUMBER() OVER ()", tree.UnknownKind},
	{"COLLATE is not looked into", "name COLLATE utf8mb4_bin", tree.UnknownKind},

	{"a CASE is what its results are", "CASE WHEN name THEN n ELSE 0 END", tree.IntKind},
	{"what a CASE compares does not count", "CASE price WHEN 1.5 THEN n END", tree.IntKind},
	{"an integer or a float is a float", "CASE WHEN ok THEN n ELSE f END", tree.FloatKind},
	{"a float or an integer is a float", "CASE WHEN ok THEN f WHEN n THEN n END", tree.FloatKind},
	{"a text or another", "CASE WHEN ok THEN name ELSE 'x' END", tree.TextKind},
	{"a timestamp or a date", "CASE WHEN ok THEN at ELSE day END", tree.TimeKind},
	{"a number or NULL is a number", "CASE WHEN ok THEN NULL WHEN n THEN n ELSE NULL END", tree.IntKind},
	{"a number or a text is neither", "CASE WHEN ok THEN n ELSE name END", tree.UnknownKind},
	{"a text or a number is neither", "CASE WHEN ok THEN name ELSE f END", tree.UnknownKind},
	{"a number or a time is neither", "CASE WHEN ok THEN n ELSE at END", tree.UnknownKind},
	{"a number or a DECIMAL is a DECIMAL", "CASE WHEN ok THEN n ELSE 1.5 END", tree.UnknownKind},
	{"JSON is known for JSON only in a column", "CASE WHEN ok THEN doc ELSE NULL END", tree.UnknownKind},
	{"nothing but NULL has no type that matters", "CASE WHEN ok THEN NULL END", tree.UnknownKind},

	{"COALESCE", "COALESCE(NULL, n, 0)", tree.IntKind},
	{"COALESCE of an integer and a float", "COALESCE(n, f)", tree.FloatKind},
	{"COALESCE of a text and a number", "COALESCE(name, n)", tree.UnknownKind},
	{"COALESCE of JSON", "COALESCE(doc)", tree.UnknownKind},
	{"IFNULL", "IFNULL(at, day)", tree.TimeKind},
	{"IFNULL with a DECIMAL", "IFNULL(n, 1.5)", tree.UnknownKind},
	{"NVL", "NVL(name, 'x')", tree.TextKind},
	{"NVL with a DECIMAL", "NVL(f, 1.5)", tree.UnknownKind},
	{"the condition of IF does not count", "IF(price, n, 1)", tree.IntKind},
	{"the results of IF do", "IF(n, n, price)", tree.UnknownKind},
	{"an IF that servers refuse", "IF(n, n)", tree.UnknownKind},
	{"NULLIF is its first argument or NULL", "NULLIF(n, price)", tree.IntKind},
	{"a NULLIF that servers refuse", "NULLIF()", tree.UnknownKind},
	{"NULLIF of a DECIMAL", "NULLIF(price, n)", tree.UnknownKind},
	{"ABS keeps an integer", "ABS(n)", tree.IntKind},
	{"FLOOR keeps a float", "FLOOR(f)", tree.FloatKind},
	{"CEIL keeps an integer", "CEIL(ok)", tree.IntKind},
	{"CEILING keeps a float", "CEILING(f)", tree.FloatKind},
	{"ABS of a DECIMAL", "ABS(price)", tree.UnknownKind},
	{"ABS of a text is not looked into", "ABS(name)", tree.UnknownKind},
	{"FLOOR of a text", "FLOOR(name)", tree.UnknownKind},
	{"CEILING of a text", "CEILING(name)", tree.UnknownKind},
	{"CEIL of a time is not looked into", "CEIL(at)", tree.UnknownKind},
	{"a function that is not listed", "ROUND(n, 1)", tree.UnknownKind},
	{"GREATEST is not listed", "GREATEST(n, 1)", tree.UnknownKind},
	{"JSON out of JSON stays JSON", "JSON_EXTRACT(doc, '$.a')", tree.UnknownKind},
	{"-> is JSON_EXTRACT", "doc->'$.a'", tree.UnknownKind},
	{"->> makes a text", "doc->>'$.a'", tree.TextKind},

	{"CAST AS SIGNED", "CAST(price AS SIGNED)", tree.IntKind},
	{"CAST AS UNSIGNED", "CAST(name AS UNSIGNED)", tree.IntKind},
	{"CAST AS DOUBLE", "CAST(price AS DOUBLE)", tree.FloatKind},
	{"CAST AS DATE", "CAST(name AS DATE)", tree.TimeKind},
	{"CAST AS DATETIME", "CAST(name AS DATETIME(6))", tree.TimeKind},
	{"CAST AS CHAR", "CAST(price AS CHAR)", tree.TextKind},
	{"CONVERT is CAST", "CONVERT(n, CHAR)", tree.TextKind},
	{"CAST AS BINARY makes bytes", "CAST(name AS BINARY)", tree.UnknownKind},
	{"BINARY makes bytes", "BINARY name", tree.UnknownKind},
	{"CAST AS DECIMAL", "CAST(n AS DECIMAL(10, 2))", tree.UnknownKind},
	{"CAST AS TIME", "CAST(at AS TIME)", tree.UnknownKind},
}

func TestKinds(t *testing.T) {
	for _, c := range kindCases {
		t.Run(c.rule, func(t *testing.T) {
			if got := kindIn(t, c.expr); got != c.want {
				t.Errorf("%s is of kind %s, not %s", c.expr, kindNames[got], kindNames[c.want])
			}
		})
	}
}

// kindIn returns the kind of an expression over all columns of everyType.
func kindIn(t *testing.T, expr string) tree.Kind {
	t.Helper()
	b := resolved(t, everyType, "SELECT "+expr+" FROM logs, r")
	return b.Kind(b.Node.(*ast.SelectStmt).Fields.Fields[0].Expr)
}

// functionCalls call every function that returns one kind whatever its
// arguments are, where it can with arguments of another kind.
var functionCalls = map[tree.Kind][]string{
	tree.IntKind: {
		"ASCII(name)", "BIT_LENGTH(name)", "CHAR_LENGTH(name)", "CHARACTER_LENGTH(name)", "LENGTH(name)",
		"OCTET_LENGTH(name)", "LOCATE('x', name)", "POSITION('x' IN name)", "INSTR(name, 'x')", "YEAR(at)", "MONTH(at)",
		"DAY(at)", "DAYOFMONTH(at)", "DAYOFWEEK(at)", "DAYOFYEAR(at)", "HOUR(at)", "MINUTE(at)", "SECOND(at)",
		"MICROSECOND(at)", "QUARTER(at)", "WEEK(at)", "WEEKDAY(at)", "WEEKOFYEAR(at)", "YEARWEEK(at)",
		"DATEDIFF(at, day)", "TO_DAYS(at)", "ISNULL(price)", "FIELD(name, 'x', 'y')", "FIND_IN_SET(name, 'x,y')",
		"STRCMP(name, 'x')", "CRC32(name)", "SIGN(price)", "JSON_LENGTH(doc)", "JSON_DEPTH(doc)", "JSON_VALID(name)",
		"JSON_EXISTS(doc, '$.a')", "JSON_CONTAINS(doc, '1')", "REGEXP_INSTR(name, 'x')",
	},
	tree.TextKind: {
		"LOWER(name)", "LCASE(name)", "UPPER(name)", "UCASE(name)", "LEFT(n, 1)", "RIGHT(n, 1)", "SUBSTRING(n, 1)",
		"SUBSTR(n, 1)", "SUBSTRING_INDEX(name, '.', 1)", "TRIM(n)", "LTRIM(n)", "RTRIM(n)", "REVERSE(n)",
		"CONCAT(n, at)", "CONCAT_WS(',', n, f)", "REPLACE(n, 1, 2)", "REGEXP_REPLACE(name, 'x', 'y')",
		"REGEXP_SUBSTR(name, 'x')", "HEX(n)", "MD5(n)", "SHA(n)", "SHA1(n)", "SHA2(n, 256)", "DATE_FORMAT(at, '%Y')",
		"DAYNAME(at)", "MONTHNAME(at)", "JSON_VALUE(doc, '$.a')", "JSON_UNQUOTE(doc)", "JSON_TYPE(doc)",
		"LPAD(n, 9, '0')", "RPAD(n, 9, '0')",
	},
	tree.FloatKind: {
		"SQRT(n)", "EXP(n)", "LN(price)", "LOG(price)", "LOG2(n)", "LOG10(n)", "SIN(n)", "COS(n)", "TAN(n)",
		"POW(n, price)", "POWER(n, price)",
	},
	tree.TimeKind: {"DATE(name)", "LAST_DAY(name)"},
}

func TestKindsOfFunctions(t *testing.T) {
	var called []string
	for want, calls := range functionCalls {
		for _, call := range calls {
			t.Run(call, func(t *testing.T) {
				if got := kindIn(t, call); got != want {
					t.Errorf("%s is of kind %s, not %s", call, kindNames[got], kindNames[want])
				}
			})
			name, _, _ := strings.Cut(strings.ToLower(call), "(")
			called = append(called, name)
		}
	}
	for name, f := range tree.Functions {
		if f.Kind(nil) != tree.UnknownKind && !slices.Contains(called, name) {
			t.Errorf("%s has a kind of its own, but is never called here", name)
		}
	}
}

// TestKindOfNames asks for the kind of n, by what the name stands for.
func TestKindOfNames(t *testing.T) {
	for _, c := range []struct {
		rule, query string
		want        tree.Kind
	}{
		{"a column of the table", "SELECT n FROM logs", tree.IntKind},
		{"with its qualifier", "SELECT l.n FROM logs l", tree.IntKind},
		{"the catalog has no column of a derived table", "SELECT n FROM (SELECT n FROM logs) x", tree.UnknownKind},
		{"nor of a CTE", "WITH x AS (SELECT n FROM logs) SELECT n FROM x", tree.UnknownKind},
		{"one of two tables that have it", "SELECT n FROM logs, logs l", tree.UnknownKind},
		{"which of two it is", "SELECT l.n FROM logs, logs l", tree.IntKind},
		{"a column that the table does not have", "SELECT logs.none FROM logs", tree.UnknownKind},
		{"an unknown name", "SELECT none FROM logs", tree.UnknownKind},
	} {
		t.Run(c.rule, func(t *testing.T) {
			b := resolved(t, everyType, c.query)
			if got := b.Kind(b.Node.(*ast.SelectStmt).Fields.Fields[0].Expr); got != c.want {
				t.Errorf("%s: kind %s, not %s", c.query, kindNames[got], kindNames[c.want])
			}
		})
	}
}
