package resolve

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

// rankTables have texts of one collation in families, and of any in r.
const rankTables = `
shards a
logs on a: id int, n int, f float, ok bool, name text, host text, at timestamp, doc json
reference.r on a: id int, price decimal:decimal, dbl float:double, word text:varchar, other text:varchar, en text:enum, uu text:uuid, raw bytes:varbinary, clock time:time`

type rankCase struct {
	rule, expr string
	want       bool
}

// rankCases have expressions of blocks that servers store. What is no text has
// no rank and may be stored; of texts, those that servers give the rank of a
// column, 2.
var rankCases = []rankCase{
	{"an integer", "n + 1", true},
	{"an integer out of a time", "YEAR(at)", true},
	{"a float", "SQRT(n)", true},
	{"a time", "DATE(at)", true},
	{"a predicate over texts", "name LIKE 'x%'", true},
	{"a DECIMAL", "n / 3", true},
	{"a DECIMAL of DECIMALs", "price * 1.5 - n", true},
	{"minus a DECIMAL", "-price", true},
	{"a DECIMAL column", "price", true},
	{"a registered DOUBLE", "dbl", true},
	{"an ENUM", "en", true},
	{"bytes", "raw", true},
	{"a TIME", "clock", true},
	{"a whole quotient of DECIMALs", "price DIV 2", true},
	{"a rest of DECIMALs", "price % 2", true},
	{"a sum of DECIMALs", "price + 0.1", true},
	{"a product of times", "at * 2", true},
	{"a DECIMAL out of a function is not looked into", "ROUND(price, 1)", false},
	{"NULL has a type of its own", "NULL", false},
	{"NULL, whatever it is beside", "NULLIF(NULL, n)", false},
	{"JSON, which servers know in a table of their own", "doc", false},
	{"JSON out of a function", "JSON_EXTRACT(name, '$.a')", false},
	{"JSON made of texts", "JSON_ARRAY(name)", false},
	{"JSON inside of what is a text", "CONCAT('x', JSON_QUOTE(name))", false},

	{"a string has the rank of a literal, 4", "'x'", false},
	{"a number has no column to be compared as", "1", false},
	{"a quotient of numbers", "1 / 3", false},
	{"a function of literals", "CONCAT('x', 'y')", false},
	{"a text of a family", "name", true},
	{"a registered text", "word", true},
	{"texts of families, which have one collation", "CONCAT(name, host)", true},
	{"a text with a literal, which gives way", "CONCAT('x', name, 7)", true},
	{"a text of a family with a registered one, of another collation perhaps", "CONCAT(name, word)", false},
	{"a registered text and a text of a family", "CONCAT(word, name)", false},
	{"two registered texts, of two collations perhaps", "CONCAT(word, other)", false},
	{"one registered text in a function", "UPPER(word)", true},
	{"one registered text twice is not looked into", "CONCAT(word, word)", false},
	{"a registered number beside a text of a family", "CONCAT(name, price)", true},
	{"a number made a text has the rank of a literal", "CONCAT(n, 'x')", false},
	{"a time made a text", "DATE_FORMAT(at, '%Y')", false},
	{"either of two texts", "CASE WHEN ok THEN name ELSE host END", true},
	{"a text or a literal, which gives way", "COALESCE(name, 'x')", true},
	{"a text or a number", "IF(ok, name, n)", true},
	{"a column of an unknown name", "CONCAT(name, none)", false},
	{"COLLATE has the rank of an order, 0", "name COLLATE utf8mb4_bin", false},
	{"COLLATE further in", "UPPER(name COLLATE utf8mb4_bin)", false},
	{"CAST makes a text of the session's collation", "CAST(name AS CHAR)", false},
	{"CAST further in", "CONCAT(name, CAST(n AS CHAR))", false},
	{"CONVERT USING makes one of a character set's own", "CONVERT(name USING latin1)", false},
	{"CHAR USING as well", "CONCAT(name, CHAR(n USING latin1))", false},
	{"a subquery, of whatever rank", "CONCAT(name, (SELECT 'x'))", false},
	{"a text out of JSON in a text, whose rank is a literal's on MySQL", "JSON_VALUE(name, '$.a')", false},
	{"a text out of JSON, which is no text column", "JSON_VALUE(doc, '$.a')", false},

	{"plus, which servers drop", "+name", true},
	{"plus before what is collated", "+(name COLLATE utf8mb4_bin)", false},
	{"plus before a literal, twice", "+ +IF(ok, 'x', 'y')", false},
	{"minus, which makes a number", "-name", true},
	{"a choice of literals", "CASE WHEN name = 'x' THEN 'a' ELSE 'o' END", false},
	{"of a literal and NULL", "CASE name WHEN 'x' THEN NULL ELSE 'o' END", false},
	{"of NULL alone", "CASE WHEN name = 'x' THEN NULL END", false},
	{"of a text or a literal", "CASE n WHEN 1 THEN 'a' ELSE name END", true},
	{"of a text or NULL", "CASE n WHEN 1 THEN name END", true},
	{"IF of literals", "IF(name = 'x', 'a', 'o')", false},
	{"IF of a literal or a text", "IF(ok, 'x', name)", true},
	{"a literal that is not a text", "NULLIF('x', name)", false},
	{"a text that is no literal", "NULLIF(name, 'x')", true},
	{"a literal where there is a text", "NVL2(name, 'a', 'o')", false},
	{"a literal cut to the length of a text", "LEFT('abc', LENGTH(name))", false},
	{"a literal where a text is replaced", "REPLACE('abc', name, 'x')", false},
	{"a time in the format of a text", "DATE_FORMAT(at, name)", false},
	{"a text as a time in a format", "DATE_FORMAT(name, '%Y')", false},
	{"a choice by a text's place", "ELT(LENGTH(name), 'a', 'b')", false},
	{"a literal inside", "CONCAT('x', IF(name = 'y', 'a', 'o'))", false},
	{"a literal of a literal in other functions", "UPPER(CONCAT('x', HEX(name)))", false},
	{"the largest text, in capitals", "UPPER(MAX(name))", true},
	{"the largest literal, in capitals", "CONCAT(MAX('x'), COUNT(name))", false},

	{"a count needs no column", "COUNT(*)", true},
	{"a rank needs none either", "ROW_NUMBER() OVER ()", true},
	{"any other aggregate does", "SUM(1.5)", false},
	{"an average", "AVG(price)", true},
	{"a deviation", "STDDEV_POP(n)", true},
	{"the largest text", "MAX(name)", true},
	{"the smallest registered text", "MIN(word)", true},
	{"the largest of two texts of one collation", "MAX(CONCAT(name, host))", true},
	{"the largest of texts of two collations", "MAX(CONCAT(name, word))", false},
	{"the largest of what is collated", "MAX(name COLLATE utf8mb4_bin)", false},
	{"the largest DECIMAL", "MAX(price / 3)", true},
	{"the largest JSON", "MAX(doc)", false},
	{"the text of the row before", "LAG(name) OVER (ORDER BY id)", true},
	{"of the row after", "LEAD(name) OVER (ORDER BY id)", true},
	{"of the first row", "FIRST_VALUE(name) OVER (ORDER BY id)", true},
	{"of the last row", "LAST_VALUE(name) OVER (ORDER BY id)", true},
	{"a literal of the row before", "LAG('x') OVER (ORDER BY id)", false},
	{"a literal of the row before, with no column about", "LAG('x') OVER ()", false},
	{"of the row after", "LEAD('x') OVER (ORDER BY id)", false},
	{"of the first row", "FIRST_VALUE('x') OVER (ORDER BY id)", false},
	{"of the last row", "LAST_VALUE('x') OVER (ORDER BY id)", false},
	{"of the second row", "NTH_VALUE('x', 2) OVER (ORDER BY id)", false},
	{"the smallest literal", "MIN('x') OVER (ORDER BY id)", false},
	{"the largest literal", "MAX('x') OVER (ORDER BY id)", false},
	{"a text two rows before, or a literal", "LAG(name, 2, 'x') OVER (ORDER BY id)", false},
	{"a sum over a window", "SUM(price) OVER (ORDER BY id)", true},
	{"texts one after the other", "GROUP_CONCAT(name)", true},
	{"texts in an order", "GROUP_CONCAT(DISTINCT name ORDER BY n SEPARATOR ';')", true},
	{"one registered text after the other", "GROUP_CONCAT(word)", true},
	{"texts with literals behind", "GROUP_CONCAT(name, '-', n)", true},
	{"texts with a collated literal behind", "GROUP_CONCAT(name, '' COLLATE utf8mb4_bin)", false},
	{"texts with JSON behind", "GROUP_CONCAT(name, JSON_QUOTE(host))", false},
	{"texts with those of another collation behind", "GROUP_CONCAT(name, word)", false},
	{"numbers one after the other", "GROUP_CONCAT(n)", false},
	{"a text that is no column is not looked into", "GROUP_CONCAT(UPPER(name))", false},
	{"an array of texts", "JSON_ARRAYAGG(name)", false},
	{"an object of texts", "JSON_OBJECTAGG(name, host)", false},
}

