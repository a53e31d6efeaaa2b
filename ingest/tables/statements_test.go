package tables

import (
	"flag"
	"os"
	"strings"
	"testing"

	tidb "github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"
	"golang.org/x/tools/txtar"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// servers are the dialects that the golden statements are of.
var servers = []string{"8.4.3", "8.0.22", "10.11.14-MariaDB", "10.11.15-MariaDB", "8.0.11-TiDB-v7.5.1"}

// sampleTable has stored and generated columns of all types.
func sampleTable() *catalog.Table {
	t := &catalog.Table{ID: 7, Name: "web-log", Kind: catalog.Family, Columns: []catalog.Column{
		{Name: "id", Type: catalog.Int},
		{Name: "id.orig_h", Type: catalog.Text}, {Name: "_id", Type: catalog.Int}, {Name: "load", Type: catalog.Float},
		{Name: "ok", Type: catalog.Bool}, {Name: "@timestamp", Type: catalog.Timestamp}, {Name: "tags", Type: catalog.JSON},
		{Name: "t", Type: catalog.Text, Group: 1}, {Name: "i", Type: catalog.Int, Group: 1}, {Name: "f", Type: catalog.Float, Group: 1},
		{Name: "b", Type: catalog.Bool, Group: 2}, {Name: "ts", Type: catalog.Timestamp, Group: 2}, {Name: "j", Type: catalog.JSON, Group: 2},
	}}
	for i := range t.Columns {
		t.Columns[i].Position, t.Columns[i].Nullable = i, i > 0
	}
	t.Indexes = []catalog.Index{{Columns: []string{"id.orig_h", "_id"}}, {Columns: []string{"@timestamp"}}}
	return t
}

var sampleShadows = []catalog.Shadow{
	{Column: "id.orig_h", Position: 1},
	{Column: "@timestamp", Position: 5, Bucket: catalog.Minute},
	{Column: "@timestamp", Position: 5, Bucket: catalog.Hour},
	{Column: "@timestamp", Position: 5, Bucket: catalog.Day},
}

// statements are all that a dialect spells.
func statements(d dialect) []string {
	t := sampleTable()
	now := existing{"id": "", "id.orig_h": "", "#1": "", "t": "json_value(`#1`,'$.h')"}
	unquoted, _ := d.unquoted(t, now)
	all := []string{d.createTable(t, catalog.Placement{Number: 2}, unquoted)}
	all = append(all, d.createTable(&catalog.Table{ID: 8, Name: "empty", Columns: t.Columns[:1]}, catalog.Placement{}, nil))
	all = append(all, d.respell(t, now, unquoted)...)
	all = append(all, d.addColumns(t, now, unquoted)...)
	all = append(all, d.addIndex(t, t.Indexes[0]), d.dropIndex(t, t.Indexes[0]))
	for _, s := range sampleShadows {
		all = append(all, d.addShadow(t, s), d.addShadowIndex(t, s))
		all = append(all, d.dropShadow(t, s, true, s.Name())...)
	}
	return append(all, selectUnfit(t, sampleShadows[0]), fenceTable(t), dropTable(t), d.createRawLogs("logs", 2), raiseRawLogs("logs", 2))
}

func TestStatements(t *testing.T) {
	const golden = "testdata/ddl.txtar"
	var got txtar.Archive
	for _, version := range servers {
		text := strings.Join(statements(dialect{server.Parse(version), server.Collation}), ";\n\n") + ";\n"
		got.Files = append(got.Files, txtar.File{Name: version, Data: []byte(text)})
	}
	if *update {
		if err := os.WriteFile(golden, txtar.Format(&got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := txtar.ParseFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range got.Files {
		if i >= len(want.Files) || string(want.Files[i].Data) != string(file.Data) {
			t.Errorf("statements for %s are not those in %s (run with -update to accept):\n%s", file.Name, golden, file.Data)
		}
	}
}

// TestTiDBParses has TiDB's own parser read the statements of its dialect.
func TestTiDBParses(t *testing.T) {
	p, d := tidb.New(), dialect{server.Parse("8.0.11-TiDB-v7.5.1"), server.Collation}
	all := append(statements(d),
		selectKinds, selectNextID,
		selectRawLogs, deleteRawLogs([]string{"1", "2"}), selectLife, selectColumns, selectIndexes,
		"SELECT @@lock_wait_timeout", "SET lock_wait_timeout = "+lockWait,
	)
	for _, s := range all {
		if _, _, err := p.Parse(s, "", ""); err != nil {
			t.Errorf("%s\n%v", s, err)
		}
	}
}
