package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// maxSources is the number of tables that MySQL joins at most in one FROM
// (manual, "Join Limits").
const maxSources = 61

// scope is what the names in one SELECT may refer to.
type scope struct {
	block      *Block
	outer      *scope // of the query around a subquery; else nil
	sources    []*Source
	from       *Operand // nil while FROM is being resolved, and without one
	merges     bool     // a USING or NATURAL in FROM merges columns
	conditions []*ast.OnCondition
	documents  []*tree.JSONTable
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
func (sc *scope) source(name string) *Source {
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

func (sc *scope) local(name string, fold bool) *Source {
	for _, s := range sc.sources {
		if s.Name == name || fold && strings.EqualFold(s.Name, name) {
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
func (r *resolver) findMerged(from *Operand, name string) (typ catalog.Type, found bool, err error) {
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
