package ingest

import (
	"testing"

	tidb "github.com/pingcap/tidb/pkg/parser"
	_ "github.com/pingcap/tidb/pkg/parser/test_driver"

	"github.com/kolide/databalancer/catalog"
)

// TestTiDBParses has TiDB's own parser read what is sent to one.
func TestTiDBParses(t *testing.T) {
	table := &catalog.Table{Name: "web-log", Columns: []catalog.Column{
		{Name: "id", Type: catalog.Int}, {Name: "id.orig_h", Type: catalog.Text, Position: 1}, {Name: "j", Type: catalog.JSON, Position: 12, Group: 2},
	}}
	tg := newTarget(table, nil, newFieldSet([]catalog.Field{{Name: "id.orig_h", Type: catalog.Text}, {Name: "j", Type: catalog.JSON}}, nil))
	empty := newTarget(&catalog.Table{Name: "empty"}, nil, newFieldSet(nil, nil))
	p := tidb.New()
	for _, s := range []string{
		statement(form{tg.insert, tg.row(), tg.params}, 3),
		statement(form{empty.insert, empty.row(), empty.params}, 2),
		statement(rawForm, 2),
		"START TRANSACTION", "COMMIT", "ROLLBACK",
	} {
		if _, _, err := p.Parse(s, "", ""); err != nil {
			t.Errorf("%s\n%v", s, err)
		}
	}
}
