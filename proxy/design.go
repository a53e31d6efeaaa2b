package proxy

import (
	"fmt"
	"slices"
	"strings"
)

// facts are what is known of a table's rows before the table is made.
type facts struct {
	whole   bool  // all of them have been seen
	rows    int64 // seen; if not whole and above 0, estimated
	longest []int // characters in the column's longest text; nil unless whole
}

// design is how a table is made.
type design struct {
	columns []column // widened or narrowed
	keys    []string
	engine  string
	heap    int64 // bytes that it may take of the server's memory
	// limits are, by column, how long a text may be before the keys are not
	// to be trusted any more; 0: however long.
	limits []int
}

// hint is what an earlier attempt has learned about a table.
type hint struct {
	heapless bool            // it did not fit into memory
	spacious bool            // its rows did not fit into InnoDB's pages
	unkeyed  map[string]bool // columns with texts too long for a key
}

// designer decides how a table is made.
//
// Filling is what costs most. A key costs nothing in a table of MEMORY, and
// one and a half times the filling itself in one of InnoDB (a million rows of
// an integer and a DECIMAL: 0.9 s, 1.5 s with a key; InnoDB 2.3 s, 6 s), but a
// join without a key may never end. Joins that look up texts in MEMORY take
// half of InnoDB's time. So a table is made in memory wherever its rows are
// known to fit, which they are if the whole shipment came before the table
// had to be made; its texts, which MEMORY knows no TEXT for, then become
// VARCHARs.
type designer struct {
	dialect dialect
	columns []column
	keys    [][]string
	narrow  bool // the lengths of texts may be declared as they are
	hint    hint
	takes   func(bytes int64) bool // whether the server's memory takes it
}

func (d *designer) design(f facts) design {
	if f.whole && d.narrow {
		if plan, ok := d.inMemory(d.narrowed(f), f); ok {
			return plan
		}
	}
	if plan, ok := d.inMemory(slices.Clone(d.columns), f); ok {
		return plan
	}
	return d.onDisk(f)
}

// narrowed returns the columns with the shortest types that hold the texts
// seen, and all to which these may be compared.
func (d *designer) narrowed(f facts) []column {
	columns := slices.Clone(d.columns)
	for i := range columns {
		c := &columns[i]
		if !c.isText() || c.json {
			continue
		}
		n := reach(c.collation, f.longest[i])
		if c.isBlob() || c.digits() > n {
			c.kind, c.spelled = "varchar", fmt.Sprintf("varchar(%d)", n)
		}
	}
	return columns
}

// inMemory designs a table of MEMORY, if that can hold the rows.
func (d *designer) inMemory(columns []column, f facts) (design, bool) {
	if d.hint.heapless || f.rows == 0 && !f.whole || slices.ContainsFunc(columns, func(c column) bool { return c.isBlob() }) {
		return design{}, false
	}
	plan := design{columns: columns, engine: "MEMORY", limits: make([]int, len(columns))}
	plan.keys = d.keyList(&plan, f, maxKey)
	row, _ := sizes(plan.columns)
	plan.heap = (int64(row)*5/4 + int64(len(plan.keys))*32) * (f.rows + 64)
	if !f.whole {
		plan.heap *= 2
	}
	if row > heapRow || plan.heap > heapLimit || !d.takes(plan.heap) {
		return design{}, false
	}
	return plan, true
}

// onDisk designs a table of InnoDB, or where that has no room for such rows,
// of an engine that has.
func (d *designer) onDisk(f facts) design {
	plan := design{columns: slices.Clone(d.columns), limits: make([]int, len(d.columns))}
	plan.keys = d.keyList(&plan, f, maxKey)
	plan.engine = "InnoDB ROW_FORMAT=DYNAMIC"
	if _, page := sizes(plan.columns); page > maxPage || d.hint.spacious {
		plan.columns, plan.limits = slices.Clone(d.columns), make([]int, len(d.columns))
		plan.keys = d.keyList(&plan, f, maxKeyLoose)
		plan.engine = d.dialect.spacious()
	}
	if row, _ := sizes(plan.columns); row > maxRow && len(plan.keys) > 0 { // widened beyond what a row may be
		plan.columns, plan.limits, plan.keys = slices.Clone(d.columns), make([]int, len(d.columns)), nil
	}
	return plan
}