// init adds functions, of a text: those that keep its rank, and those that make
// a text of their own.
func init() {
	for _, call := range strings.Fields(`LOWER(name) LCASE(name) UPPER(name) UCASE(name) LEFT(name,1) RIGHT(name,1) REVERSE(name) REPEAT(name,2)
		SUBSTR(name,2) SUBSTRING(name,2) SUBSTRING_INDEX(name,'.',1) LPAD(name,3,'x') RPAD(name,3,'x') LTRIM(name) RTRIM(name) TRIM(name)
		REPLACE(name,'a','b') REGEXP_SUBSTR(name,'a') REGEXP_REPLACE(name,'a','b') CONCAT(n,name) CONCAT_WS('-',n,name) NVL(name,'x')
		IFNULL('x',name) COALESCE(NULL,'x',name) NULLIF(name,host)`) {
		rankCases = append(rankCases, rankCase{"a text still", call, true})
	}
	for _, call := range strings.Fields(`HEX(name) MD5(name) SHA(name) SHA1(name) SHA2(name,256) CONV(name,10,2) BIN(name) OCT(name) FORMAT(name,2)
		TO_BASE64(name) JSON_UNQUOTE(name) JSON_TYPE(name) CHAR(name) UNHEX(name) DAYNAME(name) MONTHNAME(name) FROM_BASE64(name) INET_NTOA(name)
		INET6_NTOA(name) SPACE(name) CHARSET(name) COLLATION(name) SEC_TO_TIME(name) MAKE_SET(name,'a') EXPORT_SET(name,'a','b')`) {
		rankCases = append(rankCases, rankCase{"a text of its own", call, false})
	}
}

