package router

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
)

// Kind says how a plan is run.
type Kind string

const (
	// Single runs one statement on one shard.
	Single Kind = "single"
	// Concat runs one statement a step, and returns the rows of all steps in
	// the order of the steps.
	Concat Kind = "concat"
	// Gather moves rows to the home shard and finishes there. No plan of this
	// kind is made yet.
	Gather Kind = "gather"
)

// Plan says which statements to run on which shards. It is immutable.
type Plan struct {
	Kind Kind
	// Home is the shard where a gathered query is finished; empty for the
	// other kinds.
	Home string
	// Steps holds exactly one step for Single, at least two for Concat.
	Steps []Step
	// Columns are the output columns that the catalog leads to expect. It is
	// nil where they cannot be told.
	Columns []Column
	// Clock is set when the steps of a Concat ask for the time: all of them
	// must be told the same, as one server's statement has but one.
	Clock bool
	// Explain is set when the steps ask for the server's own query plan; the
	// output columns are then the server's, and Columns is nil.
	Explain bool
}

// Step is one statement for one shard.
type Step struct {
	Shard string
	SQL   string
	Into  string // the temporary table on home that takes the rows; empty for Single and Concat
}

// Column is one output column. Type is set when the column is a plain
// reference to a column of the catalog, in whatever depth of derived tables,
// CTEs and set operations; for anything computed it is empty, and the server's
// own type holds.
type Column struct {
	Name string
	Type catalog.Type
}

// String returns the plan as text that is the same for the same query and
// catalog: a line with the kind, then a line a step, with its shard in
// brackets.
func (p *Plan) String() string {
	var b strings.Builder
	b.WriteString(string(p.Kind))
	if p.Home != "" {
		b.WriteString(" on [" + p.Home + "]")
	}
	if p.Clock {
		b.WriteString(" at one time")
	}
	b.WriteByte('\n')
	for _, s := range p.Steps {
		b.WriteString("  [" + s.Shard + "] ")
		if s.Into != "" {
			b.WriteString("into " + s.Into + ": ")
		}
		b.WriteString(s.SQL)
		b.WriteByte('\n')
	}
	return b.String()
}
