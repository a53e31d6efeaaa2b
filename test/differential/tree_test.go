package differential

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// sort says where a node of a query's tree may stand.
type nodeSort int

const (
	other    nodeSort = iota
	exprNode          // an expression
	queryNode
	tableNode // in FROM: a table, a derived table or a join
	itemNode  // of the SELECT list
	keyNode   // of ORDER BY
)

// node is a piece of a generated query: texts with nodes between them, or a
// list. All that a query can lose and stay a query are elements of lists, all
// that can stand for each other have the same sort: so a wrong query can be
// made smaller without knowledge of SQL.
type node struct {
	sort nodeSort
	text []string // one more than kids; unused in a list
	kids []*node

	isList      bool
	prefix, sep string // printed before the first, and between elements; an empty list prints nothing
	least       int    // how many elements the list must keep

	arg   json.RawMessage // of a literal: what to send where it is a placeholder
	alias string          // of an item its name; of a key the name or the number of its column
	is    attributes      // of an item

	whole    bool // of an aggregate: its argument cannot stand for it
	total    int  // of an ORDER BY: with so many keys no rows tie; 0: never
	distinct bool // of a set operation: rows that are equal stand for each other
}

// leaf is a piece of text.
func leaf(text string) *node { return &node{text: []string{text}} }

// piece puts nodes into the places of # in a format.
func piece(sort nodeSort, format string, kids ...*node) *node {
	return &node{sort: sort, text: strings.Split(format, "#"), kids: kids}
}

// several is a list.
func several(prefix, sep string, least int, kids ...*node) *node {
	return &node{isList: true, prefix: prefix, sep: sep, least: least, kids: kids}
}

// maybe is text that can be left out.
func maybe(present bool, text string) *node {
	if !present {
		return several("", "", 0)
	}
	return several("", "", 0, leaf(text))
}

// printer prints a tree; where args is set, literals that can be placeholders
// are.
type printer struct {
	b    strings.Builder
	args *[]json.RawMessage
}

func (p *printer) print(n *node) {
	switch {
	case n.isList:
		for i, kid := range n.kids {
			p.b.WriteString(map[bool]string{true: n.prefix, false: n.sep}[i == 0])
			p.print(kid)
		}
	case n.arg != nil && p.args != nil:
		p.b.WriteByte('?')
		*p.args = append(*p.args, n.arg)
	default:
		for i, text := range n.text {
			p.b.WriteString(text)
			if i < len(n.kids) {
				p.print(n.kids[i])
			}
		}
	}
}

func (n *node) String() string {
	p := printer{}
	p.print(n)
	return p.b.String()
}

// placeheld is the query with a placeholder for each literal that can be one.
func (n *node) placeheld() query {
	q := query{args: []json.RawMessage{}}
	p := printer{args: &q.args}
	p.print(n)
	q.sql = p.b.String()
	return q
}

// clone copies a tree.
func (n *node) clone() *node {
	c := *n
	c.kids = make([]*node, len(n.kids))
	for i, kid := range n.kids {
		c.kids[i] = kid.clone()
	}
	return &c
}

func (n *node) size() int {
	size := 1
	for _, kid := range n.kids {
		size += kid.size()
	}
	return size
}

// find calls f for the node and those below, as long as it returns true.
func (n *node) find(f func(*node) bool) {
	if f(n) {
		for _, kid := range n.kids {
			kid.find(f)
		}
	}
}

// items are the nodes of a query's own SELECT list; of a set operation those
// of each arm, one after the other.
func (n *node) items() (arms [][]*node) {
	var all []*node
	n.find(func(k *node) bool {
		switch {
		case k.sort == itemNode:
			all = append(all, k)
			return false
		case k.sort == queryNode && k != n:
			if k.below(n) {
				arms = append(arms, k.items()...)
			}
			return false
		}
		return k.sort == other || k == n
	})
	if len(all) > 0 {
		arms = append(arms, all)
	}
	return arms
}

// below reports whether a query is an arm of another.
func (n *node) below(set *node) bool {
	return !set.isList && slices.Contains(set.kids, n)
}

// rules are what the tree says of its answer.
func (n *node) rules() *rules {
	r := &rules{marks: map[int]mark{}}
	distinct := false
	n.find(func(k *node) bool {
		distinct = distinct || k.distinct && k.sort == queryNode
		return k.sort == queryNode
	})
	for _, arm := range n.items() {
		for i, item := range arm {
			m := r.marks[i]
			m.open = m.open || item.is.open || distinct && foldable(item.is.class)
			m.approx = m.approx || item.is.approx
			r.marks[i] = m
		}
	}
	n.orderRules(r)
	return r
}

// foldable reports whether values of a class can be equal and differ.
func foldable(c class) bool { return c == text || c == float }

// orderRules says what the query's own ORDER BY fixes: with all its keys the
// place of each row, and otherwise what its keys that are columns tell.
func (n *node) orderRules(r *rules) {
	for _, kid := range n.kids {
		if !kid.isList || kid.prefix != orderBy || len(kid.kids) == 0 {
			continue
		}
		if kid.total > 0 && kid.total == len(kid.kids) {
			r.order = total
			return
		}
		columns := n.columns()
		for _, key := range kid.kids {
			at, ok := columns[key.alias]
			if n, err := strconv.Atoi(key.alias); err == nil && n <= len(columns) {
				at, ok = n, true
			}
			if !ok {
				r.order, r.ties = unordered, nil
				return
			}
			r.order, r.ties = byTies, append(r.ties, at-1)
		}
	}
}

const orderBy = " ORDER BY "

// columns are the positions of the columns, from 1, by their names, of which
// each is given once.
func (n *node) columns() map[string]int {
	at := map[string]int{}
	if arms := n.items(); len(arms) > 0 {
		for i, item := range arms[0] {
			at[item.alias] = i + 1
		}
	}
	return at
}

func literal(text string) *node {
	return &node{sort: exprNode, text: []string{text}}
}

// value is a literal that can be sent as an argument.
func value(text string) *node {
	n := literal(text)
	if text[0] == '\'' {
		n.arg, _ = json.Marshal(strings.NewReplacer(`\\`, `\`, `''`, `'`, `\t`, "\t").Replace(text[1 : len(text)-1]))
	} else if _, err := strconv.ParseFloat(text, 64); err == nil && json.Valid([]byte(text)) {
		n.arg = json.RawMessage(text)
	}
	return n
}
