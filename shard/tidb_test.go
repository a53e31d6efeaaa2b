package shard

import (
	"testing"

	"github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/kolide/databalancer/server"
)

// Whatever the tests' servers are, TiDB's parser must take all that this
// package says to a TiDB.
func TestTiDBTakesOurStatements(t *testing.T) {
	tidb := server.Parse("8.0.11-TiDB-v8.1.0")
	statements := []string{
		selectServer, selectIdentity, selectSizes, selectTables, countOwnTables, selectColumns, countDatabases,
		createDatabase("d", server.Collation), createIdentity("d", server.Collation),
		claimIdentity("d"), finishIdentity("d"), selectOwnIdentity("d"),
		tidb.KillConnection(1 << 62), tidb.SelectRunning(),
	}
	for _, p := range []purpose{forWriting, forCatalog, forQueries, forControl} {
		statements = append(statements, settings(p, tidb, server.Collation)...)
	}
	p := parser.New()
	for _, s := range statements {
		if _, err := p.ParseOneStmt(s, "utf8mb4", server.Collation); err != nil {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestSettingsByVendor(t *testing.T) {
	const readOnly, expiry = "SET SESSION TRANSACTION READ ONLY, ISOLATION LEVEL REPEATABLE READ", "SET SESSION information_schema_stats_expiry = 0"
	tests := []struct {
		version         string
		queries, expiry bool
	}{
		{"8.4.0", true, true},
		{"10.11.1-MariaDB", true, false},
		{"8.0.11-TiDB-v8.1.0", false, false},
	}
	for _, tt := range tests {
		info := server.Parse(tt.version)
		if got := settings(forQueries, info, server.Collation); (len(got) == 2 && got[1] == readOnly) != tt.queries {
			t.Errorf("%s: queries begin with %q", tt.version, got)
		}
		if got := settings(forControl, info, server.Collation); (len(got) == 2 && got[1] == expiry) != tt.expiry {
			t.Errorf("%s: control begins with %q", tt.version, got)
		}
		if got := settings(forWriting, info, server.Collation); len(got) != 1 {
			t.Errorf("%s: writing begins with %q", tt.version, got)
		}
	}
}
