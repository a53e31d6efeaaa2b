package guard

import (
	"slices"
	"strings"
)

// What servers take and the parser does not is put into other words before
// another attempt, where these mean exactly the same. Only texts that the parser
// has refused come here.

// words are the tokens of a text, and its parentheses.
type words struct {
	text   string
	tokens []token
	inside []int        // by token: the parenthesis that is open there, or -1
	pairs  map[int]pair // by the opening parenthesis
	edits  edited

	dialect Dialect
	carriage
	withs int // that the edits have put in
}

// pair is what closes a parenthesis, and whether a comma stands right inside it.
type pair struct {
	end   int
	comma bool
}

func tokensOf(text string) *words {
	w := &words{text: text, pairs: make(map[int]pair)}
	s := scanner{src: text}
	for t := s.next(); t.kind != tokenEnd; t = s.next() {
		w.tokens = append(w.tokens, t)
	}
	open := []int{-1}
	commas := []bool{false}
	for i := range w.tokens {
		last := len(open) - 1
		w.inside = append(w.inside, open[last])
		switch w.at(i) {
		case "(":
			open, commas = append(open, i), append(commas, false)
		case ",":
			commas[last] = true
		case ")":
			if last > 0 {
				w.pairs[open[last]] = pair{i, commas[last]}
				open, commas = open[:last], commas[:last]
			}
		}
	}
	return w
}

// at returns the ith token in lower case; "" beyond the ends, and for what is
// quoted.
func (w *words) at(i int) string {
	if i < 0 || i >= len(w.tokens) || w.tokens[i].kind == tokenString || w.tokens[i].kind == tokenName {
		return ""
	}
	return strings.ToLower(w.text[w.tokens[i].start:w.tokens[i].end])
}

// are reports whether the tokens from the ith on are these.
func (w *words) are(i int, list ...string) bool {
	for j, word := range list {
		if w.at(i+j) != word {
			return false
		}
	}
	return true
}

// replace puts text in the place of n tokens from the ith on.
func (w *words) replace(i, n int, text string) {
	start := w.tokens[i].start
	w.edits = append(w.edits, edit{start, w.tokens[i+n-1].end - start, text})
}

// rewrite makes the edits that put a text into the parser's words; none where
// there is nothing that it knows.
func (d Dialect) rewrite(text string) *words {
	w := tokensOf(text)
	w.dialect = d
	for i := range w.tokens {
		if w.tokens[i].kind == tokenWord && w.at(i-1) != "." {
			w.rewrite(i)
		}
	}
	slices.SortFunc(w.edits, func(a, b edit) int { return a.at - b.at })
	return w
}

func (w *words) rewrite(i int) {
	switch word := w.at(i); word {
	case "select", "with", "table":
		w.columnList(i - 1)
	case "natural":
		if w.are(i+1, "inner", "join") {
			w.replace(i+1, 1, "")
		}
	case "offset":
		w.offset(i)
	case "fetch":
		if w.at(i-3) != "offset" { // which has it
			w.fetch(i, i)
		}
	case "limit":
		w.limit(i)
	case "exclude":
		if w.are(i+1, "no", "others") {
			w.replace(i, 3, "") // the default
		}
	case "rollup":
		w.rollup(i)
	case "match":
		w.match(i)
	case "values":
		w.columnList(i - 1)
		w.values(i)
	case "median":
		w.median(i)
	case "percentile_cont", "percentile_disc":
		w.percentile(i)
	case "group_concat", "json_arrayagg":
		w.collects(i)
	case "json_table":
		w.jsonTable(i)
	case "interval":
		if p, ok := w.pairs[i+1]; ok && !p.comma && units[w.at(p.end+1)] {
			w.replace(i, 1, "INTERVAL +") // which changes nothing, but makes it no call
		}
	case "as":
		if typ := castTypes[w.at(i+1)]; typ != "" && w.at(w.inside[i]-1) == "cast" {
			w.replace(i+1, 1, typ)
		}
	default:
		if set, ok := strings.CutPrefix(word, "_"); ok && isKnown(set) && !slices.Contains(introducers, set) {
			w.replace(i, 1, "_latin1") // the guard puts the client's back
		}
		w.name(i, word)
	}
}

// introducers are the character sets that the parser takes before a literal.
var introducers = strings.Fields("utf8mb4 utf8 utf8mb3 latin1 ascii binary")

// units are the words that may follow INTERVAL (n).
var units = func() map[string]bool {
	set := make(map[string]bool)
	for _, unit := range strings.Fields(`microsecond second minute hour day week month quarter year second_microsecond
		minute_microsecond minute_second hour_microsecond hour_second hour_minute day_microsecond day_second
		day_minute day_hour year_month`) {
		set[unit] = true
	}
	return set
}()

// rollup makes GROUP BY ROLLUP (…), where that is all of the GROUP BY, one WITH
// ROLLUP.
func (w *words) rollup(i int) {
	if p, ok := w.pairs[i+1]; ok && w.at(i-1) == "by" && w.at(p.end+1) != "," {
		w.replace(i, 2, "")
		w.replace(p.end, 1, " WITH ROLLUP")
	}
}

// match puts MATCH … AGAINST (…) in parentheses, without which the parser takes
// it for no part of an expression, and its columns too.
func (w *words) match(i int) {
	columns, isList := w.pairs[i+1]
	against := columns.end + 1
	if !isList {
		for against = i + 1; w.isColumns(against); against++ {
		}
	}
	text, ok := w.pairs[against+1]
	if !ok || against == i+1 || w.at(against) != "against" {
		return
	}
	if isList {
		w.replace(i, 1, "(MATCH")
	} else {
		w.replace(i, 1, "(MATCH (")
		w.replace(against, 1, ") AGAINST")
	}
	w.replace(text.end, 1, "))")
}

// isColumns reports whether a token may be one of a list of columns, of which no
// other MATCH has a part: so each is looked at once.
func (w *words) isColumns(i int) bool {
	if i >= len(w.tokens) {
		return false
	}
	switch word := w.at(i); word {
	case "match", "against":
		return false
	case ",", ".":
		return true
	}
	return w.tokens[i].kind == tokenWord || w.tokens[i].kind == tokenName
}

// castTypes are MariaDB's other names for types of CAST.
var castTypes = map[string]string{"varchar": "CHAR", "int": "SIGNED", "integer": "SIGNED"}

// callable are words that the parser reserves for functions, and aliases those
// that it reserves for other ends, where servers take both for names.
var (
	callable = strings.Fields("cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank row_number")
	aliases  = strings.Fields("array groups lateral of row tablesample window")
	afters   = strings.Fields(", ) ; from where group having order limit union except intersect")
)

// name quotes a word that can only be a name where it stands.
func (w *words) name(i int, word string) {
	next := w.at(i + 1)
	ends := i+1 == len(w.tokens) || slices.Contains(afters, next)
	if slices.Contains(callable, word) && next != "(" || slices.Contains(aliases, word) && w.at(i-1) == "as" && ends {
		w.replace(i, 1, "`"+w.text[w.tokens[i].start:w.tokens[i].end]+"`")
	}
}
