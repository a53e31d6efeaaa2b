package main

import (
	"fmt"
	"strings"
)

// numbers is a table of the numbers from first to last, in its column seq, for
// the FROM of a statement on any server.
func numbers(first, last int) string {
	const digits = "(SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4" +
		" UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
	var sum, tables []string
	for i, power := 0, 1; power <= last-first; i, power = i+1, power*10 {
		sum = append(sum, fmt.Sprintf("%d * n%d.d", power, i))
		tables = append(tables, fmt.Sprintf("%s AS n%d", digits, i))
	}
	if len(tables) == 0 {
		return fmt.Sprintf("(SELECT %d AS seq) AS numbers", first)
	}
	seq := fmt.Sprintf("%d + %s", first, strings.Join(sum, " + "))
	return fmt.Sprintf("(SELECT %s AS seq FROM %s WHERE %[1]s <= %[3]d) AS numbers", seq, strings.Join(tables, ", "), last)
}
