package test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/kolide/databalancer/"

// goPackage is what `go list` says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// rule says which of our packages a package may import, and what it must not
// depend on, directly (forbidden) or at all (never).
type rule struct {
	ours      []string
	forbidden []string
	never     []string
}

const (
	sqlParser = "github.com/pingcap/tidb/pkg/parser"
	driver    = "github.com/go-sql-driver/mysql"
	inMemory  = "github.com/dolthub/go-mysql-server"
)

// rules are the layers of the architecture: requests flow from api through
// proxy, which asks router, or through ingest, to shard, and nothing calls back
// up.
var rules = map[string]rule{
	"fault":            {forbidden: []string{"net/http", "database/sql"}},
	"server":           {forbidden: []string{"net/http"}, never: []string{sqlParser}},
	"catalog":          {ours: []string{"fault", "server"}, forbidden: []string{"net/http"}, never: []string{sqlParser}},
	"router":           {ours: []string{"catalog", "fault"}, forbidden: []string{"database/sql", "net/http", "net", "os", "time"}},
	"shard":            {ours: []string{"catalog", "server", "fault"}, forbidden: []string{"net/http"}, never: []string{sqlParser}},
	"proxy/gather":     {ours: []string{"router", "shard", "catalog", "server", "fault"}, forbidden: []string{"net/http", driver}},
	"proxy":            {ours: []string{"proxy/gather", "router", "shard", "catalog", "server", "fault"}, forbidden: []string{"net/http", driver}},
	"ingest":           {ours: []string{"shard", "catalog", "server", "fault"}, forbidden: []string{"net/http"}, never: []string{sqlParser}},
	"api":              {ours: []string{"router", "proxy", "ingest", "shard", "catalog", "server", "fault"}, forbidden: []string{driver, "database/sql"}},
	"local":            {forbidden: []string{"net/http"}, never: []string{sqlParser, driver}},
	"cmd/load":         {ours: []string{"catalog"}, never: []string{sqlParser}},
	"cmd/databalancer": {ours: []string{"api", "router", "proxy", "proxy/gather", "ingest", "shard", "catalog", "local", "cmd/load"}, never: []string{inMemory, "testing"}},
}

func TestImportRules(t *testing.T) {
	packages := listPackages(t)
	for name, r := range rules {
		p, ok := packages[module+name]
		if !ok {
			t.Errorf("%s: no such package", name)
			continue
		}
		for _, imported := range p.Imports {
			if ours, is := strings.CutPrefix(imported, module); is && !slices.Contains(r.ours, ours) {
				t.Errorf("%s must not import %s", name, ours)
			}
			if slices.Contains(r.forbidden, imported) {
				t.Errorf("%s must not import %s", name, imported)
			}
			if within(imported, sqlParser) && name != "router" {
				t.Errorf("%s must not import the SQL parser", name)
			}
		}
		for _, dep := range p.Deps {
			for _, never := range r.never {
				if within(dep, never) {
					t.Errorf("%s must not depend on %s", name, dep)
				}
			}
		}
	}
}

// within reports whether path is the package or one below it.
func within(path, pkg string) bool {
	return path == pkg || strings.HasPrefix(path, pkg+"/")
}

func listPackages(t *testing.T) map[string]goPackage {
	t.Helper()
	output, err := exec.Command("go", "list", "-deps=false", "-json=ImportPath,Imports,Deps", "../...").Output()
	if err != nil {
		t.Fatal(err)
	}
	packages := map[string]goPackage{}
	for d := json.NewDecoder(strings.NewReader(string(output))); ; {
		var p goPackage
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[p.ImportPath] = p
	}
}
