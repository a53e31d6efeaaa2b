package guard

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/fault"
)

// TestSyntax goes through statements of the kinds that the manuals of MySQL and
// MariaDB have, and that people bring from other databases: each is taken,
// refused by a name, or a syntax error that says what to do.
func TestSyntax(t *testing.T) {
	conn := session(t)
	dialect, _ := dialectOf(t, conn)
	dialect.NoTies, dialect.NoExamined = false, false // a server that lacks them is not compared with
	answered := 0
	for _, line := range lines("testdata/syntax.txt") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		part := strings.Split(line, "\t")
		if len(part) != 3 {
			t.Fatalf("%q has %d parts", line, len(part))
		}
		kind, detail, query := part[0], part[1], part[2]
		_, err := dialect.Parse(query, nil, Limits{})
		switch {
		case kind == "ok" && err != nil, kind != "ok" && (!isCode(err, fault.Code(kind)) || !strings.Contains(err.Error(), detail)):
			t.Errorf("%s\nis %v, not %s: %s", query, err, kind, detail)
		case kind == "ok" && !strings.HasPrefix(run(t.Context(), conn, query), "error"):
			faithful(t, conn, query)
			answered++
		}
	}
	if answered < 130 {
		t.Errorf("the server answered only %d statements", answered)
	}
}
