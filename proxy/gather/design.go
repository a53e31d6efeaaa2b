package gather

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kolide/databalancer/server"
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
	rows    int64 // that a table of MEMORY may have; 0: however many
	row     int64 // bytes that each of these takes of the server's memory
	heap    int64 // bytes of that memory which are taken already
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
// half of InnoDB's time. So a table is made in memory wherever its rows fit,
// of which more memory is taken as more of them come than were expected. If the
// whole shipment came before the table had to be made, its texts, which MEMORY
// knows no TEXT for, become VARCHARs.
type designer struct {
	info    server.Info
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
	least, longest := int64(fewest), heapRow
	if !f.whole {
		least, longest = likely, looseRow
	}
	if d.hint.heapless || f.rows < least || slices.ContainsFunc(columns, func(c column) bool { return c.isBlob() }) {
		return design{}, false
	}
	plan := design{columns: columns, engine: "MEMORY", limits: make([]int, len(columns))}
	plan.keys = d.keyList(&plan, f, maxKey)
	row, _ := sizes(plan.columns)
	plan.row = int64(row)*5/4 + int64(len(plan.keys))*32
	plan.rows, plan.heap = f.rows+1, plan.row*(f.rows+1)
	if !f.whole {
		plan.rows = heapLimit / plan.row
	}
	if row > longest || plan.heap > heapLimit || !d.takes(plan.heap) {
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
		plan.engine = d.info.SpaciousEngine()
	}
	if row, _ := sizes(plan.columns); row > maxRow && len(plan.keys) > 0 { // widened beyond what a row may be
		plan.columns, plan.limits, plan.keys = slices.Clone(d.columns), make([]int, len(d.columns)), nil
	}
	return plan
}

// sql spells the statement that makes the table.
func (plan *design) sql(name string, info server.Info) string {
	var b strings.Builder
	b.WriteString("CREATE TEMPORARY TABLE " + server.QuoteName(name) + " (")
	for i := range plan.columns {
		c := &plan.columns[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(c.sql())
		if c.json {
			b.WriteString(info.JSONCheck(c.name))
		}
	}
	for _, key := range plan.keys {
		b.WriteString(", " + key)
	}
	b.WriteString(") ENGINE=" + plan.engine)
	if plan.rows > 0 {
		b.WriteString(" MAX_ROWS=" + strconv.FormatInt(plan.rows, 10))
	}
	return b.String()
}
