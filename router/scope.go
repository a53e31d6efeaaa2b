package router

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// maxSources is the number of tables that MySQL joins at most in one FROM
// (manual, "Join Limits").
const maxSources = 61

// source is one named item of a FROM: a catalog table, a CTE or a derived
// table.
type source struct {
	name    string         // what qualifies its columns in the restored text
	table   *catalog.Table // nil for a CTE and a derived table
	block   *block         // nil for a catalog table and for a CTE inside itself
	ref     *ast.TableSource
	wide    bool     // has hidden columns that * must not show
	columns []Column // of a CTE or derived table; nil when not known
}

// known reports whether the source's columns can be told.
func (s *source) known() bool { return s.table != nil || s.columns != nil }

// isJSON reports whether servers take a column of that type for JSON: raw_logs
// keeps its JSON as text.
func (s *source) isJSON(typ catalog.Type) bool {
	return typ == catalog.JSON && (s.table == nil || s.table.Kind != catalog.System)
}

// width returns the number of columns that * shows, 0 when they are not known.
func (s *source) width() int {
	if s.table == nil {
		return len(s.columns)
	}
	return len(s.table.Columns)
}

// column returns one of the columns that * shows.
func (s *source) column(i int) Column {
	if s.table == nil {
		return s.columns[i]
	}
	c := &s.table.Columns[i]
	return Column{Name: c.Name, Type: c.Type}
}

// count returns the number of columns of that name, and the type of the
// first.
func (s *source) count(name string) (int, catalog.Type) {
	if s.table != nil {
		if c, ok := s.table.Column(name); ok {
			return 1, c.Type
		}
		return 0, ""
	}
	n, typ := 0, catalog.Type("")
	for i := range s.columns {
		if strings.EqualFold(s.columns[i].Name, name) {
			if n++; n == 1 {
				typ = s.columns[i].Type
			}
		}
	}
	return n, typ
}

// scope is what the names in one SELECT may refer to.
type scope struct {
	outer      *scope // of the query around a subquery; else nil
	sources    []*source
	from       *operand // nil while FROM is being resolved, and without one
	merges     bool     // a USING or NATURAL in FROM merges columns
	conditions []*ast.OnCondition
}

// wide reports whether * in this scope must be spelled out.
func (sc *scope) wide() bool {
	for _, s := range sc.sources {
		if s.wide {
			return true
		}
	}
	return false
}

// source returns the source that a qualifier names, in this scope or one
// around it. Table aliases are case-sensitive on Linux; a name that fits none
// exactly may differ in case.
func (sc *scope) source(name string) *source {
	for s := sc; s != nil; s = s.outer {
		if found := s.local(name, false); found != nil {
			return found
		}
	}
	for s := sc; s != nil; s = s.outer {
		if found := s.local(name, true); found != nil {
			return found
		}
	}
	return nil
}

func (sc *scope) local(name string, fold bool) *source {
	for _, s := range sc.sources {
		if s.name == name || fold && strings.EqualFold(s.name, name) {
			return s
		}
	}
	return nil
}

// typeOf returns the type of the catalog column that a name refers to, or ""
// when there is any doubt.
func (r *resolver) typeOf(sc *scope, n *ast.ColumnName) (catalog.Type, error) {
	if n.Table.O != "" {
		s := sc.source(n.Table.O)
		if s == nil {
			return "", nil
		}
		if matches, typ := s.count(n.Name.O); matches == 1 {
			return typ, nil
		}
		return "", nil
	}
	for s := sc; s != nil; s = s.outer {
		typ, found, err := r.find(s, n.Name.O)
		if found || err != nil {
			return typ, err
		}
	}
	return "", nil
}

// find looks an unqualified name up in one scope. A name that could be there
// counts as found, without a type.
func (r *resolver) find(sc *scope, name string) (typ catalog.Type, found bool, err error) {
	matches := 0
	for _, s := range sc.sources {
		if !s.known() {
			return "", true, nil
		}
		n, t := s.count(name)
		if matches += n; n == 1 {
			typ = t
		}
	}
	switch {
	case matches == 1:
		return typ, true, nil
	case matches == 0 || !sc.merges || sc.from == nil:
		return "", matches > 0, nil
	}
	return r.findMerged(sc.from, name)
}

// findMerged looks a name up among columns that USING or NATURAL may have
// merged into one.
func (r *resolver) findMerged(from *operand, name string) (typ catalog.Type, found bool, err error) {
	columns, _, err := r.visible(from)
	if err != nil {
		return "", true, err
	}
	matches := 0
	for _, c := range columns {
		if strings.EqualFold(c.name, name) {
			matches++
			typ = c.typ
		}
	}
	if matches != 1 {
		return "", true, nil
	}
	return typ, true, nil
}
