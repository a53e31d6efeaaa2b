package differential

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
)

// rules say what of a query's answer SQL leaves open. The zero value: nothing
// but the order of the rows.
type rules struct {
	marks map[int]mark // by column, from 0
	order order
	ties  []int // with byTies: the columns by which the rows are sorted
}

// mark says what is open of the values of a column.
type mark struct {
	// open: any value that is equal may stand for another, such as 'DE' for
	// 'de' in a group, and 0 for -0.
	open bool
	// approx: a double of which the last digits depend on the order of the
	// rows it was computed from.
	approx bool
	// bag: the elements of a JSON array, or of a list with commas, may come in
	// any order.
	bag bool
}

// order says what ORDER BY fixes.
type order int

const (
	unordered order = iota
	total           // the place of every row
	byTies          // the places of rows up to those that tie
)

// canon is a row in a form in which equal rows are alike.
type canon struct {
	key    string
	approx []float64
}

// canonical returns a row's canonical form.
func (r *rules) canonical(row []cell, exact bool, f folder) canon {
	var c canon
	var key strings.Builder
	for i, v := range row {
		m := r.marks[i]
		text := v.text
		switch {
		case v.null:
			key.WriteString("N|")
			continue
		case m.approx:
			if x, err := strconv.ParseFloat(v.text, 64); err == nil {
				c.approx = append(c.approx, x)
				key.WriteString("~|")
				continue
			}
		case m.open:
			text = f.fold(i, v.text)
		case m.bag:
			text = sorted(v.text)
		case exact && v.exact != "":
			text = v.exact
		}
		key.WriteString(strconv.Itoa(len(text)) + ":" + text + "|")
	}
	c.key = key.String()
	return c
}

// sorted sorts the elements of a JSON array, the members of an object, or
// what stands between commas.
func sorted(text string) string {
	var list []json.RawMessage
	if json.Unmarshal([]byte(text), &list) == nil {
		slices.SortFunc(list, func(a, b json.RawMessage) int { return cmp.Compare(string(a), string(b)) })
		var b strings.Builder
		for _, e := range list {
			b.WriteString(string(e) + ",")
		}
		return b.String()
	}
	var members map[string]json.RawMessage
	if json.Unmarshal([]byte(text), &members) == nil {
		again, err := json.Marshal(members) // in the order of their names
		if err == nil {
			return string(again)
		}
	}
	parts := strings.Split(text, ",")
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func (a canon) compare(b canon) int {
	if c := cmp.Compare(a.key, b.key); c != 0 {
		return c
	}
	return slices.Compare(a.approx, b.approx)
}

// equal reports whether two rows are the same but for what is open.
func (a canon) equal(b canon) bool {
	return a.key == b.key && slices.EqualFunc(a.approx, b.approx, near)
}

// near reports whether two doubles agree to nine digits, or differ by as
// little as sums of numbers of ordinary size do where they cancel out.
func near(a, b float64) bool {
	return a == b || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b), 1)
}
