package guard

import (
	"slices"
	"strings"
	"sync"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// The limits of a query where the configuration has none, and the length that
// no configuration exceeds: beyond it the parser could exhaust the stack.
const (
	DefaultLength = 64 << 10 // bytes
	MaxLength     = 256 << 10
	defaultNodes  = 20_000
	defaultDepth  = 200
)

// Limits bounds a statement before anything else looks at it. A zero field
// stands for its default.
type Limits struct{ Length, Nodes, Depth int }

func (l Limits) orDefault() Limits {
	def := func(n *int, value int) {
		if *n <= 0 {
			*n = value
		}
	}
	def(&l.Length, DefaultLength)
	def(&l.Nodes, defaultNodes)
	def(&l.Depth, defaultDepth)
	l.Length = min(l.Length, MaxLength)
	return l
}

// Statement is one guarded query: every node, function and clause in it is on
// the allow-list, optimizer hints are gone, arguments are bound, and each unaliased
// select field bears the name that the server would have given its column.
// Fields without an alias are *, columns, and strings, which name their column.
// Only [Parse] makes one.
type Statement struct {
	node    ast.ResultSetNode
	explain bool
	withs   int
	holes   []*tree.Hole

	exactWiths bool
}

// Node returns the query, with its WITH: a *ast.SelectStmt or an
// *ast.SetOprStmt.
func (s *Statement) Node() ast.ResultSetNode { return s.node }

// Explain reports whether the client asked to EXPLAIN it.
func (s *Statement) Explain() bool { return s.explain }

// ExactWiths reports whether names of WITH queries that differ in case alone are
// two, where it is to run.
func (s *Statement) ExactWiths() bool { return s.exactWiths }

// Withs returns the number of WITH clauses in the client's text. The parser
// drops the inner one of WITH … (WITH … SELECT …), whose names would then stand
// for other tables.
func (s *Statement) Withs() int { return s.withs }

// Holes returns for each value of a [Lifted] text its hole; nil for those that
// have none, since more than a comparison depends on them. Those of equal values have
// one slot, the number of the first of them, whether or not that has a hole.
func (s *Statement) Holes() []*tree.Hole { return s.holes }

// parsers holds parsers at rest: making one costs more than a short parse.
var parsers = sync.Pool{New: func() any { return parser.New() }}

// Parse turns a client's text, as servers of the dialect read it, into a
// statement that is safe to restore and run. The error is a [*fault.Error].
func (d Dialect) Parse(sql string, args []any, lim Limits) (*Statement, error) {
	lim = lim.orDefault()
	text, withs, err := survey(sql, lim, d)
	if err != nil {
		return nil, err
	}
	if err := checkArgs(args, lim.Length-len(sql)); err != nil {
		return nil, err
	}
	if err := begins(text); err != nil {
		return nil, err
	}
	s := &Statement{withs: withs, exactWiths: d.ExactWiths}
	g := guard{sql: text, client: sql, lim: lim, dialect: d}
	err = g.parse(s, args)
	if code := fault.CodeOf(err); code == fault.Syntax || code == fault.Unsupported {
		if w := d.rewrite(text); len(w.edits) > 0 {
			again := guard{sql: w.edits.apply(text), client: sql, edits: w.edits, carriage: w.carriage, lim: lim, dialect: d}
			s.withs = withs + w.withs
			if second := again.parse(s, args); fault.CodeOf(second) != fault.Syntax {
				err = w.edits.relocate(second)
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// parse parses the guard's text into s, checks it and binds the arguments.
func (g *guard) parse(s *Statement, args []any) error {
	return parseOne(g.sql, func(stmt ast.StmtNode) (err error) {
		if s.node, s.explain, err = query(stmt, g.sql); err != nil {
			return err
		}
		if err := g.query(s.node, true); err != nil {
			return err
		}
		if what := g.left(); what != "" {
			return fault.New(fault.Unsupported, "%s is not supported here", what)
		}
		return g.bind(args)
	})
}

// verbs are the words that a query can begin with.
var verbs = strings.Fields("select with table values explain describe desc")

// begins refuses a text that begins with anything else, before the parser's
// large grammar has a look at it.
func begins(text string) error {
	s := scanner{src: text}
	t := s.next()
	for t.kind == tokenSymbol && text[t.start] == '(' {
		t = s.next()
	}
	verb := text[t.start:t.end]
	if slices.Contains(verbs, strings.ToLower(verb)) {
		return nil
	}
	if t.kind == tokenEnd {
		return fault.At(fault.Syntax, t.start, "the query is empty")
	}
	return fault.At(fault.NotSelect, t.start, "only SELECT statements and EXPLAIN of them are run, not %.20s", verb)
}

// parseOne parses text as one statement and calls guard with it. Until guard
// returns, nobody else uses the parser: it keeps nodes of the statement on its
// stack, and sets their OriginTextPosition, which only the guard reads, once
// more when it parses the next one.
func parseOne(text string, guard func(ast.StmtNode) error) (err error) {
	p := parsers.Get().(*parser.Parser)
	defer func() {
		if r := recover(); r != nil { // p is not used again
			err = fault.New(fault.Syntax, "the query cannot be parsed")
			return
		}
		if err != nil {
			p.Reset() // a statement given up halfway leaves flags behind
		}
		parsers.Put(p)
	}()
	stmts, _, err := p.ParseSQL(text)
	if err != nil {
		return syntaxError(err, text)
	}
	switch len(stmts) {
	case 0:
		return fault.At(fault.Syntax, 0, "the query is empty")
	case 1:
		return guard(stmts[0])
	}
	return fault.At(fault.NotSelect, len(stmts[0].OriginalText()), "only one statement is accepted at a time")
}

// query returns the query that stmt is or explains.
func query(stmt ast.StmtNode, text string) (node ast.ResultSetNode, explain bool, err error) {
	if e, ok := stmt.(*ast.ExplainStmt); ok {
		if err := checkExplain(e); err != nil {
			return nil, false, err
		}
		stmt, explain = e.Stmt, true
	}
	switch n := stmt.(type) {
	case *ast.SelectStmt:
		return n, explain, nil
	case *ast.SetOprStmt:
		return n, explain, nil
	}
	return nil, false, fault.At(fault.NotSelect, 0, "only SELECT statements and EXPLAIN of them are run")
}

func checkExplain(e *ast.ExplainStmt) error {
	switch {
	case e.Analyze:
		return fault.At(fault.ForbiddenClause, 0, "EXPLAIN ANALYZE is not accepted: it runs the statement")
	case e.Explore, e.PlanDigest != "", e.SQLDigest != "":
		return fault.At(fault.NotSelect, 0, "only EXPLAIN of a SELECT is run")
	case e.Format != "row" && e.Format != "traditional" && e.Format != "":
		return fault.At(fault.Unsupported, 0, "EXPLAIN FORMAT=%.20s is not supported: use plain EXPLAIN", e.Format)
	}
	return nil
}
