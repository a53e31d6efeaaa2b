package api

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/proxy"
)

func TestUnique(t *testing.T) {
	tests := []struct{ names, want []string }{
		{[]string{"a", "b"}, []string{"a", "b"}},
		{[]string{"a", "a", "a"}, []string{"a", "a:2", "a:3"}},
		{[]string{"a", "A"}, []string{"a", "A"}},
		{[]string{"a", "a", "a:2"}, []string{"a", "a:3", "a:2"}},
		{[]string{"a:2", "a", "a"}, []string{"a:2", "a", "a:3"}},
		{[]string{"a:2", "a:2", "a", "a"}, []string{"a:2", "a:2:2", "a", "a:3"}},
		{[]string{"", ""}, []string{"", ":2"}},
	}
	for _, tt := range tests {
		var columns []proxy.Column
		for _, name := range tt.names {
			columns = append(columns, proxy.Column{Name: name})
		}
		var got []string
		for _, c := range unique(columns) {
			got = append(got, c.Name)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q: %q, want %q", tt.names, got, tt.want)
		}
	}
}

func TestLayout(t *testing.T) {
	columns := []proxy.Column{{Name: "id", Type: catalog.Int}, {Name: `na"me`, Type: catalog.Text}, {Name: "id", Type: catalog.Bool}}
	rows := [][][]byte{
		{[]byte("1"), []byte("spot, \"the dog\""), []byte("1")},
		{[]byte("2"), nil, nil},
		{nil, []byte(""), []byte("0")},
	}
	tests := []struct {
		format format
		shape  shape
		want   string
	}{
		{formatJSON, shapeObjects, `{"results":[{"id":1,"na\"me":"spot, \"the dog\"","id:2":true},{"id":2,"na\"me":null,"id:2":null},{"id":null,"na\"me":"","id:2":false}`},
		{formatJSON, shapeArrays, `{"columns":[{"name":"id","type":"int"},{"name":"na\"me","type":"text"},{"name":"id","type":"bool"}],"rows":[[1,"spot, \"the dog\"",true],[2,null,null],[null,"",false]`},
		{formatNDJSON, shapeObjects, `{"id":1,"na\"me":"spot, \"the dog\"","id:2":true}` + "\n" + `{"id":2,"na\"me":null,"id:2":null}` + "\n" + `{"id":null,"na\"me":"","id:2":false}` + "\n"},
		{formatNDJSON, shapeArrays, `{"columns":[{"name":"id","type":"int"},{"name":"na\"me","type":"text"},{"name":"id","type":"bool"}]}` + "\n" + `[1,"spot, \"the dog\"",true]` + "\n[2,null,null]\n[null,\"\",false]\n"},
		{formatCSV, shapeObjects, "id,\"na\"\"me\",id\r\n1,\"spot, \"\"the dog\"\"\",true\r\n2,,\r\n,\"\",false\r\n"},
	}
	for _, tt := range tests {
		l := newLayout(tt.format, tt.shape, columns, false)
		got := slices.Clone(l.head)
		for i, row := range rows {
			got = written(l, got, row, i == 0)
		}
		if string(got) != tt.want {
			t.Errorf("%s %s:\n%s\nwant\n%s", tt.format, tt.shape, got, tt.want)
		}
	}
}

// FuzzCSV checks that encoding/csv reads the values as they were.
func FuzzCSV(f *testing.F) {
	f.Add("a", "b")
	f.Add("", "\"\r\n,")
	f.Add(" x ", "\xff")
	columns := []proxy.Column{{Name: "a", Type: catalog.Text}, {Name: "b", Type: catalog.Text}}
	f.Fuzz(func(t *testing.T, a, b string) {
		l := newLayout(formatCSV, shapeObjects, columns, false)
		body := written(l, slices.Clone(l.head), [][]byte{[]byte(a), []byte(b)}, true)
		records, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
		if err != nil || len(records) != 2 {
			t.Fatalf("%q: %q, %v", body, records, err)
		}
		for i, value := range []string{a, b} {
			// The reader turns CRLF within a field into LF.
			want := bytes.ReplaceAll(csvValue(value), []byte("\r\n"), []byte("\n"))
			if records[1][i] != string(want) {
				t.Errorf("%q came back as %q", want, records[1][i])
			}
		}
	})
}

func csvValue(value string) []byte {
	var text string
	if err := json.Unmarshal(appendText(nil, []byte(value)), &text); err != nil {
		panic(err)
	}
	return []byte(text)
}

// written returns dst with a row that is too short to be sent at once.
func written(l *layout, dst []byte, values [][]byte, first bool) []byte {
	s := &stream{buf: dst}
	_ = l.write(s, values, first)
	return s.buf
}

func BenchmarkRow(b *testing.B) {
	columns := []proxy.Column{
		{Name: "id", Type: catalog.Int}, {Name: "ts", Type: catalog.Timestamp}, {Name: "uid", Type: catalog.Text},
		{Name: "id.orig_h", Type: catalog.Text}, {Name: "id.orig_p", Type: catalog.Int}, {Name: "rtt", Type: catalog.Float},
		{Name: "query", Type: catalog.Text}, {Name: "answers", Type: catalog.JSON}, {Name: "AA", Type: catalog.Bool},
	}
	row := [][]byte{
		[]byte("1234567"), []byte("2024-01-02 03:04:05.678901"), []byte("CMdzit1AMNsmfAIiQc"),
		[]byte("192.168.4.76"), []byte("36844"), []byte("0.06685185432434082"),
		[]byte("testmyids.com"), []byte(`["31.3.245.133"]`), []byte("0"),
	}
	for _, f := range []format{formatJSON, formatNDJSON, formatCSV} {
		b.Run(fmt.Sprint(f), func(b *testing.B) {
			l := newLayout(f, shapeObjects, columns, false)
			buf := written(l, nil, row, false)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			s := new(stream)
			for b.Loop() {
				_, s.buf = l.write(s, row, false), s.buf[:0]
			}
		})
	}
}
