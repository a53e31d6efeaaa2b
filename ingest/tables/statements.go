package tables

import (
	"strconv"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/server"
)

// createTable spells the statement that creates a placement's table, with the
// grouped texts that are to be unquoted.
func (d dialect) createTable(t *catalog.Table, p catalog.Placement, unquoted map[string]bool) string {
	var b strings.Builder
	b.WriteString("CREATE TABLE IF NOT EXISTS " + server.QuoteName(t.Name) + " (\n  `" +
		catalog.KeyColumn + "` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY")
	for _, c := range t.Columns {
		if c.Name != catalog.KeyColumn {
			b.WriteString(",\n  " + d.column(c, unquoted[strings.ToLower(c.Name)]))
		}
	}
	for g := range t.Groups() {
		b.WriteString(",\n  " + d.hidden(g+1))
	}
	for _, ix := range t.Indexes {
		b.WriteString(",\n  " + indexDefinition(t, ix))
	}
	b.WriteString("\n) " + d.options(p.Number, lifeComment(t.ID)))
	return b.String()
}

// addColumns spells the statements that add the columns of t, hidden ones
// included, which the table doesn't have. Generated columns come in a statement
// of their own: together with others they would make the server copy the
// table, instead of changing its description only.
func (d dialect) addColumns(t *catalog.Table, now existing, unquoted map[string]bool) []string {
	var stored, generated []string
	for _, c := range t.Columns {
		name := strings.ToLower(c.Name)
		switch {
		case now.has(name):
		case c.Group > 0:
			generated = append(generated, d.column(c, unquoted[name]))
		default:
			stored = append(stored, d.column(c, false))
		}
	}
	for g := range t.Groups() {
		if !now.has(catalog.HiddenColumn(g + 1)) {
			stored = append(stored, d.hidden(g+1))
		}
	}
	var statements []string
	for _, columns := range [][]string{stored, generated} {
		if len(columns) > 0 {
			statements = append(statements, "ALTER TABLE "+server.QuoteName(t.Name)+
				"\n  ADD COLUMN "+strings.Join(columns, ",\n  ADD COLUMN "))
		}
	}
	return statements
}

// indexPrefix is how many characters of a text are in an index: many enough
// for what is looked up by equality, identifiers and hashes, and few enough
// for catalog.MaxIndexColumns of them, at up to four bytes each, in one key.
const indexPrefix = 64

// indexName is made of the positions of the index's columns in the family,
// which never change; so it is the same on every placement, and short.
func indexName(t *catalog.Table, ix catalog.Index) string {
	name := "ix"
	for _, column := range ix.Columns {
		if c, ok := t.Column(column); ok {
			name += "_" + strconv.Itoa(c.Position)
		}
	}
	return name
}

func indexDefinition(t *catalog.Table, ix catalog.Index) string {
	parts := make([]string, len(ix.Columns))
	for i, column := range ix.Columns {
		parts[i] = server.QuoteName(column)
		if c, ok := t.Column(column); ok && c.Type == catalog.Text {
			parts[i] += "(" + strconv.Itoa(indexPrefix) + ")"
		}
	}
	return "INDEX " + server.QuoteName(indexName(t, ix)) + " (" + strings.Join(parts, ", ") + ")"
}

func (d dialect) addIndex(t *catalog.Table, ix catalog.Index) string {
	return "ALTER TABLE " + server.QuoteName(t.Name) + " ADD " + indexDefinition(t, ix) + d.Online()
}

func (d dialect) dropIndex(t *catalog.Table, ix catalog.Index) string {
	return "ALTER TABLE " + server.QuoteName(t.Name) + " DROP INDEX " + server.QuoteName(indexName(t, ix)) + d.Online()
}

// droppedName is the name that a table bears between its fencing and its
// removal.
func droppedName(t *catalog.Table) string {
	return catalog.ReservedPrefix + "_drop_" + strconv.FormatInt(t.ID, 10)
}

func fenceTable(t *catalog.Table) string {
	return "RENAME TABLE " + server.QuoteName(t.Name) + " TO " + server.QuoteName(droppedName(t))
}

func dropTable(t *catalog.Table) string {
	return "DROP TABLE IF EXISTS " + server.QuoteName(droppedName(t))
}

const (
	selectLife = "SELECT table_comment FROM information_schema.tables" +
		" WHERE table_schema = DATABASE() AND table_name = ?"
	selectColumns = "SELECT LOWER(column_name), LOWER(COALESCE(generation_expression, '')) FROM information_schema.columns" +
		" WHERE table_schema = DATABASE() AND table_name = ?"
	selectIndexes = "SELECT DISTINCT LOWER(index_name) FROM information_schema.statistics" +
		" WHERE table_schema = DATABASE() AND table_name = ?"
	// The first comparison uses the index, the second is exact.
	selectRawLogs = "SELECT id FROM " + catalog.RawLogs +
		" WHERE family = ? AND family COLLATE utf8mb4_bin = ? LIMIT 5000"
)

func deleteRawLogs(ids []string) string {
	return "DELETE FROM " + catalog.RawLogs + " WHERE id IN (" + strings.Join(ids, ",") + ")"
}
