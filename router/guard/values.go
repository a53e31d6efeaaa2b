package guard

import "strconv"

// values makes a VALUES statement, of rows as the dialect writes them, the
// SELECTs of its rows with UNION ALL between them, of which servers find the
// columns' types in the same way. They stand in parentheses only where a
// neighbour would bind otherwise: recursion wants its arms side by side.
func (w *words) values(i int) {
	rows := w.rowsOf(i + 1)
	if w.dialect.LacksValues || len(rows) == 0 || !w.beginsQuery(i) {
		return
	}
	begin, union, shut := "SELECT ", " UNION ALL SELECT ", ""
	end := w.pairs[rows[len(rows)-1]].end
	before, after := w.at(i-1), w.at(end+1)
	switch operator := w.operator(i); {
	case len(rows) == 1, before == "(" && after == ")":
	case after == "intersect", operator != "" && operator != "union":
		begin, shut = "(SELECT ", ")"
	case operator == "union" && before != "all", operator == "" && after == "union" && w.at(end+2) != "all":
		union = " UNION SELECT "
	}
	from := i
	for n, row := range rows {
		w.replace(from, row-from+1, begin)
		begin, from = union, w.pairs[row].end
		if n > 0 || !w.dialect.RowValues {
			continue
		}
		name := w.nameValues(row)
		if begin = name + union; len(rows) == 1 {
			shut = name + shut
		}
	}
	w.replace(from, 1, shut)
}

// rowsOf returns the opening parentheses of the rows from the ith token on; none
// where what stands there is no list of rows and nothing but that.
func (w *words) rowsOf(i int) (rows []int) {
	for {
		if w.dialect.RowValues {
			if w.at(i) != "row" {
				return nil
			}
			i++
		}
		p, ok := w.pairs[i]
		if !ok || p.end == i+1 {
			return nil
		}
		if w.hasBetween(i, p.end, "rownum") {
			return nil // it counts the rows of the statement
		}
		rows = append(rows, i)
		switch w.at(p.end + 1) {
		case ",":
			i = p.end + 2
		case "", ")", ";", "union", "except", "intersect", "order", "limit":
			return rows
		default:
			return nil
		}
	}
}

// hasBetween reports whether a word stands between two tokens.
func (w *words) hasBetween(i, end int, word string) bool {
	for ; i < end; i++ {
		if w.at(i) == word {
			return true
		}
	}
	return false
}

// beginsQuery reports whether a query can begin at the ith token.
func (w *words) beginsQuery(i int) bool {
	switch w.at(i - 1) {
	case "(", "explain":
		return true
	case "": // no text's end: that is quoted
		return i == 0
	case ")":
		return w.at(0) == "with" || w.inside[i] >= 0 && w.at(w.inside[i]+1) == "with"
	}
	return w.operator(i) != ""
}

// operator returns the set operator right before the ith token, or "".
func (w *words) operator(i int) string {
	word := w.at(i - 1)
	if word == "all" || word == "distinct" {
		word = w.at(i - 2)
	}
	switch word {
	case "union", "except", "intersect":
		return word
	}
	return ""
}

// nameValues gives the columns of the row in a parenthesis the names that the
// dialect's servers do, but for the last, whose alias it returns.
func (w *words) nameValues(open int) string {
	n := 0
	alias := func() string { n++; return " AS column_" + strconv.Itoa(n-1) }
	for i := open + 1; i < w.pairs[open].end; i++ {
		if w.inside[i] == open && w.at(i) == "," {
			w.replace(i, 1, alias()+",")
		}
	}
	return alias()
}
