package guard

import (
	"flag"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
)

var nests = flag.Int("nests", 400, "the number of random nests of operators to try")

// writer of random expressions: with few parentheses, so that what binds to
// what is left to the parser's and the server's grammar.
type babbler struct{ *rand.Rand }

func (b babbler) pick(of ...string) string { return of[b.IntN(len(of))] }

// expr returns an expression of at most the given depth.
func (b babbler) expr(depth int) string {
	if depth == 0 {
		return b.atom()
	}
	x, y, z := b.expr(b.IntN(depth)), b.expr(b.IntN(depth)), b.expr(b.IntN(depth))
	switch b.IntN(17) {
	case 0, 1, 2, 3:
		return x + b.pick(" ", "") + b.pick("+", "-", "*", "/", "%", "^", "|", "&", "<<", ">>", "=", "<", ">", "<=", ">=", "!=", "<>", "<=>") + b.pick(" ", " ") + y
	case 4:
		return x + b.pick(" and ", " or ", " xor ", " div ", " mod ", " && ", " || ") + y
	case 5:
		return b.pick("not ", "!", "-", "+", "~", "binary ", "- ", "! ", "~ ", "+ ", "not !", "! -", "- ~") + x
	case 6:
		return "(" + x + ")"
	case 14:
		return b.pick("! ", "- ", "~ ", "not ", "-", "~") + b.pick("! ", "- ", "~ ", "+ ") + x
	case 15:
		return x + b.pick(" collate utf8mb4_bin", " is null is not null", " is not null is null", " = -1", "<- 1", " > ! 1", " -(-2)", "- -2", "-~ 2")
	case 16:
		return b.pick("", "row") + "(" + x + ", " + y + ")" + b.pick(" = (", " < row(", " <=> (", " <> (") + z + ", 2)" + ")"
	case 7:
		return x + b.pick(" is null", " is not null", " is true", " is not false", " is unknown")
	case 8:
		return x + b.pick(" in (", " not in (") + y + ", " + z + ")"
	case 9:
		return x + b.pick(" between ", " not between ") + y + " and " + z
	case 10:
		return x + b.pick(" like ", " not like ", " regexp ") + y
	case 11:
		return b.function(x, y, z)
	case 12:
		return "case " + b.pick("", x) + " when " + y + " then " + z + b.pick("", " else "+x) + " end"
	}
	return b.query(x, y)
}

func (b babbler) function(x, y, z string) string {
	switch b.IntN(9) {
	case 0:
		return "mod(" + x + ", " + y + ")"
	case 1:
		return "if(" + x + ", " + y + ", " + z + ")"
	case 2:
		return "position((" + x + ") in " + y + ")"
	case 3:
		return "insert('abcdef', " + x + ", " + y + ", " + z + ")"
	case 4:
		return "trim(" + b.pick("both ", "leading ", "") + x + " from " + y + ")"
	case 5:
		return "cast(" + x + " as " + b.pick("char", "signed", "unsigned", "decimal(10,2)", "binary") + ")"
	case 6:
		return "date_add('2024-02-29', interval " + x + " " + b.pick("day", "month", "second") + ")"
	case 7:
		return "'2024-02-29' " + b.pick("+", "-") + " interval " + x + " " + b.pick("day", "hour")
	}
	return b.pick("coalesce(", "concat(", "greatest(") + x + ", " + y + ")"
}

func (b babbler) query(x, y string) string {
	switch b.IntN(4) {
	case 0:
		return "(select " + x + ")"
	case 1:
		return b.pick("exists ", "not exists ") + "(select 1 from o where o.t_id = t.id and " + x + ")"
	case 2:
		return x + b.pick(" in ", " not in ") + "(select t_id from o where " + y + ")"
	}
	return x + b.pick(" = any ", " < all ", " <> some ") + "(select t_id from o)"
}

func (b babbler) atom() string {
	return b.pick("id", "n", "t.n", "name", "d", "f", "dt", "u", "null", "true", "false", "0", "1", "2", "-1", "1.5", "1e1",
		"'a'", "'1'", "'s%'", "0x41", "x'41'", "b'101'", "date'2024-02-29'", "'sp' 'ot'",
		"-9223372036854775808", "18446744073709551615", "- 1", "_latin1'a'", "_utf8mb4 'b'", "timestamp '2024-01-01 00:00:00'", "1.", ".5", "-1e1")
}

// TestFaithfulToNonsense compares random expressions, most of which make no
// sense but have a value, with their restored selves.
func TestFaithfulToNonsense(t *testing.T) {
	conn := session(t)
	b := babbler{rand.New(rand.NewPCG(1, 2))}
	answered := 0
	t.Cleanup(func() { t.Logf("%d of %d gave an answer", answered, *nests) })
	for range *nests {
		query := "SELECT id, " + b.expr(3) + ", " + b.expr(4) + " FROM t WHERE id < 4 ORDER BY id"
		query = strings.ReplaceAll(query, "!!", "! !") // MySQL takes !! for one operator
		if _, err := Parse(query, nil, Limits{}); isCode(err, fault.Syntax) || isCode(err, fault.Unsupported) {
			continue // grammar that the parser lacks, or nonsense
		}
		if !strings.HasPrefix(faithful(t, conn, query), "error") {
			answered++
		}
	}
	if answered < *nests/4 {
		t.Errorf("only %d queries gave an answer", answered)
	}
}
