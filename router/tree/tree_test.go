package tree

import (
	"strings"
	"testing"

	"github.com/pingcap/tidb/pkg/parser"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// parsed returns a query as the parser makes it.
func parsed(t *testing.T, sql string) ast.Node {
	t.Helper()
	statements, _, err := parser.New().ParseSQL(sql)
	if err != nil || len(statements) != 1 {
		t.Fatalf("%s: %v", sql, err)
	}
	return statements[0]
}

// expression returns the only field of SELECT and an expression.
func expression(t *testing.T, e string) ast.ExprNode {
	t.Helper()
	return parsed(t, "SELECT "+e).(*ast.SelectStmt).Fields.Fields[0].Expr
}

// text prints a node, in a way that is easy to read.
func text(t *testing.T, node ast.Node) string {
	t.Helper()
	sql, err := Restore(node)
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(sql, "`", "")
}

func TestOperands(t *testing.T) {
	for _, c := range []struct{ e, and, or string }{
		{"a", "a", "a"},
		{"a AND b AND c", "a b c", "a AND b AND c"},
		{"a AND (b AND c) AND (d OR e)", "a b c (d OR e)", "a AND (b AND c) AND (d OR e)"},
		{"a OR b AND c OR (d)", "a OR b AND c OR (d)", "a b AND c (d)"},
		{"((a OR b))", "((a OR b))", "a b"},
	} {
		join := func(parts []ast.ExprNode) string {
			list := make([]string, len(parts))
			for i, p := range parts {
				list[i] = text(t, p)
			}
			return strings.Join(list, " ")
		}
		e := expression(t, c.e)
		if got := join(Conjuncts(e)); got != c.and {
			t.Errorf("%s is AND of %s", c.e, got)
		}
		if got := join(Disjuncts(e)); got != c.or {
			t.Errorf("%s is OR of %s", c.e, got)
		}
	}
	parts := Conjuncts(expression(t, "a = 1 AND (b OR c)"))
	if got := text(t, Conjunction(parts)); got != "(a=1) AND (b OR c)" {
		t.Errorf("put together: %s", got)
	}
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		limit string
		rows  uint64 // that it looks at
		ok    bool
		lower string // to at most 10 rows
	}{
		{"", 0, false, "LIMIT 10"},
		{"LIMIT 5", 5, true, "LIMIT 5"},
		{"LIMIT 50", 50, true, "LIMIT 10"},
		{"LIMIT 5 OFFSET 20", 25, true, "LIMIT 20,5"},
		{"LIMIT 50 OFFSET 20", 70, true, "LIMIT 20,10"},
		{"LIMIT 18446744073709551615 OFFSET 1", 0, false, "LIMIT 1,10"},
	} {
		sel := parsed(t, "SELECT 1 "+c.limit).(*ast.SelectStmt)
		if sel.Limit != nil {
			if rows, ok := RowsOf(sel.Limit); rows != c.rows || ok != c.ok {
				t.Errorf("%s looks at %d rows, %v", c.limit, rows, ok)
			}
		}
		before := text(t, sel)
		lowered := Limited(sel, func(l *ast.Limit) *ast.Limit { return Lower(l, 10) })
		if got := text(t, lowered); got != "SELECT 1 "+c.lower {
			t.Errorf("%s lowered: %s", c.limit, got)
		}
		if after := text(t, sel); after != before {
			t.Errorf("%s became %s", before, after)
		}
	}
}

// TestCopies checks that what is said to return a copy leaves its argument as
// it is.
func TestCopies(t *testing.T) {
	for _, c := range []struct {
		name, query, want string
		copied            func(ast.Node) ast.Node
	}{
		{"an arm alone", "(SELECT a FROM t LIMIT 1) UNION SELECT b FROM u", "SELECT a FROM t LIMIT 1",
			func(n ast.Node) ast.Node { return Alone(n.(*ast.SetOprStmt).SelectList.Selects[0]) }},
		{"other tables", "SELECT 1 FROM a JOIN (b LEFT JOIN c ON b.x=c.x) ON a.x=b.x", "SELECT 1 FROM a JOIN (other LEFT JOIN c ON b.x=c.x) ON a.x=b.x",
			func(n ast.Node) ast.Node {
				sel := *n.(*ast.SelectStmt)
				sel.From = &ast.TableRefsClause{TableRefs: Rejoined(sel.From.TableRefs, func(ref *ast.TableSource) *ast.TableSource {
					if name := ref.Source.(*ast.TableName); name.Name.O != "b" {
						return ref
					}
					return &ast.TableSource{Source: &ast.TableName{Name: ast.NewCIStr("other")}}
				}).(*ast.Join)}
				return &sel
			}},
		{"names", "SELECT a, b AS x, 1 FROM t", "SELECT a,b AS x,1 AS y FROM t",
			func(n ast.Node) ast.Node { return Aliased(n, []string{"", "z", "y"}) }},
		{"names of a set operation", "(SELECT 1) UNION SELECT 2", "(SELECT 1 AS y) UNION SELECT 2",
			func(n ast.Node) ast.Node { return Aliased(n, []string{"y"}) }},
	} {
		query := parsed(t, c.query)
		before := text(t, query)
		if got := text(t, c.copied(query)); got != c.want {
			t.Errorf("%s: %s", c.name, got)
		}
		if after := text(t, query); after != before {
			t.Errorf("%s: changed %s to %s", c.name, before, after)
		}
	}
}

func TestUnqualified(t *testing.T) {
	e := expression(t, "t.a + a * u.b - 't.a'")
	if got, err := Unqualified(e); err != nil || got != "`a`+`a`*`b`-'t.a'" {
		t.Errorf("%s, %v", got, err)
	}
}

// TestShape prints a statement without rows.
func TestShape(t *testing.T) {
	shape, err := Shape(parsed(t, "SELECT a FROM t ORDER BY a LIMIT 3"))
	if err != nil || shape != "SELECT `a` FROM `t` ORDER BY `a` LIMIT 0" {
		t.Errorf("%s, %v", shape, err)
	}
}

// TestRows checks what holds for all rows of the table of functions.
func TestRows(t *testing.T) {
	seen := map[string]bool{}
	for _, row := range rows {
		if row.name != strings.ToLower(row.name) && row.form != DateLiteral || seen[row.name] {
			t.Errorf("%s stands twice, or not in lower case", row.name)
		}
		seen[row.name] = true
		if reason := Refusal(row.name); reason != "" {
			t.Errorf("%s is allowed, and refused: %s", row.name, reason)
		}
		if row.marks&Picks != 0 && row.form < aggregate {
			t.Errorf("%s picks, and is no aggregate", row.name)
		}
		if strings.HasPrefix(row.name, "json_") && row.returns != TextKind && row.marks&Unranked == 0 {
			t.Errorf("%s may return JSON, and is not marked so", row.name)
		}
	}
	listed := map[string]bool{}
	for _, list := range []map[string]*Function{Functions, Aggregates, Windows} {
		for name := range list {
			listed[name] = true
		}
	}
	if len(listed) != len(rows) {
		t.Errorf("%d functions of %d rows", len(listed), len(rows))
	}
}
