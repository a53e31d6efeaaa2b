package differential

import (
	"context"
	"fmt"
	"strings"
	"sync"
)

// weights folds texts by the oracle's own collations, and -0 to 0.
type weights struct {
	oracle     *oracle
	query      query
	columns    []column
	collations []string // by column; nil: not asked yet
}

// cached holds the weights of texts by collation, since they are few.
var cached sync.Map

func (w *weights) fold(i int, text string) string {
	switch w.columns[i].kind {
	case "float":
		if text == "-0" {
			return "0"
		}
	case "text", "json":
		return w.weight(w.collation(i), text)
	}
	return text
}

// collation returns that of a column of the query's answer. It cannot be told
// where two columns have one name; then it is the sessions'.
func (w *weights) collation(i int) string {
	if w.collations == nil {
		w.collations = w.ask()
	}
	return w.collations[i]
}

func (w *weights) ask() []string {
	found := make([]string, len(w.columns))
	targets := make([]any, len(w.columns))
	var list []string
	for i, c := range w.columns {
		found[i] = w.oracle.collation
		targets[i] = &found[i]
		list = append(list, "COLLATION(x.`"+strings.ReplaceAll(c.name, "`", "``")+"`)")
	}
	text, err := w.query.bound()
	if err != nil {
		return found
	}
	ctx, cancel := context.WithTimeout(context.Background(), w.oracle.limit)
	defer cancel()
	row := w.oracle.db.QueryRowContext(ctx, "SELECT "+strings.Join(list, ", ")+" FROM ("+text+") AS x LIMIT 1")
	if row.Scan(targets...) != nil {
		for i := range found {
			found[i] = w.oracle.collation
		}
	}
	return found
}

// weight returns what texts that are equal under the collation share: those
// that pad ignore blanks at the end.
func (w *weights) weight(collation, text string) string {
	if collation == "binary" {
		return text
	}
	if !strings.Contains(collation, "nopad") && !strings.Contains(collation, "_0900_") {
		text = strings.TrimRight(text, " ")
	}
	key := collation + "\x00" + text
	if v, ok := cached.Load(key); ok {
		return v.(string)
	}
	charset, _, _ := strings.Cut(collation, "_")
	ctx, cancel := context.WithTimeout(context.Background(), w.oracle.limit)
	defer cancel()
	var weight string
	err := w.oracle.db.QueryRowContext(ctx, fmt.Sprintf("SELECT COALESCE(HEX(WEIGHT_STRING(CONVERT(%s USING %s) COLLATE %s)), '')",
		quote(text), charset, collation)).Scan(&weight)
	if err != nil {
		weight = "as it is: " + text
	}
	cached.Store(key, weight)
	return weight
}
