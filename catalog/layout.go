package catalog

// rowBudget bounds the sum of the worst cases, in bytes, of a family's stored
// columns. A row gets about 8,100 of the 16 KiB of an InnoDB page; what the
// budget leaves is for the null bitmap, the row's header and the hidden
// columns of the groups.
const rowBudget = 6700

// DefinitionBudget bounds the sum of the columns' definitions, in bytes, as
// MariaDB keeps them in a table's .frm file: error 1117 is beyond 65,535
// bytes. The rest is for the hidden columns and a fixed part.
const DefinitionBudget = 64_800

// groupSize is the number of fields in a group. Each field of a group costs a
// parse of the group's whole JSON when it is read, so groups are small; but
// each is a column, and InnoDB has at most 1,017.
const groupSize = 64

// cost is the most that a stored column takes in its row's page, in bytes. Of
// a long text that is its prefix or the pointer to where it is stored.
func cost(t Type) int {
	switch t {
	case Bool:
		return 1
	case Int, Float, Timestamp:
		return 8
	default:
		return 41
	}
}

// DefinitionSize is what a column's definition takes in MariaDB, in bytes: 18
// and the name; a virtual one has a header of 7, its name again and an
// expression of at most 24, or 26 for JSON; and JSON is a text with a check
// that names the column twice. (Found by trial on MariaDB 10.11.)
func DefinitionSize(c Column) int {
	size := 18 + len(c.Name)
	if c.Group > 0 {
		size += 7 + len(c.Name) + 24
	}
	if c.Type == JSON {
		size += 2 + 20 + 2*len(c.Name)
	}
	return size
}

// Layout assigns positions and groups to a family's fields. What is assigned
// once stays.
type Layout struct {
	family  string
	plain   bool // columns need no groups
	byKey   map[string]Column
	next    int   // position
	stored  int   // cost of the columns outside of groups
	defined int   // bytes of the columns' definitions
	groups  []int // number of fields in group i+1
}

// NewLayout returns the layout of a family that has these columns, besides the
// key's. Where rows are plain all further columns are stored as such, else
// those within the budget of InnoDB's rows.
func NewLayout(family string, columns []Column, plain bool) *Layout {
	l := &Layout{family: family, plain: plain, byKey: make(map[string]Column), next: 1, stored: cost(Int)}
	for _, c := range columns {
		l.keep(c)
	}
	return l
}

func (l *Layout) keep(c Column) {
	l.byKey[Key(c.Name)] = c
	l.next = max(l.next, c.Position+1)
	l.defined += DefinitionSize(c)
	if c.Group == 0 {
		l.stored += cost(c.Type)
		return
	}
	for len(l.groups) < c.Group {
		l.groups = append(l.groups, 0)
	}
	l.groups[c.Group-1]++
}

// Add returns the field's column, and whether it is a new one. Errors are
// *CaseConflictError, *TypeConflictError and *TooManyColumnsError.
func (l *Layout) Add(f Field) (c Column, isNew bool, err error) {
	name := FieldColumn(f.Name)
	if c, ok := l.byKey[Key(name)]; ok {
		return c, false, conflict(l.family, f, &c)
	}
	if len(l.byKey) == MaxFields {
		return Column{}, false, &TooManyColumnsError{Family: l.family, Limit: MaxFields}
	}
	c = Column{Name: name, Type: f.Type, Nullable: true, Position: l.next, Group: l.group(f.Type)}
	if l.keep(c); l.defined > DefinitionBudget {
		return Column{}, false, &TooManyColumnsError{Family: l.family, Limit: MaxFields, LongNames: true}
	}
	return c, true, nil
}

// PlainOnly reports whether the table's stored columns are more than the rows
// of InnoDB are sure to take, so that all its servers must have plain ones.
func (t *Table) PlainOnly() bool {
	stored := 0
	for _, c := range t.Columns {
		if c.Group == 0 {
			stored += cost(c.Type)
		}
	}
	return stored > rowBudget
}

// group returns 0 if a column of that type is within the budget, else the
// number of the first group that isn't full.
func (l *Layout) group(t Type) int {
	if l.plain || l.stored+cost(t) <= rowBudget {
		return 0
	}
	for i, n := range l.groups {
		if n < groupSize {
			return i + 1
		}
	}
	return len(l.groups) + 1
}
