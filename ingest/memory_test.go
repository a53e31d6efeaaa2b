package ingest

import (
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
)

// TestForeseen decodes large bodies, whose rows must come to have about the
// room that they need.
func TestForeseen(t *testing.T) {
	fields := newFieldSet([]catalog.Field{{Name: "a", Type: catalog.Text}, {Name: "b", Type: catalog.Int}}, nil)
	for name, event := range map[string]string{
		"tiny":    `{"b":1}`,
		"escaped": `{"a":"\u00e9\n ` + strings.Repeat(`\t`, 20) + `","b":12}`,
		"long":    `{"a":"` + strings.Repeat("x", 300) + `"}`,
	} {
		body := []byte("[" + strings.Repeat(event+",", 4<<20/len(event)) + event + "]")
		r := rows{body: body}
		if _, err := decode(&r, span{0, len(body)}, fields, true, 1<<20); err != nil {
			t.Fatal(err)
		}
		if filled := r.filled(); r.memory() > filled+filled/12 {
			t.Errorf("%s: %d bytes of rows have room for %d", name, filled, r.memory())
		}
	}
}
