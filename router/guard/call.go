package guard

import (
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// call checks a function call against the allow-list.
func (g *guard) call(n *ast.FuncCallExpr) error {
	f, ok := tree.Functions[n.FnName.L]
	// Names beyond ASCII fold to others in upper case: ſleep to SLEEP.
	if !ok || n.Schema.O != "" || !isASCII(n.FnName.O) {
		return g.refuseCall(n)
	}
	if f.Form == tree.Interval && len(n.Args) < 2 {
		return fault.At(fault.Unsupported, n.OriginTextPosition(), "parentheses right after INTERVAL are not supported here: write INTERVAL 0 + (n) DAY")
	}
	if f.Form == tree.Formatted && !bounded(n.Args) {
		return fault.At(fault.Unsupported, n.OriginTextPosition(), "%s needs a format in quotes here, without numbers over 999 in its braces", f.Name.O)
	}
	if !shape(n, f.Form) {
		return fault.At(fault.Syntax, n.OriginTextPosition(), "the arguments of %s are malformed", f.Name.O)
	}
	n.FnName, n.Tp = f.Name, ast.FuncCallExprTypeKeyword
	for i := range n.Args {
		if err := g.argument(&n.Args[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) refuseCall(n *ast.FuncCallExpr) error {
	at, name := n.OriginTextPosition(), tree.Shown(n.FnName)
	if n.Schema.O != "" {
		name = n.Schema.O + "." + name
	}
	if _, ok := tree.Aggregates[n.FnName.L]; ok && n.Schema.O == "" {
		return fault.At(fault.ForbiddenFunction, at, "no space or quotes are accepted around the name of the aggregate %s", name)
	}
	if n.Schema.O == "" {
		return refuseFunction(n.FnName.L, name, at)
	}
	return fault.At(fault.ForbiddenFunction, at, "the function %.64s is not available", name)
}

// refuseFunction says why a function is not available. name is how the client
// knows it.
func refuseFunction(low, name string, at int) error {
	if what := tree.Unparsed[low]; what != "" {
		return fault.At(fault.Unsupported, at, "%s is not supported", what)
	}
	if reason := tree.Refusal(low); reason != "" {
		return fault.At(fault.ForbiddenFunction, at, "the function %.64s is not available: %s", name, reason)
	}
	return fault.At(fault.ForbiddenFunction, at, "the function %.64s is not available", name)
}

// argument checks one argument. Units and the like, which are no expressions,
// stand only where shape found them in their place.
func (g *guard) argument(e *ast.ExprNode) error {
	switch n := (*e).(type) {
	case *ast.TimeUnitExpr, *ast.TrimDirectionExpr, *ast.GetFormatSelectorExpr:
		return g.count()
	case *tree.Using:
		return g.expr(&n.Expr)
	}
	return g.expr(e)
}

// shape reports whether the arguments of a call are as the parser would have
// made them for its form, and puts those in order that it prints wrongly.
func shape(n *ast.FuncCallExpr, form tree.Form) bool {
	switch args := n.Args; form {
	case tree.DateArith:
		return len(args) == 3 && isUnit(args[2])
	case tree.UnitFirst:
		return len(args) > 1 && isUnit(args[0])
	case tree.Trim:
		return trims(args)
	case tree.Two:
		return len(args) == 2 && !compares(args[0])
	case tree.UsingCharset:
		return len(args) == 2 && isCharset(args[1])
	case tree.Characters:
		return useCharset(n)
	case tree.FormatOf:
		return len(args) == 2 && isSelector(args[0])
	case tree.DateLiteral:
		return len(args) == 1 && isString(args[0])
	case tree.WeightString:
		return weighs(args)
	}
	return true // plain and insertion: any number, of expressions
}

// trims checks the arguments of TRIM(). The parser prints none where it trims
// NULL, which may yet come with the client's arguments: parentheses keep it.
func trims(args []ast.ExprNode) bool {
	if len(args) > 1 {
		if l, ok := args[1].(*tree.Literal); ok && (l.Value == nil || l.Value == tree.Placeholder{}) {
			args[1] = &ast.ParenthesesExpr{Expr: l}
		}
	}
	return len(args) > 0 && len(args) < 4 && (len(args) < 3 || isDirection(args[2]))
}

// weighs checks the arguments of WEIGHT_STRING(), of which the parser prints the
// second as a word, and puts its length right.
func weighs(args []ast.ExprNode) bool {
	if len(args) != 3 {
		return len(args) == 1
	}
	length, ok := tree.Length(args[2])
	if !ok || !isString(args[1]) {
		return false
	}
	args[2] = length
	word := args[1].(*tree.Literal).GetString()
	return word == "CHAR" || word == "BINARY"
}

func isUnit(e ast.ExprNode) bool      { _, ok := e.(*ast.TimeUnitExpr); return ok }
func isDirection(e ast.ExprNode) bool { _, ok := e.(*ast.TrimDirectionExpr); return ok }
func isSelector(e ast.ExprNode) bool  { _, ok := e.(*ast.GetFormatSelectorExpr); return ok }

func isString(e ast.ExprNode) bool {
	l, ok := e.(*tree.Literal)
	if !ok {
		return false
	}
	_, ok = l.Value.(string)
	return ok && l.Charset() == ""
}

// isCharset reports whether e names a character set that is let through.
func isCharset(e ast.ExprNode) bool {
	return isString(e) && isKnown(strings.ToLower(e.(*tree.Literal).GetString()))
}

// useCharset puts the arguments of CHAR() right: the parser appends the
// character set of CHAR(… USING …), or NULL.
func useCharset(n *ast.FuncCallExpr) bool {
	last := len(n.Args) - 1
	if last < 1 {
		return false
	}
	if l, ok := n.Args[last].(*tree.Literal); ok && l.Value == nil {
		n.Args = n.Args[:last]
		return true
	}
	if !isCharset(n.Args[last]) {
		return false
	}
	charset := n.Args[last].(*tree.Literal).GetString()
	n.Args = n.Args[:last]
	n.Args[last-1] = &tree.Using{Expr: n.Args[last-1], Charset: strings.ToLower(charset)}
	return true
}

// compares reports whether e is a comparison or a logical operation, which
// without parentheses may not stand before IN and MEMBER OF in a call.
func compares(e ast.ExprNode) bool {
	switch n := e.(type) {
	case *ast.BinaryOperationExpr:
		switch n.Op {
		case opcode.LogicAnd, opcode.LogicOr, opcode.LogicXor, opcode.EQ, opcode.NE, opcode.NullEQ,
			opcode.LT, opcode.LE, opcode.GT, opcode.GE:
			return true
		}
	case *ast.UnaryOperationExpr:
		return n.Op == opcode.Not
	case *ast.ExistsSubqueryExpr:
		return n.Not
	case *ast.FuncCallExpr:
		return n.FnName.L == ast.JSONMemberOf
	case *ast.BetweenExpr, *ast.CompareSubqueryExpr, *ast.IsNullExpr, *ast.IsTruthExpr, *ast.PatternInExpr,
		*ast.PatternLikeOrIlikeExpr, *ast.PatternRegexpExpr, *ast.MatchAgainst:
		return true
	}
	return false
}

// aggregate checks an aggregate function.
func (g *guard) aggregate(n *ast.AggregateFuncExpr) error {
	f, ok := tree.Aggregates[strings.ToLower(n.F)]
	if !ok {
		return refuseFunction(strings.ToLower(n.F), strings.ToUpper(n.F), n.OriginTextPosition())
	}
	n.F = f.Name.O
	if n.Order != nil {
		if err := g.items(n.Order.Items); err != nil {
			return err
		}
	}
	if err := g.list(n.Args); err != nil {
		return err
	}
	return g.collect(n)
}

// windowCall checks a window function.
func (g *guard) windowCall(n *ast.WindowFuncExpr) error {
	if err := g.list(n.Args); err != nil {
		return err
	}
	g.percentile(n)
	f, ok := tree.Windows[strings.ToLower(n.Name)]
	if !ok {
		return fault.At(fault.ForbiddenFunction, n.OriginTextPosition(), "the window function %s is not available", strings.ToUpper(n.Name))
	}
	n.Name = f.Name.O
	if n.IgnoreNull || n.FromLast {
		return fault.At(fault.Unsupported, n.OriginTextPosition(), "IGNORE NULLS and FROM LAST are not supported")
	}
	return g.window(&n.Spec)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
