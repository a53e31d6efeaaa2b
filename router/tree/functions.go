package tree

import (
	"slices"
	"strings"

	"github.com/pingcap/tidb/pkg/parser/ast"
)

// Function is what is known of a function: all of it, for every storey.
type Function struct {
	Name    ast.CIStr // as it is printed; L is its name in the tree
	Form    Form
	returns Kind
	marks   Mark
}

// Form is how a function's arguments stand in the tree. The parser prints
// some functions in a way of their own, and takes their arguments' types for
// granted; a name in backticks brings such a function any arguments at all,
// so the guard checks them.
type Form int8

const (
	Plain        Form = iota + 1
	Interval          // at least two: the parser takes INTERVAL (n) DAY for a call, too
	DateArith         // x, n, unit
	UnitFirst         // unit, ...
	Trim              // x, or x and what, or x, what and where
	Two               // exactly two, with a word between them
	UsingCharset      // x, character set
	Characters        // ..., and a character set or NULL
	Insertion         // INSERT(), which the parser calls otherwise
	FormatOf          // selector, x
	DateLiteral       // a string
	WeightString      // x, or x, CHAR or BINARY, and a length
	Formatted         // a format, whose widths no setting of the server bounds, ...

	aggregate      // a node of its own kind
	windowed       // an aggregate that is a window function too
	windowFunction // nothing else than that
)

// Mark is something that is true of some functions.
type Mark uint16

const (
	// Volatile functions may return another value at each call within one
	// statement.
	Volatile Mark = 1 << iota
	// Seeded is the one whose values, where it has an argument, follow from
	// each other row by row.
	Seeded
	// Clock functions depend on the time at which their statement began.
	Clock
	// Unranked functions convert texts, or return JSON: a text with one in it
	// may compare otherwise than a column does.
	Unranked
	// Picks are aggregates and window functions that return one of their
	// argument's values.
	Picks
	// First functions return text with the rank of their first argument, if that
	// is a column's, and Mixed ones with the lowest rank of their arguments. Of
	// those with neither mark it is not known.
	First
	Mixed
	// Foreseen functions return no text longer than servers think that it can
	// become, however short the columns in their arguments are declared.
	Foreseen
	// InPlace functions are only computed by a server that has the tables: they
	// ask for more than the values of their arguments.
	InPlace
)

// Is reports whether the function has the mark.
func (f *Function) Is(m Mark) bool { return f.marks&m != 0 }

// Ranking returns those of a call's arguments any of which may give the result
// the rank of a column.
func (f *Function) Ranking(args []ast.ExprNode) []ast.ExprNode {
	switch {
	case f.Is(First):
		return args[:min(1, len(args))]
	case f.Is(Mixed) && f.returns == ofRest:
		return args[min(1, len(args)):]
	case f.Is(Mixed):
		return args
	}
	return nil
}

// Kind returns the kind of what the function returns for arguments of those
// kinds.
func (f *Function) Kind(args []Kind) Kind {
	switch f.returns {
	case ofAll:
		return CommonKind(args)
	case ofFirst:
		return CommonKind(args[:min(1, len(args))])
	case ofRest:
		if len(args) == 3 {
			return CommonKind(args[1:])
		}
	case number:
		if k := CommonKind(args); k == IntKind || k == FloatKind {
			return k
		}
	default:
		return f.returns
	}
	return UnknownKind
}

// The rules for functions whose result is of another kind for other arguments.
const (
	ofAll   Kind = -1 - iota // the kind that all have in common
	ofFirst                  // the first one's
	ofRest                   // what all but the first of three have in common
	number                   // what all have in common, if that is a number
)

// row is what is known of a function, as the files functions_*.go have it. One
// is among them only if it computes its result from its arguments and the
// clock, or at random: nothing that [Refusal] has a reason against.
type row struct {
	name    string
	form    Form
	returns Kind // or a rule, see [Function.Kind]
	marks   Mark
}

var rows = slices.Concat(numbers, texts, times, documents, spatial, others, aggregates)

// opaque returns rows of functions of which nothing is known but that they may
// be called: where their result would have to be stored, their arguments are
// shipped instead.
func opaque(names string) []row {
	var list []row
	for _, name := range strings.Fields(names) {
		list = append(list, row{name, Plain, UnknownKind, Unranked})
	}
	return list
}

// The allow-lists: what clients may call, by name in lower case. The parser
// keeps aggregates and window functions in nodes of their own.
var (
	Functions  = make(map[string]*Function)
	Aggregates = make(map[string]*Function)
	Windows    = make(map[string]*Function)
)

func init() {
	for _, row := range rows {
		f := &Function{ast.CIStr{O: strings.ToUpper(row.name), L: row.name}, row.form, row.returns, row.marks}
		if real, ok := renamed[row.name]; ok {
			f.Name.O = real
		}
		switch row.form {
		case aggregate:
			Aggregates[row.name] = f
		case windowed:
			Aggregates[row.name], Windows[row.name] = f, f
		case windowFunction:
			Windows[row.name] = f
		default:
			Functions[row.name] = f
		}
	}
}

// renamed has the functions whose name in the tree is not their real one.
var renamed = map[string]string{"char_func": "CHAR", "insert_func": "INSERT"}

// Shown is a function's name as the client knows it.
func Shown(name ast.CIStr) string {
	if real, ok := renamed[name.L]; ok {
		return real
	}
	return name.O
}

// Kind is what an expression returns, as far as it matters to whether parts
// of its sums add up. A DECIMAL has none: it may have more digits than it
// shows.
type Kind int8

const (
	UnknownKind Kind = iota
	NullKind
	IntKind
	FloatKind
	TextKind
	TimeKind
	JSONKind // a column, as it is
)

// CommonKind returns the kind that values of all the given kinds have, but for
// NULLs.
func CommonKind(kinds []Kind) Kind {
	common := NullKind
	for _, k := range kinds {
		switch {
		case k == NullKind || k == common:
		case common == NullKind:
			common = k
		case (k == IntKind || k == FloatKind) && (common == IntKind || common == FloatKind):
			common = FloatKind
		default:
			return UnknownKind
		}
	}
	if common == NullKind || common == JSONKind {
		return UnknownKind
	}
	return common
}
