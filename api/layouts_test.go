package api

import (
	"fmt"
	"sync"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy"
)

func TestLayoutsAreKept(t *testing.T) {
	var ls layouts
	columns := []proxy.Column{{Name: "id", Type: catalog.Int}, {Name: "name", Type: catalog.Text}}
	first := ls.of(formatJSON, shapeObjects, columns, false)
	again := ls.of(formatJSON, shapeObjects, []proxy.Column{columns[0], columns[1]}, false)
	if again != first {
		t.Error("the same columns, but another layout")
	}
	columns[1].Name = "changed" // the caller's, who may
	if string(ls.of(formatJSON, shapeObjects, []proxy.Column{columns[0], {Name: "name", Type: catalog.Text}}, false).prefixes[1]) != `,"name":` {
		t.Error("the layout follows the caller's slice")
	}
}

func TestLayoutsAreToldApart(t *testing.T) {
	var ls layouts
	column := func(name string, t catalog.Type) proxy.Column { return proxy.Column{Name: name, Type: t} }
	lists := [][]proxy.Column{
		{column("a", catalog.Int)},
		{column("a", catalog.Text)},
		{column("b", catalog.Int)},
		{column("a", catalog.Int), column("b", catalog.Int)},
		{column("b", catalog.Int), column("a", catalog.Int)},
	}
	values := [][]byte{[]byte("12345678901234567890"), []byte("2")}
	for range 2 { // made, then kept
		for _, f := range []format{formatJSON, formatNDJSON, formatCSV} {
			for _, s := range []shape{shapeObjects, shapeArrays} {
				for _, quote := range []bool{false, true} {
					for _, columns := range lists {
						got, want := ls.of(f, s, columns, quote), newLayout(f, s, columns, quote)
						row := values[:len(columns)]
						if string(got.head) != string(want.head) || string(written(got, nil, row, false)) != string(written(want, nil, row, false)) {
							t.Errorf("%s %s %t %v: %s", f, s, quote, columns, written(got, nil, row, false))
						}
					}
				}
			}
		}
	}
}

func TestLayoutsAreBounded(t *testing.T) {
	var ls layouts
	list := func(n, i int) []proxy.Column {
		columns := make([]proxy.Column, n)
		for j := range columns {
			columns[j].Name = fmt.Sprintf("%d_%d", i, j)
		}
		return columns
	}
	for i := range 100 {
		ls.of(formatJSON, shapeObjects, list(maxLayoutColumns/10, i), false)
	}
	ls.of(formatJSON, shapeObjects, list(maxLayoutColumns+1, 0), false)
	held := 0
	for _, k := range ls.kept {
		held += len(k.columns)
	}
	if held != ls.columns || held > maxLayoutColumns || held == 0 {
		t.Errorf("%d columns are kept, and %d are counted", held, ls.columns)
	}
}

func TestLayoutsAtOnce(t *testing.T) {
	var ls layouts
	var done sync.WaitGroup
	for i := range 8 {
		done.Go(func() {
			for j := range 200 {
				columns := []proxy.Column{{Name: fmt.Sprint("c", (i+j)%10)}}
				if got := string(ls.of(formatJSON, shapeObjects, columns, false).prefixes[0]); got != `{"`+columns[0].Name+`":` {
					t.Errorf("%s of %s", got, columns[0].Name)
				}
			}
		})
	}
	done.Wait()
}