// keyList spells the keys, and widens columns where a key needs that.
func (d *designer) keyList(plan *design, f facts, room int) []string {
	var list []string
	for _, key := range d.keys {
		if spelled := d.key(plan, f, key, room); spelled != "" && len(list) < maxKeys && !slices.Contains(list, spelled) {
			list = append(list, spelled)
		}
	}
	return list
}

// key spells one key, as far as its columns can be in one: a key of the first
// few is a key as well.
func (d *designer) key(plan *design, f facts, names []string, room int) string {
	var parts []string
	texts := 0
	for _, name := range names {
		if i := find(plan.columns, name); i >= 0 && plan.columns[i].isText() {
			texts++
		}
	}
	share := room
	if texts > 0 {
		share = (room - 40*(len(names)-texts)) / texts
	}
	for _, name := range names {
		i := find(plan.columns, name)
		if i < 0 || len(parts) == maxKeyParts || d.hint.unkeyed[plan.columns[i].name] {
			break
		}
		part, size := d.part(plan, f, i, min(share, room))
		if part == "" || size > room {
			break
		}
		parts, room = append(parts, part), room-size
	}
	if parts == nil {
		return ""
	}
	return "KEY (" + strings.Join(parts, ", ") + ")"
}

func find(columns []column, name string) int {
	return slices.IndexFunc(columns, func(c column) bool { return strings.EqualFold(c.name, name) })
}

// part spells a column in a key that has so many bytes for it.
func (d *designer) part(plan *design, f facts, i, room int) (part string, size int) {
	c := &plan.columns[i]
	switch {
	case c.isText():
		return d.textPart(plan, f, i, room)
	case c.isBlob() && forms[c.kind] == octets && !strings.HasSuffix(c.kind, "blob"), c.kind == "json":
		return "", 0
	case c.isBlob():
		n := min(room, 191)
		return fmt.Sprintf("%s(%d)", quoteName(c.name), n), n
	}
	row, _ := c.size()
	return quoteName(c.name), row
}

// textPart spells a column of text in a key. A column that is declared too
// short for what it may be compared to is widened.
func (d *designer) textPart(plan *design, f facts, i, room int) (part string, size int) {
	c := &plan.columns[i]
	most := (room - 2) / bytesOf(c.charset)
	width := most
	switch {
	case f.whole:
		width = reach(c.collation, f.longest[i])
	case simple(c.collation):
		width = min(most, 191)
	}
	if width > most || width < 1 {
		return "", 0
	}
	limit := covered(c.collation, width)
	if !f.whole && limit < 1<<30 {
		plan.limits[i] = max(limit, 1)
	}
	size = width*bytesOf(c.charset) + 2
	if plan.engine == "MEMORY" {
		if c.digits() < width {
			c.kind, c.spelled = "varchar", fmt.Sprintf("varchar(%d)", width)
		}
		row, _ := c.size()
		return quoteName(c.name), row
	}
	if c.isBlob() {
		c.kind, c.spelled = "longtext", "longtext"
		return fmt.Sprintf("%s(%d)", quoteName(c.name), width), size
	}
	if c.digits() <= width {
		c.kind, c.spelled = "varchar", fmt.Sprintf("varchar(%d)", width)
		return quoteName(c.name), size
	}
	return fmt.Sprintf("%s(%d)", quoteName(c.name), width), size
}

// sql spells the statement that makes the table.
func (plan *design) sql(name string, d dialect) string {
	var b strings.Builder
	b.WriteString("CREATE TEMPORARY TABLE " + quoteName(name) + " (")
	for i := range plan.columns {
		c := &plan.columns[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.sql())
		if c.json {
			b.WriteString(d.jsonCheck(quoteName(c.name)))
		}
	}
	for _, key := range plan.keys {
		b.WriteString(", " + key)
	}
	b.WriteString(") ENGINE=" + plan.engine)
	return b.String()
}
