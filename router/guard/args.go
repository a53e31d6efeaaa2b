package guard

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/router/tree"
	"github.com/pingcap/tidb/pkg/parser/ast"
)

// The digits that MySQL's DECIMAL holds, in all and after the point. Servers
// clamp or round what has more.
const (
	maxDigits = 65
	maxScale  = 30
)

// Fits reports whether a query and its arguments have no more bytes together than
// the limits give them.
func (l Limits) Fits(sql string, args []any) bool {
	size := len(sql)
	for _, arg := range args {
		switch v := arg.(type) {
		case json.Number:
			size += len(v)
		case string:
			size += len(v)
		}
	}
	return size <= l.orDefault().Length
}

// checkArgs checks the arguments' types and sizes. room is the number of
// bytes that they may have together.
func checkArgs(args []any, room int) error {
	for i, arg := range args {
		switch v := arg.(type) {
		case nil, bool, int64, float64:
		case json.Number:
			room -= len(v)
		case string:
			room -= len(v)
			if !utf8.ValidString(v) {
				return badArg(i, "is not valid UTF-8")
			}
		default:
			return badArg(i, "has a type that is not supported")
		}
	}
	if room < 0 && len(args) > 0 {
		return fault.New(fault.TooLarge, "the query and its arguments are too long together")
	}
	return nil
}

func badArg(i int, what string) *fault.Error {
	return fault.New(fault.InvalidArgument, "argument %d %s", i+1, what)
}

// bind puts the arguments in the placeholders' places.
func (g *guard) bind(args []any) error {
	slices.SortFunc(g.placeholders, func(a, b *tree.Literal) int { return a.Offset - b.Offset })
	if have, want := len(args), len(g.placeholders); have != want {
		return fault.New(fault.InvalidArgument, "the query has %d placeholders, but %d arguments came with it", want, have)
	}
	for i, l := range g.placeholders {
		value, err := argument(i, args[i])
		if err != nil {
			return err
		}
		if l.Unsigned && !isWhole(value) {
			return badArg(i, "must be a whole number from 0")
		}
		l.Value = value
	}
	for _, item := range g.ordered {
		// As in text, a number says which column is meant.
		if n, ok := item.Expr.(*tree.Literal).Value.(int64); ok && n >= 0 {
			item.Expr = &ast.PositionExpr{N: int(n)}
		}
	}
	return nil
}

func isWhole(value any) bool {
	switch v := value.(type) {
	case int64:
		return v >= 0
	case uint64:
		return true
	}
	return false
}

// argument returns the value of a literal for the ith argument.
func argument(i int, arg any) (any, error) {
	switch v := arg.(type) {
	case json.Number:
		return numberArg(i, string(v))
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, badArg(i, "is not a number")
		}
	}
	return arg, nil
}

// numberArg keeps a JSON number's exact value: an integer, a decimal, or,
// with an exponent, a float.
func numberArg(i int, s string) (any, error) {
	if !json.Valid([]byte(s)) || strings.Trim(s, "-+.eE0123456789") != "" {
		return nil, badArg(i, "is not a number")
	}
	if strings.ContainsAny(s, "eE") {
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return nil, badArg(i, "is beyond the range of a float")
		}
		return f, nil
	}
	whole, fraction, decimal := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	if !decimal {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return n, nil
		}
	}
	if len(whole)+len(fraction) > maxDigits || len(fraction) > maxScale {
		return nil, badArg(i, "has more digits than a decimal holds")
	}
	return tree.Number(s), nil
}
