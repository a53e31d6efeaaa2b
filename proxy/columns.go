package proxy

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// columnsOf returns the answer's columns: the names of the first arm, the
// types on which all arms agree, and the planned types where they tell more
// than the wire does. planned is nil where the plan could not compute them.
func columnsOf(arms []*arm, planned []router.Column) ([]Column, error) {
	for i, a := range arms {
		if planned != nil && !fits(a.rows.Columns(), planned, i == 0) {
			return nil, &catalog.StaleError{Shard: a.rows.Shard()}
		}
	}
	types, err := mergeAll(arms)
	if err != nil {
		return nil, err
	}
	columns := make([]Column, len(types))
	for i, t := range types {
		if t.Type == catalog.Bit && (planned == nil || planned[i].Type != catalog.Bit) {
			return nil, fault.New(fault.Unsupported,
				"column %d (%s) is a computed BIT, which servers send in a form that cannot be told from a BIT's; CAST it AS UNSIGNED", i+1, t.Name)
		}
		columns[i] = Column{Name: t.Name, Type: t.Type}
		if t.Type == "" { // nothing but NULL
			columns[i].Type = catalog.Text
		}
		if planned != nil && refines(planned[i].Type, t.Type) {
			columns[i].Type = planned[i].Type
		}
	}
	return columns, nil
}

// fits reports whether a result has the planned columns. Only the first arm
// names them, and servers may write a name in another case.
func fits(actual []shard.ColumnType, planned []router.Column, names bool) bool {
	if len(actual) != len(planned) {
		return false
	}
	for i := range actual {
		if names && !strings.EqualFold(actual[i].Name, planned[i].Name) {
			return false
		}
	}
	return true
}

// refines reports whether the catalog's type says more of a column than the
// wire's: a BOOLEAN comes as a TINYINT, and MariaDB's JSON as LONGTEXT.
func refines(known, wire catalog.Type) bool {
	switch known {
	case catalog.Bool:
		return wire == catalog.Int
	case catalog.JSON:
		return wire == catalog.Text || wire == catalog.Bytes
	}
	return false
}

// mergeAll returns the column types that all arms share. Where they do not
// agree a single server would convert the values; so the query is refused
// rather than answered with other values than that server's. The caller must
// not change the types.
func mergeAll(arms []*arm) ([]shard.ColumnType, error) {
	if len(arms) == 1 {
		return arms[0].rows.Columns(), nil
	}
	merged := append([]shard.ColumnType(nil), arms[0].rows.Columns()...)
	for _, a := range arms[1:] {
		columns := a.rows.Columns()
		if len(columns) != len(merged) {
			return nil, fault.New(fault.Unsupported,
				"the SELECTs of a UNION have a different number of columns: %d and %d", len(merged), len(columns))
		}
		for i := range merged {
			for _, t := range []shard.ColumnType{merged[i], columns[i]} {
				if converted(t) {
					return nil, fault.New(fault.Unsupported,
						"column %d (%s) of a UNION over several shards is %s, which one server would convert; CAST it to another type",
						i+1, merged[i].Name, spell(t))
				}
			}
			if !merge(&merged[i], columns[i]) {
				return nil, fault.New(fault.Unsupported,
					"column %d (%s) of a UNION over several shards is %s in one SELECT and %s in another; CAST both to one type",
					i+1, merged[i].Name, spell(merged[i]), spell(columns[i]))
			}
		}
	}
	return merged, nil
}

// converted reports whether a single server's UNION may change a value though
// the types agree: ROUND(x, 1) of a DOUBLE is clamped to the digits of its
// type, and a computed YEAR of zero gets four digits.
func converted(t shard.ColumnType) bool {
	return t.Type == catalog.Float && t.HasScale || t.Type == catalog.Year
}

// merge makes t the type of both columns, under its own name, and reports
// whether there is one without conversion. A bare NULL fits any type.
func merge(t *shard.ColumnType, other shard.ColumnType) bool {
	switch {
	case other.Type == "":
		return true
	case t.Type == "":
		name := t.Name
		*t = other
		t.Name = name
		return true
	case t.Type != other.Type || t.Unsigned != other.Unsigned:
		return false
	case t.HasScale != other.HasScale || t.Scale != other.Scale:
		return false
	case t.Type == catalog.Float: // a FLOAT would be converted to DOUBLE
		return t.DatabaseType == other.DatabaseType
	case t.Type == catalog.Bytes: // a BINARY would be padded to a length not known here
		return t.DatabaseType != "BINARY" && other.DatabaseType != "BINARY"
	}
	return true
}

// spell describes a column's type, such as "DECIMAL with 2 fractional digits".
func spell(t shard.ColumnType) string {
	s := t.DatabaseType
	if t.Unsigned {
		s += " UNSIGNED"
	}
	if t.HasScale {
		s += fmt.Sprintf(" with %d fractional digits", t.Scale)
	}
	return s
}
