package test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
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

func TestImportRules(t *testing.T) {
	packages := listPackages(t)
	var built []string // the rooms below
	for _, r := range rooms {
		p, ok := packages[module+r.name]
		if !ok {
			t.Errorf("%s: no such package", r.name)
			continue
		}
		r.check(t, p, built)
		built = append(built, r.name)
		delete(packages, module+r.name)
	}
	for _, imported := range packages[module+"test/harness"].Imports {
		if ours, is := strings.CutPrefix(imported, module); is && ours != "local/localtest" {
			t.Errorf("test/harness must not import %s: to it the program is a black box", ours)
		}
	}
	for _, name := range halls {
		delete(packages, module+name)
	}
	for path := range packages {
		t.Errorf("%s is not in the table of rooms", path)
	}
}

// check holds the walls of one room.
func (r *room) check(t *testing.T, p goPackage, built []string) {
	t.Helper()
	for _, imported := range p.Imports {
		ours, is := strings.CutPrefix(imported, module)
		switch {
		case is && ours != "fault" && !slices.Contains(r.ours, ours):
			t.Errorf("%s must not import %s", r.name, ours)
		case is && !slices.Contains(built, ours):
			t.Errorf("%s imports %s, which does not stand below it", r.name, ours)
		case slices.Contains(r.not, imported):
			t.Errorf("%s must not import %s", r.name, imported)
		case within(imported, sqlParser) && !within(r.name, "router"):
			t.Errorf("%s must not import the SQL parser", r.name)
		}
	}
	for _, ours := range r.ours {
		if !slices.Contains(p.Imports, module+ours) {
			t.Errorf("%s may import %s, and does not: the table says too much", r.name, ours)
		}
	}
	for _, dep := range p.Deps {
		for _, never := range r.never {
			if within(dep, never) {
				t.Errorf("%s must not depend on %s", r.name, dep)
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

var update = flag.Bool("update", false, "write the table of rooms into docs/architecture.md")

// TestRooms holds docs/architecture.md to the table of rooms.
func TestRooms(t *testing.T) {
	const page, from, to = "../docs/architecture.md", "| Room | Owns | Imports of ours |\n|---|---|---|\n", "\n\n"
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), from)
	_, after, ends := strings.Cut(rest, to)
	if !found || !ends {
		t.Fatalf("%s has no table of rooms", page)
	}
	want := before + from + roomRows() + to + after
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s is not what the table of rooms says; go test ./test -run Rooms -update writes it", page)
	}
}

// roomRows prints the rooms, the roof first.
func roomRows() string {
	rows := make([]string, 0, len(rooms))
	for _, r := range slices.Backward(rooms) {
		ours := strings.Join(r.ours, ", ")
		if ours == "" {
			ours = "–"
		}
		rows = append(rows, fmt.Sprintf("| `%s/` | %s | %s |", r.name, r.owns, ours))
	}
	return strings.Join(rows, "\n")
}
