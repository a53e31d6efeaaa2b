package harness

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/kolide/databalancer/local/localtest"
)

// accountSecret is the password of all accounts that Accounts makes.
const accountSecret = "a secret"

// Accounts makes three accounts on the servers, for writing, for the catalog
// and for queries, which may do what the program says that they need there
// (databalancer grants) and no more. It returns the flags that name them; the
// accounts are dropped when the test ends.
func Accounts(t testing.TB, addresses []string, database string) (flags []string) {
	t.Helper()
	var create, drop []string
	for _, role := range []string{"mysql", "catalog", "mysql_query"} {
		name := AccountName(role, database)
		flags = append(flags, "-"+role+"_username", name, "-"+role+"_password", accountSecret)
		create = append(create, "CREATE USER IF NOT EXISTS "+name+"@'%' IDENTIFIED BY '"+accountSecret+"'")
		drop = append(drop, "DROP USER IF EXISTS "+name+"@'%'")
	}
	for _, address := range addresses {
		db := localtest.Open(t, address, "")
		localtest.Exec(t, db, create...)
		localtest.Exec(t, db, grants(t, append(ShardFlags([]string{address}, database), flags...))...)
		t.Cleanup(func() { localtest.Exec(t, db, drop...) })
	}
	return flags
}

// AccountName is the name of an account that Accounts makes, by the flag that
// takes it, which is role_username.
func AccountName(role, database string) string {
	return database + "_" + map[string]string{"mysql": "w", "catalog": "c", "mysql_query": "q"}[role]
}

// grants returns the statements that the program prints.
func grants(t testing.TB, flags []string) (statements []string) {
	t.Helper()
	text, err := exec.Command(Binary(t), append([]string{"grants"}, flags...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("databalancer grants: %v\n%s", err, text)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "--") {
			statements = append(statements, strings.TrimSuffix(line, ";"))
		}
	}
	return statements
}
