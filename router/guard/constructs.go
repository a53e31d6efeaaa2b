package guard

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser"
)

// construct is something that a server takes, or another database does, and the
// parser does not know: the words before the place at which it stumbles, with
// that place marked by a ^, and how we call it.
type construct struct{ words, name, instead string }

var constructs = []construct{
	{"^sounds like", "SOUNDS LIKE", "SOUNDEX(a) = SOUNDEX(b)"},
	{"limit ^rows examined", "LIMIT ROWS EXAMINED", ""},
	{"^rows examined", "LIMIT ROWS EXAMINED", ""},
	{"^cycle", "CYCLE", "UNION, which ends a recursion that repeats itself"},
	{"^with ties", "FETCH … WITH TIES", "LIMIT"},
	{"^percent", "LIMIT … PERCENT", ""},
	{"limit ^all", "LIMIT ALL", "no LIMIT"},
	{"^offset", "OFFSET without LIMIT", "LIMIT … OFFSET"},
	{"values ^(", "VALUES as a statement", "SELECT … UNION ALL"},
	{"minus ^select", "MINUS", "EXCEPT"},
	{"minus ^(", "MINUS", "EXCEPT"},
	{"full ^outer", "FULL OUTER JOIN", "the UNION of a LEFT and a RIGHT JOIN"},
	{"rollup ^(", "GROUP BY ROLLUP (…) among other items", "GROUP BY … WITH ROLLUP"},
	{"grouping ^sets", "GROUPING SETS", "GROUP BY … WITH ROLLUP, or UNION ALL"},
	{"^exclude", "EXCLUDE in a window frame", ""},
	{"^filter (", "FILTER (WHERE …)", "CASE inside the aggregate"},
	{"filter ^(", "FILTER (WHERE …)", "CASE inside the aggregate"},
	{"^within group", "WITHIN GROUP", ""},
	{"within ^group", "WITHIN GROUP", ""},
	{"group ^(", "WITHIN GROUP", ""},
	{"^returning", "JSON_VALUE … RETURNING", "CAST"},
	{"^null on", "NULL ON EMPTY", ""},
	{"^error on", "ERROR ON EMPTY", ""},
	{"^default", "DEFAULT … ON EMPTY", "COALESCE"},
	{"is ^distinct from", "IS DISTINCT FROM", "NOT a <=> b"},
	{"not ^distinct from", "IS NOT DISTINCT FROM", "a <=> b"},
	{"is ^json", "IS JSON", "JSON_VALID(x)"},
	{"^at time zone", "AT TIME ZONE", "CONVERT_TZ"},
	{"at ^time zone", "AT TIME ZONE", "CONVERT_TZ"},
	{"^system_time", "FOR SYSTEM_TIME", ""},
	{"for ^system_time", "FOR SYSTEM_TIME", ""},
	{"previous value for", "PREVIOUS VALUE FOR", ""},
	{"symmetric ^", "BETWEEN SYMMETRIC", "BETWEEN LEAST(a, b) AND GREATEST(a, b)"},
	{"explain extended", "EXPLAIN EXTENDED", "plain EXPLAIN"},
	{"explain partitions", "EXPLAIN PARTITIONS", "plain EXPLAIN"},
	{"explain format = ^", "this format of EXPLAIN", "plain EXPLAIN"},
	{"qualify ^", "QUALIFY", "a derived table"},
	{"top ^", "TOP", "LIMIT"},
	{"* except ( ^", "* EXCEPT (…)", "the columns' names"},
	{"unpivot ^(", "UNPIVOT", ""},
	{"pivot ^(", "PIVOT", ""},
	{"array ^[", "ARRAY […]", "JSON_ARRAY(…)"},
	{"^array [", "ARRAY […]", "JSON_ARRAY(…)"},
	{"^: :", "::", "CAST"},
	{"^~", "~ as a comparison", "REGEXP"},
	{"^: =", ":=", ""},
	{": ^=", ":=", ""},
	{"^:", "a named parameter", "?"},
	{") ^over", "OVER after this function", ""},
}

// aggregating are the clauses inside an aggregate that some servers know.
var aggregating = map[string]string{"order": "ORDER BY", "limit": "LIMIT", "distinct": "DISTINCT"}

// named returns the refusal of what the parser stumbles over at an offset, where
// that is something with a name; else nil.
func named(text string, at int) *fault.Error {
	w := tokensOf(text)
	i := 0
	for i < len(w.tokens) && w.tokens[i].start < at {
		i++
	}
	for _, c := range constructs {
		if w.matches(c.words, i) {
			return unsupported(at, c.name, c.instead)
		}
	}
	if i < len(w.tokens) && w.inside[i] > 0 {
		function, word := strings.ToUpper(w.at(w.inside[i]-1)), w.at(i)
		switch {
		case (function == "CAST" || function == "CONVERT") && i > 0 && (w.at(i-1) == "as" || w.at(i-1) == ","):
			return unsupported(at, function+" to "+strings.ToUpper(word), "SIGNED, DECIMAL, DOUBLE, CHAR, DATETIME and the like")
		case aggregating[word] != "" && function != "":
			return unsupported(at, aggregating[word]+" in "+function+"()", "")
		}
	}
	if i > 1 && w.at(i) == "(" && (w.at(i-2) == "as" || w.at(i-2) == ")") && w.hasWord("from") {
		return unsupported(at, "a list of columns after the alias of a derived table", "aliases inside it")
	}
	return nil
}

func unsupported(at int, name, instead string) *fault.Error {
	if instead != "" {
		return fault.At(fault.Unsupported, at, "%s is not supported: use %s", name, instead)
	}
	return fault.At(fault.Unsupported, at, "%s is not supported", name)
}

// matches reports whether words stand at the ith token: that with a ^ is it, and
// where none has one, the words end before it.
func (w *words) matches(pattern string, i int) bool {
	list := strings.Fields(pattern)
	mark := len(list)
	for j := range list {
		if list[j] != "^" && strings.HasPrefix(list[j], "^") {
			mark, list[j] = j, list[j][1:]
		} else if list[j] == "^" {
			mark, list = j, list[:j]
			break
		}
	}
	return w.are(i-mark, list...)
}

func (w *words) hasWord(word string) bool {
	for i := range w.tokens {
		if w.at(i) == word {
			return true
		}
	}
	return false
}

// reserved has the words that the parser takes for no name without quotes.
var reserved = func() map[string]bool {
	set := make(map[string]bool)
	for _, k := range parser.Keywords {
		if k.Reserved {
			set[strings.ToLower(k.Word)] = true
		}
	}
	return set
}()

// advice says what may be meant by what the parser stumbles over: a name that
// must be in backquotes.
func advice(text string, at int) string {
	if at += len(text[at:]) - len(strings.TrimLeft(text[at:], " \t\r\n\v\f")); at == len(text) {
		return ""
	}
	start, end := at, at
	for start > 0 && inName(text[start-1]) {
		start--
	}
	for end < len(text) && inName(text[end]) {
		end++
	}
	word := strings.Trim(text[start:end], ".-")
	switch {
	case word == "":
		return ""
	case reserved[strings.ToLower(word)]:
		return fmt.Sprintf("; %s is a reserved word: as a name it is written `%s`", strings.ToUpper(word), word)
	case strings.ContainsAny(word, ".-") && strings.Trim(word, "0123456789.-") != "":
		return fmt.Sprintf("; a name with dots or dashes in it is written `%s`", word)
	}
	return ""
}

func inName(c byte) bool { return isWord(c) || c == '.' || c == '-' }
