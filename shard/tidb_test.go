package shard

import (
	"testing"

	"github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"
)

// No TiDB runs here, but its parser does: it must take all that this package
// says to a TiDB.
func TestTiDBTakesOurStatements(t *testing.T) {
	server := ParseServer("8.0.11-TiDB-v8.1.0")
	statements := []string{
		selectServer, selectIdentity, selectSizes, selectTables, countOwnTables, selectColumns, selectRawLogs, selectNextID, countDatabases,
		createDatabase("d"), createIdentity("d"), createRawLogs(server, "d", 3), raiseRawLogs("d", 3),
		claimIdentity("d"), finishIdentity("d"), selectOwnIdentity("d"),
		killStatement(server, 1<<62), selectRunning(server),
	}
	for _, p := range []purpose{forWriting, forCatalog, forQueries, forControl} {
		statements = append(statements, settings(p, server)...)
	}
	p := parser.New()
	for _, s := range statements {
		if _, err := p.ParseOneStmt(s, "utf8mb4", collation); err != nil {
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
		server := ParseServer(tt.version)
		if got := settings(forQueries, server); (len(got) == 2 && got[1] == readOnly) != tt.queries {
			t.Errorf("%s: queries begin with %q", tt.version, got)
		}
		if got := settings(forControl, server); (len(got) == 2 && got[1] == expiry) != tt.expiry {
			t.Errorf("%s: control begins with %q", tt.version, got)
		}
		if got := settings(forWriting, server); len(got) != 1 {
			t.Errorf("%s: writing begins with %q", tt.version, got)
		}
	}
}
