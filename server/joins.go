package server

import (
	"fmt"
	"strings"
)

// LoopsJoins reports whether rows that are joined without an index are compared
// one by one, unless the statement is Hashed. The others' optimizers choose hash
// joins by themselves. (MariaDB, "Block-Based Join Algorithms".)
func (s Info) LoopsJoins() bool { return s.Vendor == MariaDB }

// Hashed makes a SELECT join by hash what no index serves, with buffer bytes for
// each such join.
//
// It is not for every statement: MariaDB 10.11 takes hash joins for cheaper than
// they are, and reads whole tables where an index would find a few rows (TPC-H's
// query 20 takes 50 times as long). And they cut a value to the length of the
// column that it is looked up in, so that 'strasse' is not found in a VARCHAR(6)
// that holds 'straße', though both are equal.
func (s Info) Hashed(statement string, buffer int) string {
	return fmt.Sprintf("SET STATEMENT join_cache_level = 4, join_buffer_size = %d, join_buffer_space_limit = %d FOR %s", buffer, 4*buffer, statement)
}

// Loops reports whether what EXPLAIN says of a table in its last column is that
// the table's rows are compared with all those before, one by one.
func Loops(extra string) bool { return strings.Contains(extra, "BNL join") }
