package resolve

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

// TestZonesOfTimestamps says which literals are put into UTC.
func TestZonesOfTimestamps(t *testing.T) {
	const tables = `
shards a
logs on a: id int, name text, at timestamp, seen timestamp
reference.r on a: id int, at timestamp:datetime`
	const z, utc = "'2024-01-01T00:00:00+02:00'", "'2023-12-31 22:00:00'"
	for _, c := range []struct {
		query string
		want  string // of the literals, u for UTC and z as they were
	}{
		{"SELECT 1 FROM logs WHERE at >= Z", "u"},
		{"SELECT 1 FROM logs WHERE Z < logs.at AND (seen) <=> (Z)", "uu"},
		{"SELECT 1 FROM logs WHERE at BETWEEN Z AND Z", "uu"},
		{"SELECT 1 FROM logs WHERE Z BETWEEN at AND seen", "u"},
		{"SELECT 1 FROM logs WHERE at IN (Z, '2024-01-01', Z) OR Z NOT IN (at, seen)", "uuu"},
		{"SELECT 1 FROM logs WHERE (at, id) > (Z, 5) OR (id, at) IN ((1, Z), (2, Z))", "uuu"},
		{"SELECT at = Z a, CASE at WHEN Z THEN Z END b, NULLIF(at, Z) c, TIMESTAMP Z = at d FROM logs", "uuzuu"},
		{"SELECT at x FROM logs HAVING x > Z", "u"},
		{"SELECT 1 FROM (SELECT at AS x, id FROM logs) d WHERE x > Z", "u"},
		{"WITH c AS (SELECT * FROM logs) SELECT 1 FROM c JOIN logs l ON c.at = Z AND l.seen < Z", "uu"},
		{"SELECT 1 FROM r WHERE id IN (SELECT id FROM logs WHERE at > Z)", "u"},
		{"SELECT 1 FROM logs l WHERE EXISTS (SELECT 1 FROM r WHERE l.at > Z AND r.at > Z)", "uz"},
		{"SELECT 1 FROM r WHERE at > Z", "z"},
		{"SELECT 1 FROM (SELECT at FROM r UNION SELECT at FROM logs) d WHERE at > Z", "z"},
		{"SELECT Z, at + Z a, CONCAT(at, Z) b FROM logs WHERE name = Z AND DATE(at) = Z", "zzzzz"},
		{"SELECT 1 FROM logs WHERE Z IN (at, name)", "z"},
	} {
		text, err := tree.Restore(resolved(t, tables, strings.ReplaceAll(c.query, "Z", z)).Node)
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		for rest := text; rest != ""; {
			switch {
			case strings.HasPrefix(rest, utc):
				got.WriteByte('u')
			case strings.HasPrefix(rest, z):
				got.WriteByte('z')
			}
			if _, rest, _ = strings.Cut(rest[1:], "'"); rest != "" {
				rest = "'" + rest
			}
		}
		if got.String() != c.want {
			t.Errorf("%s\nis %s, not %s:\n%s", c.query, got.String(), c.want, text)
		}
	}
}
