package guard

import (
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// jsonTable puts a derived table of the document in the place of a JSON_TABLE
// whose path and columns are such as this package knows. It begins where its
// document does.
func (w *words) jsonTable(i int) {
	p, ok := w.pairs[i+1]
	if !ok {
		return
	}
	comma := i + 2
	for comma < p.end && !(w.inside[comma] == i+1 && w.at(comma) == ",") {
		comma++
	}
	r := columnReader{words: w, i: comma + 1, end: p.end}
	if comma == i+2 || !r.table() || r.i != p.end {
		return
	}
	w.replace(i, 2, "(SELECT ")
	w.replace(comma, p.end-comma+1, ")")
	w.documents.put(w.tokens[i+2].start, &tree.JSONTable{Rest: r.printed.String(), Columns: r.names})
}

// columnReader reads and prints what follows the document of a JSON_TABLE:
// path COLUMNS (column, …). A method that reports false has met something that
// it does not know.
type columnReader struct {
	*words
	i, end  int
	printed strings.Builder
	names   []string
}

func (r *columnReader) table() bool {
	return r.path() && r.word("columns") && r.word("(") && r.columns() && r.word(")")
}

func (r *columnReader) columns() bool {
	for {
		if !r.column() {
			return false
		}
		if !r.word(",") {
			return true
		}
	}
}

func (r *columnReader) column() bool {
	if r.at(r.i) == "nested" && (r.at(r.i+1) == "path" || r.isString(r.i+1)) {
		r.word("nested")
		r.word("path")
		return r.table()
	}
	if !r.name() {
		return false
	}
	if r.word("for") {
		return r.word("ordinality")
	}
	if !r.columnType() {
		return false
	}
	exists := r.word("exists")
	if !r.word("path") || !r.path() {
		return false
	}
	if exists {
		return true
	}
	empty := r.onEvent()
	return empty && r.onEvent()
}

// onEvent reads {NULL | ERROR | DEFAULT text} ON {EMPTY | ERROR}, where there is
// one.
func (r *columnReader) onEvent() bool {
	switch {
	case r.word("null"), r.at(r.i+1) == "on" && r.word("error"):
	case r.word("default"):
		if !r.path() {
			return false
		}
	default:
		return true
	}
	return r.word("on") && (r.word("empty") || r.word("error"))
}

// typeWords are those of which types of columns consist.
var typeWords = func() map[string]bool {
	set := make(map[string]bool)
	for _, word := range strings.Fields(`bigint int integer mediumint smallint tinyint unsigned signed bool boolean
		decimal dec numeric fixed float double precision real bit char character varchar varying national nchar nvarchar
		text tinytext mediumtext longtext binary varbinary blob tinyblob mediumblob longblob charset set
		date time datetime timestamp year json`) {
		set[word] = true
	}
	return set
}()

func (r *columnReader) columnType() bool {
	begin := r.i
	for r.at(r.i) != "path" && r.at(r.i) != "exists" {
		word, last := r.at(r.i), r.at(r.i-1)
		named := (last == "set" || last == "charset" || last == "collate") && isPlainWord(word)
		if !named && !typeWords[word] && word != "collate" && !r.isLength() {
			return false
		}
		if !r.word(word) {
			return false
		}
	}
	return r.i > begin
}

// isLength reports whether a token belongs to the (n) or (n, m) of a type.
func (r *columnReader) isLength() bool {
	word := r.at(r.i)
	return word == "(" || word == ")" || word == "," && r.at(r.inside[r.i]-1) != "columns" || isNumber(word)
}

func isNumber(word string) bool { return word != "" && strings.Trim(word, "0123456789") == "" }

// isPlainWord reports whether a word is the name of a charset or collation.
func isPlainWord(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// word prints a word, if that is what comes.
func (r *columnReader) word(word string) bool {
	if r.i >= r.end || word == "" || r.at(r.i) != word {
		return false
	}
	r.print(strings.ToUpper(word))
	return true
}

// name prints the name of a column.
func (r *columnReader) name() bool {
	if r.i >= r.end {
		return false
	}
	text := r.text[r.tokens[r.i].start:r.tokens[r.i].end]
	switch r.tokens[r.i].kind {
	case tokenName:
		text = strings.ReplaceAll(text[1:len(text)-1], "``", "`")
	case tokenWord:
	default:
		return false
	}
	r.names = append(r.names, text)
	r.print("`" + strings.ReplaceAll(text, "`", "``") + "`")
	return true
}

func (r *columnReader) isString(i int) bool {
	return i < r.end && r.tokens[i].kind == tokenString
}

// path prints a string, of those that all servers read alike.
func (r *columnReader) path() bool {
	if !r.isString(r.i) || r.isString(r.i+1) {
		return false
	}
	text := r.text[r.tokens[r.i].start:r.tokens[r.i].end]
	if strings.Contains(text, `\`) {
		return false
	}
	quote := text[:1]
	text = strings.ReplaceAll(text[1:len(text)-1], quote+quote, quote)
	r.print("'" + strings.ReplaceAll(text, "'", "''") + "'")
	return true
}

func (r *columnReader) print(text string) {
	r.printed.WriteByte(' ')
	r.printed.WriteString(text)
	r.i++
}

// document takes a derived table for the JSON_TABLE that it carries, if it does
// carry one.
func (g *guard) document(n *ast.TableSource) (*tree.JSONTable, error) {
	sel, ok := n.Source.(*ast.SelectStmt)
	if !ok || len(g.documents) == 0 || len(sel.Fields.Fields) != 1 || sel.Fields.Fields[0].Expr == nil {
		return nil, nil
	}
	field := sel.Fields.Fields[0]
	table, ok := g.documents.take(g.edits.back(field.Offset))
	if !ok {
		return nil, nil
	}
	if sel.From != nil || sel.Where != nil || sel.GroupBy != nil || sel.Having != nil || sel.OrderBy != nil || sel.Limit != nil ||
		sel.With != nil || sel.Distinct || len(sel.WindowSpecs) > 0 || sel.LockInfo != nil || sel.SelectIntoOpt != nil || field.AsName.O != "" {
		return nil, fault.At(fault.Syntax, field.Offset, "the document of a JSON_TABLE is an expression")
	}
	if n.AsName.O == "" {
		return nil, fault.At(fault.Syntax, field.Offset, "a JSON_TABLE needs an alias")
	}
	table.Document = field.Expr
	return table, g.expr(&table.Document)
}
