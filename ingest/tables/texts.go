package tables

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/server"
)

// unquotedTakes is what a text takes more of a table's definition, in bytes,
// when it is read without JSON_VALUE.
const unquotedTakes = len("JSON_UNQUOTE(JSON_EXTRACT())") - len("JSON_VALUE()")

// existing are the columns that a table has: their expressions, empty for those
// that are not virtual, by their names. All are in lower case.
type existing map[string]string

func (e existing) has(name string) bool {
	_, ok := e[name]
	return ok
}

func (e existing) unquoted(name string) bool { return strings.HasPrefix(e[name], "json_unquote(") }

// groupedTexts returns the names of a table's texts in hidden columns, in lower
// case and in the order of their positions.
func groupedTexts(t *catalog.Table) (names []string) {
	for _, c := range t.Columns {
		if c.Group > 0 && c.Type == catalog.Text {
			names = append(names, strings.ToLower(c.Name))
		}
	}
	return names
}

// unquoted chooses the grouped texts of t that are read without JSON_VALUE,
// where others are read with it. These are the ones that are so already, and
// where the server loses empty strings otherwise also those for which the
// definition has room, in the order of their positions. There none is ever read
// with JSON_VALUE again, as it may hold what would be lost; if that leaves no
// room for all columns, the error is for the client. Elsewhere all are, when
// the room is needed.
func (d dialect) unquoted(t *catalog.Table, now existing) (map[string]bool, error) {
	if !d.HasJSONValue() {
		return nil, nil
	}
	room := catalog.DefinitionBudget
	if len(t.Shadows) > 0 {
		room -= catalog.ShadowsSize
	}
	for _, c := range t.Columns {
		if c.Name != catalog.KeyColumn {
			room -= catalog.DefinitionSize(c)
		}
	}
	chosen := map[string]bool{}
	for _, name := range groupedTexts(t) {
		if now.unquoted(name) {
			chosen[name] = true
			room -= unquotedTakes
		}
	}
	mended, loses := d.LosesEmptyText()
	switch {
	case !loses && room < 0:
		return map[string]bool{}, nil
	case !loses:
		return chosen, nil
	case room < 0:
		return nil, fault.New(fault.TooManyColumns, "family %s: the names of its fields are together too long for one table on %s, "+
			"whose JSON_VALUE loses empty strings (MDEV-37428); %s has more room", t.Name, d.Info, mended,
		).With(fault.Facts{Family: t.Name, Limit: catalog.MaxFields})
	}
	for _, name := range groupedTexts(t) {
		if !chosen[name] && room >= unquotedTakes {
			chosen[name] = true
			room -= unquotedTakes
		}
	}
	return chosen, nil
}

// respell spells the statement, if there is need for one, that makes the texts
// which the table has what they are to be. It changes the table's description
// only; where that is not enough, since somebody has made an index of one, the
// server refuses it.
func (d dialect) respell(t *catalog.Table, now existing, unquoted map[string]bool) []string {
	if !d.HasJSONValue() {
		return nil
	}
	var columns []string
	for _, name := range groupedTexts(t) {
		if now.has(name) && now.unquoted(name) != unquoted[name] {
			c, _ := t.Column(name)
			columns = append(columns, d.column(*c, unquoted[name]))
		}
	}
	if len(columns) == 0 {
		return nil
	}
	return []string{"ALTER TABLE " + server.QuoteName(t.Name) +
		"\n  MODIFY COLUMN " + strings.Join(columns, ",\n  MODIFY COLUMN ") + ",\n  ALGORITHM=INSTANT"}
}
