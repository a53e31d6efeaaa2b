package router

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/resolve"
)

// Kind says how a plan is run.
type Kind string

const (
	// Single runs one statement on one shard.
	Single Kind = "single"
	// Concat runs one statement a step, and returns the rows of all steps in
	// the order of the steps.
	Concat Kind = "concat"
	// Gather ships rows into temporary tables on the home shard, and finishes
	// there.
	Gather Kind = "gather"
)

// Plan says which statements to run on which shards. It is immutable.
type Plan struct {
	Kind Kind
	// Home is the shard where a gathered query is finished; empty for the
	// other kinds.
	Home string
	// Known is what a Gather takes for granted of the tables at Home. Columns
	// there of other types contradict the plan.
	Known []Known
	// Steps holds exactly one step for Single and at least two for Concat.
	// The steps of a Gather stand so that each follows those it depends on;
	// all but the last have a Shipment, and the last runs on Home.
	Steps []Step
	// Columns are the output columns that the catalog leads to expect. It is
	// nil where they cannot be told.
	Columns []Column
	// Clock is set when several steps ask for the time: all of them must be
	// told the same, as one server's statement has but one.
	Clock bool
	// Lengthless is set for a Gather where the lengths to which columns of text
	// are declared can be told from nothing that the last step returns: the
	// tables that it reads may declare them as short as their texts are.
	Lengthless bool
	// Explain is set when the client asked to EXPLAIN. Of a Single the steps
	// ask for the server's own query plan; the output columns are then the
	// server's, and Columns is nil. The other kinds are to be shown, not run.
	Explain bool
	// Brief is set where the query is presumed to end soon. It may be wrong.
	Brief bool
	// Notes tell what would make the plan faster, where Query.Notes is set.
	Notes []string
}

// Step is one statement for one shard.
type Step struct {
	Shard string
	SQL   string
	// Ship says where the rows go; nil where they are of the answer.
	Ship *Shipment
	// After names the broadcast tables that SQL and the Shape read, which are in the
	// session on Shard that runs it.
	After []string
}

// Shipment says how the rows of a step become a temporary table, or a part of
// one: several steps may fill one table, and then agree in all but Rows,
// Bytes and Filter.
type Shipment struct {
	// Into is the table's name, which no other table can have.
	Into string
	// At is the shard to which the table is broadcast, into the session that
	// runs the steps of that shard. It is empty for a table in the home
	// session, which runs the last step.
	At string
	// Shape is the step's statement with LIMIT 0: the types of its result's
	// columns are those of the table's.
	Shape string
	// ShapeKey is the same for Shapes that differ in nothing but values that their
	// rows are compared with, on which no type depends. It is empty where no other
	// plan is known to have such a one.
	ShapeKey string
	// Types are what the catalog knows of the columns' types, in their order,
	// by which the step was planned; empty where it knows nothing, nil where
	// of none. Rows of other types contradict the plan.
	Types []catalog.Type
	// JSON names the columns that hold JSON, which MariaDB does not tell.
	JSON []string
	// Keys are lists of columns by which the table is going to be joined, for
	// indexes.
	Keys [][]string
	// Filter, where it is set, leaves out rows that nothing can match.
	Filter *Filter
	// Rows and Bytes are estimates of what moves; 0: not known.
	Rows, Bytes int64
	// Why says in a few words what is shipped, for those who read plans.
	Why string
	// Copies names tables at home that get the same rows, for a last step that
	// reads them more than once on servers that can't reopen a temporary table.
	Copies []string
}

// Filter narrows a step to the rows that have one of the keys that Keys
// returns: Before + the keys as literals + Behind is then run in place of the
// step's SQL. Where there are more than Max keys, SQL is run as it is; where
// there is none, no row is shipped.
type Filter struct {
	Keys           string   // for the home session; returns one column of distinct values, and at most Max + 1 of them
	After          []string // the tables in the home session that Keys reads
	Before, Behind string
	Max            int
}

// Column is one output column. Its Type is set only where the column is, all the
// way down, one of the catalog's.
type Column = resolve.Column

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
	for i := range p.Steps {
		p.Steps[i].print(&b)
	}
	for _, note := range p.Notes {
		b.WriteString("  note: " + note + "\n")
	}
	return b.String()
}

func (s *Step) print(b *strings.Builder) {
	b.WriteString("  [" + s.Shard + "] ")
	if s.Ship != nil {
		s.Ship.print(b)
	}
	b.WriteString(s.SQL)
	b.WriteByte('\n')
	if s.Ship != nil && s.Ship.Filter != nil {
		f := s.Ship.Filter
		fmt.Fprintf(b, "    of at most %d keys, from: %s\n      then: %s…%s\n", f.Max, f.Keys, f.Before, f.Behind)
	}
}

func (s *Shipment) print(b *strings.Builder) {
	b.WriteString("into " + s.Into)
	if s.At != "" {
		b.WriteString(" at [" + s.At + "]")
	}
	for _, name := range s.Copies {
		b.WriteString(" and " + name)
	}
	for _, k := range s.Keys {
		b.WriteString(" key (" + strings.Join(k, ", ") + ")")
	}
	if s.Rows > 0 {
		fmt.Fprintf(b, " ~%d rows", s.Rows)
	}
	b.WriteString(" (" + s.Why + "): ")
}
