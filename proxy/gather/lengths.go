package gather

import "strings"

// plainCalls are what may stand before a parenthesis in a statement that
// reads a table whose texts were declared shorter than they might be: none of
// them makes a text longer than a server thinks it can become.
var plainCalls = words(`
	SELECT DISTINCT ALL FROM JOIN ON USING WHERE AND OR NOT XOR IN EXISTS ANY SOME HAVING BY UNION EXCEPT INTERSECT
	AS WITH VALUES LIMIT CASE WHEN THEN ELSE BETWEEN LIKE IS DIV MOD INTERVAL OVER PARTITION ORDER GROUP
	COUNT SUM AVG MIN MAX STD STDDEV STDDEV_POP STDDEV_SAMP VAR_POP VAR_SAMP VARIANCE BIT_AND BIT_OR BIT_XOR
	ROW_NUMBER RANK DENSE_RANK PERCENT_RANK CUME_DIST NTILE LAG LEAD FIRST_VALUE LAST_VALUE NTH_VALUE
	IF IFNULL NULLIF COALESCE ISNULL GREATEST LEAST ABS CEIL CEILING FLOOR ROUND TRUNCATE SIGN SQRT POW POWER
	CAST SIGNED UNSIGNED DECIMAL CHAR DATE TIME DATETIME YEAR MONTH DAY HOUR MINUTE SECOND QUARTER WEEK WEEKDAY
	DAYOFWEEK DAYOFMONTH DAYOFYEAR LAST_DAY DATE_ADD DATE_SUB DATEDIFF TIMESTAMPDIFF EXTRACT UNIX_TIMESTAMP
	LENGTH CHAR_LENGTH CHARACTER_LENGTH OCTET_LENGTH LEFT RIGHT SUBSTR SUBSTRING TRIM LTRIM RTRIM LOCATE INSTR
	STRCMP FIELD CRC32 CONCAT`)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// lengthless reports whether the lengths to which columns of text are
// declared can be told from nothing that the statement returns.
//
// They mostly can't, but a recursive CTE's columns are as long as those of
// its first SELECT, and some functions foresee too short a result where an
// argument is declared short: JSON_ARRAY forgets the backslashes, REPLACE
// that what it replaces may be shorter than declared. What such a text goes
// through, a derived table or a group, then cuts it.
func lengthless(sql string) bool {
	s := scanner{text: sql}
	for last := ""; ; {
		token := s.next()
		switch {
		case token == "":
			return true
		case token == "(" && last != "" && isWord(last[0]) && !plainCalls[strings.ToUpper(last)]:
			return false
		case strings.EqualFold(token, "RECURSIVE"):
			return false
		}
		last = token
	}
}
