package differential

import (
	"database/sql"
	"fmt"
	"regexp"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/test/harness"
)

// TestTypesOnOneShard compares tables of each two types on one shard, which is
// asked directly too. Then one of them becomes another type behind the back of
// the process, beside a table of each type, and is registered anew.
func TestTypesOnOneShard(t *testing.T) {
	flags, addresses, database := harness.OnShards(t, 1)
	server := localtest.Open(t, addresses[0], database, "sql_mode=''")
	c := &changes{processes: harness.StartTogether(t, 1, flags...), at: map[string]*sql.DB{}, whole: localtest.Open(t, addresses[0], database)}
	var types []int
	for i, typ := range comparedTypes {
		table := fmt.Sprint("t", i)
		if _, err := server.Exec(fmt.Sprintf(ofType, table, typ.declared)); err != nil {
			t.Logf("%s: %v", typ.declared, err)
			continue
		}
		localtest.Exec(t, server, "INSERT INTO "+table+" VALUES "+typ.values+", (9, NULL)")
		c.register(table, 0)
		types = append(types, i)
	}
	if missing := len(comparedTypes) - len(types); missing > 1 {
		t.Errorf("the server lacks %d of the types", missing)
	}
	for _, left := range types {
		for _, right := range types {
			c.compare(t, comparedTypes[left].declared+" "+comparedTypes[right].declared, between(left, right))
		}
	}
	first := types[0]
	for _, to := range types {
		localtest.Exec(t, server, fmt.Sprint("DROP TABLE t", first), fmt.Sprintf(ofType, fmt.Sprint("t", first), comparedTypes[to].declared),
			fmt.Sprintf("INSERT INTO t%d VALUES %s, (9, NULL)", first, comparedTypes[to].values))
		name := fmt.Sprintf("%s, now %s", comparedTypes[first].declared, comparedTypes[to].declared)
		for _, right := range types[1:] {
			c.compare(t, name+", unregistered, "+comparedTypes[right].declared, between(first, right)[:1])
		}
		c.register(fmt.Sprint("t", first), 0)
		for _, right := range types[1:] {
			c.compare(t, name+", "+comparedTypes[right].declared, between(first, right)[:1])
		}
	}
	c.enough(t)
}

// between are the comparisons of the tables of two types.
func between(left, right int) []string {
	table := map[string]int{"l": left, "r": right}
	queries := make([]string, len(comparisons))
	for i, query := range comparisons {
		queries[i] = compared.ReplaceAllStringFunc(query, func(from string) string {
			words := compared.FindStringSubmatch(from)
			return fmt.Sprintf("%s t%d AS %s", words[1], table[words[2]], words[2])
		})
	}
	return queries
}

var compared = regexp.MustCompile(`(FROM|JOIN) ([lr])\b`)
