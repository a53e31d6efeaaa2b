package router

import (
	"testing"

	"github.com/kolide/databalancer/catalog/catalogtest"
)

// A plan asks for hash joins where many rows are joined by what no index is known
// of, and all that is compared is equal where its bytes are.
func TestHashes(t *testing.T) {
	snap := catalogtest.Parse(t, `shards a b
dog on a: id int, name text, age int, born timestamp, weight float
cat on a: id int, name text, age int, born timestamp, weight float
elk on b: id int, name text, age int, born timestamp, weight float`)
	for query, want := range map[string]bool{
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age":                                  true,
		"SELECT d.id FROM dog d JOIN cat c ON c.age = d.age AND c.name = 'x'":                      true,
		"SELECT d.id FROM dog d LEFT JOIN elk e ON e.age = d.age":                                  true,
		"SELECT d.id FROM dog d JOIN cat c ON c.born = d.born":                                     true,
		"SELECT d.id FROM dog d JOIN cat c ON c.id = d.age":                                        false, // by the key's index
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.id":                                   true,  // which is of no use to the inner side
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.name = d.name":                                false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age AND c.name = d.name":              false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age AND c.weight = d.weight":          false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age AND c.name IN (d.name)":           false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age AND c.age <=> d.id":               true,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age AND c.age = d.born":               false,
		"SELECT d.id FROM dog d LEFT JOIN cat c USING (age)":                                       false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age + 1":                              false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age WHERE d.name IN (SELECT 'a')":     false,
		"SELECT d.id FROM dog d LEFT JOIN cat c ON c.age = d.age AND (c.id, d.id) = (d.age, c.id)": false,
		"SELECT d.id FROM dog d WHERE d.age = 1":                                                   false,
	} {
		for _, loops := range []bool{true, false} {
			plan, err := New(Config{Database: "db"}).Plan(snap, Query{SQL: query, Dialect: Dialect{LoopsJoins: loops}})
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			if plan.Hashes != (want && loops) {
				t.Errorf("%s: hashes %t, on a server that loops %t", query, plan.Hashes, loops)
			}
		}
	}
}
