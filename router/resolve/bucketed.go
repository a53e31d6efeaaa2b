package resolve

import (
	"strings"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
	"github.com/pingcap/tidb/pkg/parser/mysql"
	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// seconds are the lengths of buckets.
var seconds = map[catalog.Bucket]uint64{catalog.Minute: 60, catalog.Hour: 3600, catalog.Day: 86400}

// parts has functions of a timestamp alone by the coarsest bucket for all of
// whose times they are the same.
var parts = map[string]catalog.Bucket{
	"date": catalog.Day, "year": catalog.Day, "quarter": catalog.Day, "month": catalog.Day, "day": catalog.Day, "dayofmonth": catalog.Day,
	"dayofweek": catalog.Day, "weekday": catalog.Day, "dayofyear": catalog.Day, "week": catalog.Day, "weekofyear": catalog.Day,
	"yearweek": catalog.Day, "to_days": catalog.Day, "last_day": catalog.Day, "dayname": catalog.Day, "monthname": catalog.Day,
	"hour": catalog.Hour, "minute": catalog.Minute,
}

// units has EXTRACT's, likewise.
var units = map[ast.TimeUnitType]catalog.Bucket{
	ast.TimeUnitYear: catalog.Day, ast.TimeUnitQuarter: catalog.Day, ast.TimeUnitMonth: catalog.Day, ast.TimeUnitWeek: catalog.Day,
	ast.TimeUnitDay: catalog.Day, ast.TimeUnitYearMonth: catalog.Day,
	ast.TimeUnitHour: catalog.Hour, ast.TimeUnitDayHour: catalog.Hour,
	ast.TimeUnitMinute: catalog.Minute, ast.TimeUnitHourMinute: catalog.Minute, ast.TimeUnitDayMinute: catalog.Minute,
}

// specifiers has those of DATE_FORMAT, likewise (MySQL manual, "DATE_FORMAT").
var specifiers = map[byte]catalog.Bucket{}

func init() {
	for bucket, letters := range map[catalog.Bucket]string{catalog.Day: "abcDdejMmUuVvWwXxYy%", catalog.Hour: "HhIklp", catalog.Minute: "i"} {
		for _, letter := range []byte(letters) {
			specifiers[letter] = bucket
		}
	}
}

// characters is how much of a timestamp's text is the same for all times of a
// bucket: of 2006-01-02 15:04.
var characters = map[catalog.Bucket]uint64{catalog.Day: 10, catalog.Hour: 13, catalog.Minute: 16}

// bucketed returns the expression of which e is a function that is the same for
// all times of one bucket, if that is a timestamp; nil where it is none that we
// know. Times are those of a session in UTC.
func bucketed(e ast.ExprNode, bucket catalog.Bucket) ast.ExprNode {
	switch n := e.(type) {
	case *ast.FuncCallExpr:
		return bucketedCall(n, bucket)
	case *ast.FuncCastExpr:
		if n.FunctionType == ast.CastFunction && n.Tp.GetType() == mysql.TypeDate {
			return n.Expr
		}
	case *ast.BinaryOperationExpr:
		return bucketedSeconds(n, bucket)
	}
	return nil
}

func bucketedCall(n *ast.FuncCallExpr, bucket catalog.Bucket) ast.ExprNode {
	if len(n.Args) == 0 {
		return nil
	}
	same := func(ok bool, of ast.ExprNode) ast.ExprNode {
		if !ok {
			return nil
		}
		return of
	}
	rest := n.Args[1:]
	switch name := n.FnName.L; name {
	case "extract":
		unit, ok := n.Args[0].(*ast.TimeUnitExpr)
		return same(ok && len(rest) == 1 && bucket.Within(units[unit.Unit]), n.Args[len(n.Args)-1])
	case "date_format":
		return same(len(rest) == 1 && formats(rest[0], bucket), n.Args[0])
	case "left":
		return same(len(rest) == 1 && atMost(rest[0], characters[bucket]), n.Args[0])
	case "substr", "substring":
		return same(len(rest) == 2 && isWhole(rest[0], 1) && atMost(rest[1], characters[bucket]), n.Args[0])
	case "floor":
		div, ok := tree.Bare(n.Args[0]).(*ast.BinaryOperationExpr)
		return same(ok && div.Op == opcode.Div && dividesExactly(div.R, bucket), unixTime(divided(div)))
	default:
		return same(bucket.Within(parts[name]) && (len(rest) == 0 || len(rest) == 1 && tree.IsConstant(rest[0])), n.Args[0])
	}
}

// divided returns what an operation divides, nil where there is none.
func divided(n *ast.BinaryOperationExpr) ast.ExprNode {
	if n == nil {
		return nil
	}
	return n.L
}

// bucketedSeconds knows UNIX_TIMESTAMP(t) DIV n, and UNIX_TIMESTAMP(t) -
// UNIX_TIMESTAMP(t) % n.
func bucketedSeconds(n *ast.BinaryOperationExpr, bucket catalog.Bucket) ast.ExprNode {
	switch n.Op {
	case opcode.IntDiv:
		if divides(n.R, bucket) {
			return unixTime(n.L)
		}
	case opcode.Minus:
		mod, ok := tree.Bare(n.R).(*ast.BinaryOperationExpr)
		if !ok || mod.Op != opcode.Mod || !divides(mod.R, bucket) {
			return nil
		}
		left, right := unixTime(n.L), unixTime(mod.L)
		if left != nil && right != nil && sameColumn(tree.PlainColumn(left), tree.PlainColumn(right)) {
			return left
		}
	}
	return nil
}

func sameColumn(a, b *ast.ColumnName) bool {
	return a != nil && b != nil && a.Name.L == b.Name.L && a.Table.L == b.Table.L
}

// unixTime returns the argument of UNIX_TIMESTAMP, nil where an expression is
// none.
func unixTime(e ast.ExprNode) ast.ExprNode {
	if e == nil {
		return nil
	}
	call, ok := tree.Bare(e).(*ast.FuncCallExpr)
	if !ok || call.FnName.L != "unix_timestamp" || len(call.Args) != 1 {
		return nil
	}
	return call.Args[0]
}

// divides reports whether a number of seconds is a multiple of the bucket's.
func divides(e ast.ExprNode, bucket catalog.Bucket) bool {
	n, ok := tree.WholeNumber(tree.Bare(e))
	return ok && n > 0 && n%seconds[bucket] == 0
}

// maxDivisor bounds the n for which UNIX_TIMESTAMP(t) / n, of six digits and
// four more that a division adds, is not rounded up to a whole number: a
// microsecond less than n makes 0.000001/n less than one.
const maxDivisor = 20_000

func dividesExactly(e ast.ExprNode, bucket catalog.Bucket) bool {
	n, _ := tree.WholeNumber(tree.Bare(e))
	return n < maxDivisor && divides(e, bucket)
}

// formats reports whether a format shows nothing that is not the same for all
// times of a bucket.
func formats(e ast.ExprNode, bucket catalog.Bucket) bool {
	l, ok := tree.Bare(e).(*tree.Literal)
	if !ok {
		return false
	}
	format, ok := l.Read().(string)
	if !ok || l.Charset() != "" {
		return false
	}
	for {
		_, after, found := strings.Cut(format, "%")
		if !found {
			return true
		}
		if after == "" || !bucket.Within(specifiers[after[0]]) {
			return false
		}
		format = after[1:]
	}
}

func isWhole(e ast.ExprNode, want uint64) bool {
	n, ok := tree.WholeNumber(tree.Bare(e))
	return ok && n == want
}

func atMost(e ast.ExprNode, most uint64) bool {
	n, ok := tree.WholeNumber(tree.Bare(e))
	return ok && n <= most
}