func TestRanks(t *testing.T) {
	for _, c := range rankCases {
		t.Run(c.rule+": "+c.expr, func(t *testing.T) {
			b := resolved(t, rankTables, "SELECT 1 FROM (SELECT "+c.expr+" AS x FROM logs, r GROUP BY logs.id) y").Inner[0]
			if got := b.storableColumn(0); got != c.want {
				t.Errorf("%s: storable %v, not %v", c.expr, got, c.want)
			}
		})
	}
}

// TestRanksOfBlocks has columns that come out of other blocks.
func TestRanksOfBlocks(t *testing.T) {
	for _, c := range []struct {
		rule, query string
		want        bool
	}{
		{"a column of a table", "SELECT DISTINCT name FROM logs", true},
		{"a column of a derived table", "SELECT DISTINCT name FROM (SELECT name FROM logs) z", true},
		{"a literal of a derived table", "SELECT DISTINCT x FROM (SELECT 'x' AS x, n FROM logs) z", false},
		{"a literal of a derived table that is stored", "SELECT DISTINCT x FROM (SELECT DISTINCT 'x' AS x, n FROM logs) z", false},
		{"a text made of a derived table's, whose collation the catalog does not know", "SELECT DISTINCT UPPER(x) FROM (SELECT name AS x FROM logs) z", false},
		{"a number made of a derived table's column", "SELECT DISTINCT x / 3 FROM (SELECT n AS x FROM logs) z", true},
		{"a star, which is asked elsewhere", "SELECT DISTINCT * FROM logs", false},
		{"arms of columns", "SELECT name FROM logs UNION SELECT host FROM logs", true},
		{"an arm of a DECIMAL, which the whole stores", "SELECT n / 3 FROM logs UNION SELECT n FROM logs", true},
		{"arms of all of a table", "SELECT * FROM logs UNION SELECT * FROM logs", true},
		{"a first arm of a literal", "SELECT 'x' UNION SELECT name FROM logs", false},
		{"a last arm of a literal", "SELECT name FROM logs UNION SELECT host FROM logs UNION SELECT 'x'", false},
		{"a last arm of a collated text", "SELECT name FROM logs UNION SELECT name COLLATE utf8mb4_bin FROM logs", false},
		{"arms of different widths", "SELECT id, name FROM logs UNION SELECT * FROM (SELECT name, ' x' FROM logs) z", false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			b := resolved(t, rankTables, "SELECT 1 FROM ("+c.query+") y").Inner[0]
			if got := b.storableColumn(0); got != c.want {
				t.Errorf("%s: storable %v, not %v", c.query, got, c.want)
			}
		})
	}
}

