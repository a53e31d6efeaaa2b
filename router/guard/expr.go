package guard

import (
	"fmt"
	"strings"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/charset"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// optional checks an expression that may be missing.
func (g *guard) optional(e *ast.ExprNode) error {
	if *e == nil {
		return nil
	}
	return g.expr(e)
}

// all checks expressions, each of which may be missing.
func (g *guard) all(list ...*ast.ExprNode) error {
	for _, e := range list {
		if err := g.optional(e); err != nil {
			return err
		}
	}
	return nil
}

func (g *guard) list(list []ast.ExprNode) error {
	for i := range list {
		if err := g.expr(&list[i]); err != nil {
			return err
		}
	}
	return nil
}

// expr checks an expression and all in it. It may put another in its place.
func (g *guard) expr(e *ast.ExprNode) error {
	if err := g.enter(); err != nil {
		return err
	}
	defer g.leave()
	switch n := (*e).(type) {
	case *ast.ColumnNameExpr, *ast.PositionExpr:
		return nil
	case *tree.Literal:
		return g.literal(n)
	case *ast.ParenthesesExpr:
		return g.expr(&n.Expr)
	case *ast.BinaryOperationExpr:
		return g.binary(e)
	case *ast.UnaryOperationExpr:
		return g.expr(&n.V)
	case *ast.SubqueryExpr:
		return g.query(n.Query, false)
	case *ast.RowExpr:
		return g.list(n.Values)
	case *ast.FuncCallExpr:
		return g.call(n)
	case *ast.FuncCastExpr:
		return g.cast(n)
	case *ast.AggregateFuncExpr:
		return g.aggregate(n)
	case *ast.WindowFuncExpr:
		return g.windowCall(n)
	}
	return g.predicate(*e)
}

// predicate checks those expressions that compare or choose.
func (g *guard) predicate(e ast.ExprNode) error {
	switch n := e.(type) {
	case *ast.BetweenExpr:
		return g.all(&n.Expr, &n.Left, &n.Right)
	case *ast.CaseExpr:
		return g.caseExpr(n)
	case *ast.CompareSubqueryExpr:
		return g.all(&n.L, &n.R)
	case *ast.ExistsSubqueryExpr:
		return g.expr(&n.Sel)
	case *ast.IsNullExpr:
		return g.expr(&n.Expr)
	case *ast.IsTruthExpr:
		return g.expr(&n.Expr)
	case *ast.PatternInExpr:
		if err := g.all(&n.Expr, &n.Sel); err != nil {
			return err
		}
		return g.list(n.List)
	case *ast.PatternLikeOrIlikeExpr:
		if !n.IsLike {
			return fault.At(fault.Unsupported, g.find("ilike"), "ILIKE is not supported: LIKE ignores case already")
		}
		return g.all(&n.Expr, &n.Pattern)
	case *ast.PatternRegexpExpr:
		return g.all(&n.Expr, &n.Pattern)
	case *ast.MatchAgainst:
		g.nodes += len(n.ColumnNames)
		return g.expr(&n.Against)
	case *ast.SetCollationExpr:
		return g.expr(&n.Expr) // the parser knows all collations by name
	case *ast.DefaultExpr:
		if n.Name != nil {
			return g.count()
		}
	}
	return g.refuseExpr(e)
}

// refuseExpr names what is wrong with an expression that is never accepted.
func (g *guard) refuseExpr(e ast.ExprNode) error {
	at := e.OriginTextPosition()
	switch n := e.(type) {
	case *ast.VariableExpr:
		return fault.At(fault.ForbiddenClause, at, "variables (@%s) are not accepted", n.Name)
	case *ast.DefaultExpr:
		return fault.At(fault.ForbiddenClause, at, "DEFAULT without a column is not accepted")
	case *ast.ValuesExpr:
		return fault.At(fault.ForbiddenClause, at, "VALUES(…) is not accepted")
	}
	return g.unknown(e)
}

// unknown refuses a node that the guard does not know.
func (g *guard) unknown(node ast.Node) error {
	name := strings.TrimPrefix(fmt.Sprintf("%T", node), "*ast.")
	return fault.New(fault.Unsupported, "a part of the query (%s) is not supported", name)
}

func (g *guard) literal(l *tree.Literal) error {
	if l.Value == (tree.Placeholder{}) {
		g.placeholders = append(g.placeholders, l)
		return nil
	}
	if cs := l.Charset(); cs != "" {
		return g.introduced(l, cs)
	}
	return nil
}

// introduced checks a literal with a character set before it.
func (g *guard) introduced(l *tree.Literal, cs string) error {
	at := l.OriginTextPosition()
	if real := g.introducer(at); cs != real && isKnown(real) {
		cs = real
		l.Type.SetCharset(real)
	}
	if _, bits := l.Value.(tree.Bits); !charsets[cs] && !(wide[cs] && bits) {
		return fault.At(fault.Unsupported, at, "literals of the character set %s are not supported", cs)
	}
	s := scanner{src: g.sql, pos: at}
	s.next()
	if first := s.next(); first.kind == tokenString && s.next().kind == tokenString {
		// Servers join the two, the parser takes the second for an alias.
		return fault.At(fault.Unsupported, at, "adjacent strings after a character set are not supported")
	}
	return nil
}

// introducer returns the character set before the literal at an offset, as the
// client wrote it.
func (g *guard) introducer(at int) string {
	s := scanner{src: g.client, pos: g.edits.back(at)}
	t := s.next()
	return strings.ToLower(strings.TrimPrefix(g.client[t.start:t.end], "_"))
}

// binary checks a chain of operators. Its left sides do not count as depth:
// they are as many as there are terms in a OR b OR c.
func (g *guard) binary(e *ast.ExprNode) error {
	for {
		n, ok := (*e).(*ast.BinaryOperationExpr)
		if !ok {
			return g.expr(e)
		}
		if isModCall(n) {
			*e = modCall(n)
			return g.expr(e)
		}
		if err := g.count(); err != nil {
			return err
		}
		if err := g.expr(&n.R); err != nil {
			return err
		}
		e = &n.L
	}
}

// isModCall reports whether the client wrote MOD(a, b), of which the parser
// makes a % b: with other neighbours for a and b than in the call. An
// operation begins where its left side begins, a call does not.
func isModCall(n *ast.BinaryOperationExpr) bool {
	return n.Op == opcode.Mod && n.OriginTextPosition() != n.L.OriginTextPosition()
}

func modCall(n *ast.BinaryOperationExpr) *ast.FuncCallExpr {
	call := &ast.FuncCallExpr{FnName: tree.Functions["mod"].Name, Args: []ast.ExprNode{n.L, n.R}}
	call.SetOriginTextPosition(n.OriginTextPosition())
	return call
}

func (g *guard) caseExpr(n *ast.CaseExpr) error {
	if err := g.all(&n.Value, &n.ElseClause); err != nil {
		return err
	}
	for _, when := range n.WhenClauses {
		if err := g.all(&when.Expr, &when.Result); err != nil {
			return err
		}
	}
	return nil
}

// cast checks CAST, CONVERT to a type, and BINARY.
func (g *guard) cast(n *ast.FuncCastExpr) error {
	at := n.OriginTextPosition()
	switch {
	case n.Tp.IsArray(), n.Tp.GetType() == mysql.TypeTiDBVectorFloat32:
		return fault.At(fault.Unsupported, at, "this type of CAST is not supported")
	case n.Tp.GetType() == mysql.TypeNewDecimal && n.Tp.GetFlen() == 0:
		return fault.At(fault.Unsupported, at, "DECIMAL(0) is not supported: give the number of digits")
	case n.Tp.GetCharset() != "" && !isKnown(n.Tp.GetCharset()):
		return fault.At(fault.Unsupported, at, "the character set %s is not supported", n.Tp.GetCharset())
	case n.FunctionType != ast.CastBinaryOperator && n.Tp.GetCharset() == charset.CharsetBin && g.castsToChar(n):
		// The parser makes CHAR … BINARY, a character type, the type BINARY.
		return fault.At(fault.Unsupported, at, "CHAR … BINARY is not supported: use COLLATE")
	}
	return g.expr(&n.Expr)
}

// castsToChar reports whether the type in a cast begins with another word
// than BINARY.
func (g *guard) castsToChar(n *ast.FuncCastExpr) bool {
	if tp := n.Tp.GetType(); tp != mysql.TypeString && tp != mysql.TypeVarString {
		return false
	}
	s := scanner{src: g.sql, pos: n.OriginTextPosition()}
	nested, before, first := 0, "", ""
	for t := s.next(); t.kind != tokenEnd; t = s.next() {
		text := g.sql[t.start:t.end]
		if nested == 1 && (before == "," || strings.EqualFold(before, "as")) {
			first = text // of the type, once there is no further comma
		}
		switch text {
		case "(":
			nested++
		case ")":
			nested--
		}
		if nested == 0 && text == ")" {
			return !strings.EqualFold(first, "binary")
		}
		before = text
	}
	return true
}
