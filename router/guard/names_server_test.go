package guard

import (
	"database/sql"
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/tree"
	"github.com/kolide/databalancer/server"
)

// names returns the names of a statement's columns as a server gives them, or
// its error.
func names(t *testing.T, conn *sql.Conn, query string) string {
	rows, err := conn.QueryContext(t.Context(), query)
	if err != nil {
		return errorText(err)
	}
	defer rows.Close()
	list, err := rows.Columns()
	if err != nil {
		return errorText(err)
	}
	return strings.Join(list, "|")
}

// TestNames compares the names of columns with those that the server gives
// for the client's text.
func TestNames(t *testing.T) {
	conn := session(t)
	dialect, _ := dialectOf(t, conn)
	same := 0
	for _, e := range lines("testdata/names.sql") {
		query := "SELECT " + e + "\nFROM t"
		if strings.Contains(e, "over w") {
			query += " WINDOW w AS (ORDER BY id)"
		}
		st, err := dialect.Parse(query, nil, Limits{})
		if err != nil {
			t.Errorf("%s: %v", query, err)
			continue
		}
		text, err := tree.Restore(st.node)
		if err != nil {
			t.Fatal(err)
		}
		got, want := names(t, conn, text), names(t, conn, query)
		// TiDB leaves half of a character at the end of a name that it cuts.
		if got != strings.ToValidUTF8(want, "") && !strings.HasPrefix(want, "error") {
			t.Errorf("%s\nrestored %s\nis named %q, not %q", query, text, got, want)
			continue
		}
		same++
	}
	if t.Logf("%d names", same); same < 200 {
		t.Errorf("only %d names were compared", same)
	}
}

// dialectOf returns the dialect of a connection's server.
func dialectOf(t *testing.T, conn *sql.Conn) (Dialect, server.Info) {
	t.Helper()
	var version string
	if err := conn.QueryRowContext(t.Context(), "SELECT VERSION()").Scan(&version); err != nil {
		t.Fatal(err)
	}
	info := server.Parse(version)
	return Dialect{TruthAsWritten: info.NamesTruthAsWritten(), FirstString: info.NamesFirstString(), CommentsName: info.NamesWithComments(), DoubleNot: info.JoinsNots(), RowValues: info.RowValues(), LacksValues: info.LacksValues(), ExactWiths: info.ExactWiths(), KeepsBlanks: info.KeepsBlanks(), ListsColumns: info.ListsColumns(), NoTies: !info.EndsWithTies(), NoExamined: !info.LimitsExamined()}, info
}
