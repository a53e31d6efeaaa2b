package guard

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kolide/databalancer/router/tree"
)

var update = flag.Bool("update", false, "write docs/functions.md anew")

const functionsDoc = "../../docs/functions.md"

const functionsHead = `# Functions

What a query may call: what the servers offer, less what harms. This page is
written by a test from the tables that the guard goes by, and another calls each
function on each kind of server (` + "`go test ./router/guard -run Functions [-update]`" + `).

A function that a shard's server lacks fails there, and the error names it.
Operators, CAST, CASE and MATCH … AGAINST are not listed. SFORMAT takes a
constant for its format, without numbers over 999 in its braces.

Those that only a server with the tables can compute are refused where a query
needs several shards, and over a split table: MATCH … AGAINST, DEFAULT(column)%s.
`

// TestFunctionsDoc holds docs/functions.md to the tables.
func TestFunctionsDoc(t *testing.T) {
	want := functionsPage(t)
	if *update {
		if err := os.WriteFile(functionsDoc, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(functionsDoc)
	if err != nil || string(have) != want {
		t.Errorf("%s is not what the tables say (%v): run this test with -update", functionsDoc, err)
	}
}

func functionsPage(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	inPlace := ""
	for _, name := range keys(tree.Functions) {
		if tree.Functions[name].Is(tree.InPlace) {
			inPlace += ", " + strings.ToUpper(name)
		}
	}
	fmt.Fprintf(&b, functionsHead, inPlace)
	b.WriteString("\n## Allowed\n\n| On | Functions |\n|---|---|\n")
	byServers := map[string][]string{}
	for _, s := range samples(t) {
		where := ""
		for i := range kinds {
			if s.isOn(i) {
				where += ", " + kinds[i].name
			}
		}
		byServers[where] = append(byServers[where], strings.ToUpper(shownWords(s.names[0])))
	}
	wheres := keys(byServers)
	slices.SortStableFunc(wheres, func(a, b string) int { return cmp.Compare(strings.Count(b, ","), strings.Count(a, ",")) })
	for _, where := range wheres {
		fmt.Fprintf(&b, "| %s | %s |\n", strings.TrimPrefix(where, ", "), listed(byServers[where]))
	}
	b.WriteString("\n## Refused\n\n| Since | Functions |\n|---|---|\n")
	for _, r := range tree.Refusals {
		fmt.Fprintf(&b, "| %s | %s |\n", r.Reason, listed(strings.Fields(strings.ToUpper(r.Names))))
	}
	b.WriteString("\nThe parser does not know, so that they are `unsupported`:\n\n")
	for _, name := range keys(tree.Unparsed) {
		fmt.Fprintf(&b, "- %s\n", tree.Unparsed[name])
	}
	return b.String()
}

// inWords are the names of what is no function to the client.
var inWords = map[string]string{
	"OF (": "MEMBER OF", "'TIDB`.(DATELITERAL": "DATE '…'", "'TIDB`.(TIMELITERAL": "TIME '…'", "'TIDB`.(TIMESTAMPLITERAL": "TIMESTAMP '…'",
}

// listed sorts names, each once.
func listed(names []string) string {
	for i, name := range names {
		names[i] = cmp.Or(inWords[name], name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), ", ")
}
