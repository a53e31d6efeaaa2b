// Package catalogtest writes down catalogs for tests of what reads them.
package catalogtest

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

// Parse makes a snapshot from text such as
//
//	shards a b c:readonly
//	dog_registry on a: id int, name text, tags json/1
//	reference.people on b: name text
//	big on a=1000 b=500: n int
//
// with a line a table: its name, with its database where it is not ours, its
// shards in placement order, each with its number of rows if that is known,
// and its columns, a number behind the slash being the column's group, a word
// behind a colon MySQL's own name of a registered table's type, and a + the mark
// of a column with a usable shadow, of the bucket that follows, if any.
func Parse(t testing.TB, text string) *catalog.Snapshot {
	t.Helper()
	var shards []catalog.Shard
	var tables []*catalog.Table
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if names, ok := strings.CutPrefix(line, "shards "); ok {
			shards = parseShards(names)
		} else if line != "" {
			tables = append(tables, parseTable(t, line))
		}
	}
	return catalog.NewSnapshot(1, shards, tables)
}

func parseShards(text string) []catalog.Shard {
	var shards []catalog.Shard
	for i, name := range strings.Fields(text) {
		name, state, ok := strings.Cut(name, ":")
		if !ok {
			state = string(catalog.Active)
		}
		shards = append(shards, catalog.Shard{Number: i, Name: name, State: catalog.ShardState(state)})
	}
	return shards
}

func parseTable(t testing.TB, line string) *catalog.Table {
	t.Helper()
	head, columns, ok := strings.Cut(line, ": ")
	words := strings.Fields(head)
	if !ok || len(words) < 3 || words[1] != "on" {
		t.Fatalf("catalog line %q", line)
	}
	table := &catalog.Table{Name: words[0], Kind: catalog.Family}
	if database, name, ok := strings.Cut(words[0], "."); ok {
		table.Database, table.Name, table.Kind = database, name, catalog.Registered
	}
	for i, shard := range words[2:] {
		shard, rows, _ := strings.Cut(shard, "=")
		n, _ := strconv.ParseInt(rows, 10, 64)
		table.Placements = append(table.Placements, catalog.Placement{Number: i, Shard: shard, Rows: n, Bytes: 100 * n})
	}
	for i, column := range strings.Split(columns, ", ") {
		name, typ, _ := strings.Cut(column, " ")
		typ, group, grouped := strings.Cut(typ, "/")
		typ, dataType, _ := strings.Cut(typ, ":")
		typ, bucket, shadowed := strings.Cut(typ, "+")
		if shadowed {
			table.Shadows = append(table.Shadows, catalog.Shadow{Column: name, Position: i, Bucket: catalog.Bucket(bucket), Usable: true})
		}
		c := catalog.Column{Name: name, Type: catalog.Type(typ), DataType: dataType, Position: i}
		if typ == "uuid" {
			c.Type, c.DataType = catalog.Text, "uuid"
		}
		if grouped {
			if _, err := fmt.Sscan(group, &c.Group); err != nil {
				t.Fatalf("column %q: %v", column, err)
			}
		}
		table.Columns = append(table.Columns, c)
	}
	return table
}
