package gather

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kolide/databalancer/server"
)

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
		return fmt.Sprintf("%s(%d)", server.QuoteName(c.name), n), n
	}
	row, _ := c.size()
	return server.QuoteName(c.name), row
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
		return server.QuoteName(c.name), row
	}
	if c.isBlob() {
		c.kind, c.spelled = "longtext", "longtext"
		return fmt.Sprintf("%s(%d)", server.QuoteName(c.name), width), size
	}
	if c.digits() <= width {
		c.kind, c.spelled = "varchar", fmt.Sprintf("varchar(%d)", width)
		return server.QuoteName(c.name), size
	}
	return fmt.Sprintf("%s(%d)", server.QuoteName(c.name), width), size
}
