package shard

import (
	"reflect"
	"strings"
	"testing"
)

// What a session remembers of one result's columns must not show in another's.
func TestColumnsAfterOtherResults(t *testing.T) {
	zerofill := strings.Replace(field("a"), "\xfd\x00\x00", "\x08\x40\x00", 1)
	long := strings.Repeat("x", 120)
	results := [][]string{
		{field("a")},
		{field("a")},
		{field("b")},
		{field("b"), field("a")},
		{field("b"), field("c")},
		{zerofill, field("c")},
		{zerofill, field("c")},
		{field("b"), field("c")},
		{field("b"), field("c"), field("d")},
		{field("b")},
		make([]string, 300), // too many to keep
		{field("b")},
	}
	for i := range results[10] {
		results[10][i] = field(long)
	}
	var wire []string
	for _, r := range results {
		wire = append(wire, packets(append(append([]string{columnCount(len(r))}, r...), "\xfe\x00\x00\x00\x00\x00\x00")...))
	}
	c := answered(nil, deprecateEOF)
	for i, r := range results {
		c.session.socket.Conn = &replies{in: strings.NewReader(wire[i])}
		got := read(t, c)
		want := read(t, answered(strings.NewReader(wire[i]), deprecateEOF))
		if !reflect.DeepEqual(got.Columns(), want.Columns()) || got.zerofill != want.zerofill || len(got.Columns()) != len(r) {
			t.Errorf("result %d: got %+v, want %+v", i, got.Columns(), want.Columns())
		}
		if n := len(c.session.shape.packets); n > maxShape {
			t.Errorf("result %d: %d bytes are kept", i, n)
		}
	}
}

// read runs a statement to its end.
func read(t *testing.T, c *Conn) *Rows {
	t.Helper()
	rows, err := c.Query(t.Context(), "SELECT")
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
	}
	if rows.Err() != nil {
		t.Fatal(rows.Err())
	}
	return rows
}

func columnCount(n int) string {
	if n < 251 {
		return string([]byte{byte(n)})
	}
	return string([]byte{0xfc, byte(n), byte(n >> 8)})
}