// TestKeys has keys of groups, and extremes, whose parts are stored.
func TestKeys(t *testing.T) {
	for _, c := range []struct {
		rule, expr   string
		root, inside bool // of the statement, which only shows it, and of a block in it
	}{
		{"an integer", "n % 3", true, true},
		{"a float", "SQRT(n)", true, true},
		{"a time", "DATE(at)", true, true},
		{"JSON, as it is", "doc", true, true},
		{"a DECIMAL may have more digits than are stored", "n / 3", false, false},
		{"so may a DECIMAL column", "price", false, false},
		{"an ENUM sorts as a number", "en", false, false},
		{"bytes are not looked into", "raw", false, false},
		{"NULL", "NULL", false, false},
		{"JSON made of JSON", "COALESCE(doc)", false, false},
		{"a text", "name", true, true},
		{"a registered text", "(word)", true, true},
		{"a text made of texts of one collation", "CONCAT(name, host)", true, true},
		{"a text made of texts of two, perhaps: what the client gets is compared with nothing", "CONCAT(name, word)", true, false},
		{"a text made of a number, of the rank of a literal", "CONCAT(n, 'x')", true, false},
		{"a text of the session's collation", "CAST(name AS CHAR)", true, false},
		{"COLLATE, which has no kind", "name COLLATE utf8mb4_bin", false, false},
	} {
		t.Run(c.rule, func(t *testing.T) {
			query := "SELECT " + c.expr + " AS x FROM logs, r"
			root := resolved(t, rankTables, query)
			inside := resolved(t, rankTables, "SELECT 1 FROM ("+query+") y").Inner[0]
			for _, key := range []struct {
				b           *Block
				shown, want bool
			}{{root, true, c.root}, {root, false, c.inside}, {inside, true, c.inside}, {inside, false, c.inside}} {
				e, _ := key.b.field(0)
				if got := key.b.StorableKey(e, key.shown); got != key.want {
					t.Errorf("%s: storable %v, not %v, in a block of role %d, shown: %v", c.expr, got, key.want, key.b.Role, key.shown)
				}
			}
		})
	}
}

// TestUnranked holds the marks of the functions of JSON to what they return:
// those that make no text of it return JSON, or look into it.
func TestUnranked(t *testing.T) {
	for name, f := range tree.Functions {
		if text := f.Kind(nil) == tree.TextKind; strings.HasPrefix(name, "json_") && f.Is(tree.Unranked) == text {
			t.Errorf("%s: unranked %v, and returns a text %v", name, text, text)
		}
	}
}
