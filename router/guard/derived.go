package guard

// columnList puts a WITH in the place of the list of columns behind the alias of
// a derived table, whose opening parenthesis is the ith token: (…) AS t (a, b) is
// (WITH t (a, b) AS (…) SELECT * FROM t) AS t.
func (w *words) columnList(i int) {
	p, ok := w.pairs[i]
	if !ok || !w.dialect.ListsColumns || !w.beginsSource(i) {
		return
	}
	alias := p.end + 1
	if w.at(alias) == "as" {
		alias++
	}
	list, ok := w.pairs[alias+1]
	if !ok || !w.isName(alias) || list.end == alias+2 {
		return
	}
	for j := alias + 2; j < list.end; j++ {
		if name := (j-alias)%2 == 0; name && !w.isName(j) || !name && w.at(j) != "," {
			return
		}
	}
	name := w.text[w.tokens[alias].start:w.tokens[alias].end]
	columns := w.text[w.tokens[alias+1].start:w.tokens[list.end].end]
	w.replace(i, 1, "(WITH "+name+" "+columns+" AS (")
	w.replace(p.end, 1, ") SELECT * FROM "+name+")")
	w.replace(alias+1, list.end-alias, "")
	w.withs++
}

// beginsSource reports whether an item of FROM can begin at the ith token.
func (w *words) beginsSource(i int) bool {
	switch w.at(i - 1) {
	case "from", "join", "straight_join", "lateral", ",", "(":
		return true
	}
	return false
}

// isName reports whether the ith token may be a name. What is none, the parser
// refuses where the name stands now.
func (w *words) isName(i int) bool {
	return i < len(w.tokens) && (w.tokens[i].kind == tokenWord || w.tokens[i].kind == tokenName)
}
