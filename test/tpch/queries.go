package tpch

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed queries/*.sql
var files embed.FS

// Query is one of the 22.
type Query struct {
	Name  string // q01 to q22
	Title string
	SQL   string
}

// Queries returns all of them in the order of their numbers.
func Queries() []Query {
	const count = 22
	queries := make([]Query, count)
	for i := range queries {
		name := fmt.Sprintf("q%02d", i+1)
		text, err := files.ReadFile("queries/" + name + ".sql")
		if err != nil {
			panic(err) // not embedded: a fault of the build
		}
		title, statement, _ := strings.Cut(string(text), "\n")
		queries[i] = Query{
			Name:  name,
			Title: strings.TrimPrefix(title, "-- "),
			SQL:   strings.TrimSpace(statement),
		}
	}
	return queries
}
