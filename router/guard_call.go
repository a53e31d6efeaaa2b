package router

import (
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/format"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// call checks a function call against the allow-list.
func (g *guard) call(n *ast.FuncCallExpr) error {
	f, ok := functions[n.FnName.L]
	// Names beyond ASCII fold to others in upper case: ſleep to SLEEP.
	if !ok || n.Schema.O != "" || !isASCII(n.FnName.O) {
		return g.refuseCall(n)
	}
	if f.form == interval && len(n.Args) < 2 {
		return fault.At(fault.Unsupported, n.OriginTextPosition(), "parentheses right after INTERVAL are not supported here: write INTERVAL 0 + (n) DAY")
	}
	if !shape(n, f.form) {
		return fault.At(fault.Syntax, n.OriginTextPosition(), "the arguments of %s are malformed", f.name.O)
	}
	n.FnName, n.Tp = f.name, ast.FuncCallExprTypeKeyword
	for i := range n.Args {
		if err := g.argument(&n.Args[i]); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) refuseCall(n *ast.FuncCallExpr) error {
	at, name := n.OriginTextPosition(), shown(n.FnName)
	if n.Schema.O != "" {
		name = n.Schema.O + "." + name
	}
	if _, ok := aggregates[n.FnName.L]; ok && n.Schema.O == "" {
		return fault.At(fault.ForbiddenFunction, at, "no space or quotes are accepted around the name of the aggregate %s", name)
	}
	return fault.At(fault.ForbiddenFunction, at, "the function %.64s is not available", name)
}

// argument checks one argument. Units and the like, which are no expressions,
// stand only where shape found them in their place.
func (g *guard) argument(e *ast.ExprNode) error {
	switch n := (*e).(type) {
	case *ast.TimeUnitExpr, *ast.TrimDirectionExpr, *ast.GetFormatSelectorExpr:
		return g.count()
	case *usingExpr:
		return g.expr(&n.expr)
	}
	return g.expr(e)
}

// shape reports whether the arguments of a call are as the parser would have
// made them for its form, and puts those in order that it prints wrongly.
func shape(n *ast.FuncCallExpr, form form) bool {
	switch args := n.Args; form {
	case dateArith:
		return len(args) == 3 && isUnit(args[2])
	case unitFirst:
		return len(args) > 1 && isUnit(args[0])
	case trim:
		return trims(args)
	case two:
		return len(args) == 2 && !compares(args[0])
	case using:
		return len(args) == 2 && isCharset(args[1])
	case characters:
		return useCharset(n)
	case formatOf:
		return len(args) == 2 && isSelector(args[0])
	case dateLiteral:
		return len(args) == 1 && isString(args[0])
	}
	return true // plain and insertion: any number, of expressions
}

// trims checks the arguments of TRIM(). The parser prints none where it trims
// NULL, which may yet come with the client's arguments: parentheses keep it.
func trims(args []ast.ExprNode) bool {
	if len(args) > 1 {
		if l, ok := args[1].(*literal); ok && (l.value == nil || l.value == placeholder{}) {
			args[1] = &ast.ParenthesesExpr{Expr: l}
		}
	}
	return len(args) > 0 && len(args) < 4 && (len(args) < 3 || isDirection(args[2]))
}

func isUnit(e ast.ExprNode) bool      { _, ok := e.(*ast.TimeUnitExpr); return ok }
func isDirection(e ast.ExprNode) bool { _, ok := e.(*ast.TrimDirectionExpr); return ok }
func isSelector(e ast.ExprNode) bool  { _, ok := e.(*ast.GetFormatSelectorExpr); return ok }

func isString(e ast.ExprNode) bool {
	l, ok := e.(*literal)
	if !ok {
		return false
	}
	_, ok = l.value.(string)
	return ok && l.charset() == ""
}

// isCharset reports whether e names a character set that is let through.
func isCharset(e ast.ExprNode) bool {
	return isString(e) && charsets[strings.ToLower(e.(*literal).GetString())]
}

// useCharset puts the arguments of CHAR() right: the parser appends the
// character set of CHAR(… USING …), or NULL.
func useCharset(n *ast.FuncCallExpr) bool {
	last := len(n.Args) - 1
	if last < 1 {
		return false
	}
	if l, ok := n.Args[last].(*literal); ok && l.value == nil {
		n.Args = n.Args[:last]
		return true
	}
	if !isCharset(n.Args[last]) {
		return false
	}
	charset := n.Args[last].(*literal).GetString()
	n.Args = n.Args[:last]
	n.Args[last-1] = &usingExpr{expr: n.Args[last-1], charset: strings.ToLower(charset)}
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
	name, ok := aggregates[strings.ToLower(n.F)]
	if !ok {
		return fault.At(fault.ForbiddenFunction, n.OriginTextPosition(), "the function %s is not available", strings.ToUpper(n.F))
	}
	n.F = name
	if n.Order != nil {
		if err := g.items(n.Order.Items); err != nil {
			return err
		}
	}
	return g.list(n.Args)
}

// windowCall checks a window function.
func (g *guard) windowCall(n *ast.WindowFuncExpr) error {
	name, ok := windows[strings.ToLower(n.Name)]
	if !ok {
		return fault.At(fault.ForbiddenFunction, n.OriginTextPosition(), "the window function %s is not available", strings.ToUpper(n.Name))
	}
	n.Name = name
	if n.IgnoreNull || n.FromLast {
		return fault.At(fault.Unsupported, n.OriginTextPosition(), "IGNORE NULLS and FROM LAST are not supported")
	}
	if err := g.window(&n.Spec); err != nil {
		return err
	}
	return g.list(n.Args)
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// usingExpr is the last argument of CHAR(… USING charset).
type usingExpr struct {
	literal // only for what ast.ExprNode asks beyond the methods below
	expr    ast.ExprNode
	charset string
}

// Restore implements ast.Node.
func (u *usingExpr) Restore(ctx *format.RestoreCtx) error {
	if err := u.expr.Restore(ctx); err != nil {
		return err
	}
	ctx.WritePlain(" USING " + u.charset)
	return nil
}

// Accept implements ast.Node.
func (u *usingExpr) Accept(v ast.Visitor) (ast.Node, bool) {
	node, skip := v.Enter(u)
	if skip {
		return v.Leave(node)
	}
	u = node.(*usingExpr)
	inner, ok := u.expr.Accept(v)
	if !ok {
		return u, false
	}
	u.expr = inner.(ast.ExprNode)
	return v.Leave(u)
}
