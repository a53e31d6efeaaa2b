package api

import (
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/local/localtest"
)

// geometries are what a server makes geometries of.
var geometries = []string{
	"POINT(1 2)", "POINT(-0.1 1e300)", "POINT(1e-300 0.30000000000000004)", "POINT(0.000001 123456789012345680000)",
	"LINESTRING(0 0,1.5 2)", "POLYGON((0 0,4 0,4 4,0 4,0 0),(1 1,2 1,2 2,1 2,1 1))",
	"MULTIPOINT(0 0,1 1)", "MULTILINESTRING((0 0,1 1),(2 2,3 3,4 5))",
	"MULTIPOLYGON(((0 0,0 3,3 3,3 0,0 0),(1 1,1 2,2 2,2 1,1 1)),((9 9,9 8,8 8,9 9)))",
	"GEOMETRYCOLLECTION(POINT(1 1),LINESTRING(0 0,1 -1),MULTIPOINT(3 4,5 6))",
}

// TestGeometriesOnServer compares geometries with a server's own GeoJSON, with
// and without a reference system whose WKT has latitude first.
func TestGeometriesOnServer(t *testing.T) {
	addr := localtest.Servers(t, 1)[0]
	db := localtest.Open(t, addr, "")
	if strings.Contains(localtest.Value[string](t, db, "SELECT VERSION()"), "TiDB") {
		t.Skip("TiDB has no geometries")
	}
	for _, text := range append(geometries, "srid 4326") {
		made := "ST_GeomFromText('" + text + "')"
		if text == "srid 4326" {
			made = "ST_GeomFromText('LINESTRING(10 20,30 -40.5)', 4326)"
		}
		value := localtest.Value[[]byte](t, db, "SELECT "+made)
		var got, want any
		shown := appendGeometry([]byte("x"), value)[1:]
		if err := json.Unmarshal(shown, &got); err != nil {
			t.Errorf("%s: %s: %v", text, shown, err)
		}
		if err := json.Unmarshal(localtest.Value[[]byte](t, db, "SELECT ST_AsGeoJSON("+made+")"), &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s is shown as %s, not %v", text, shown, want)
		}
		fields, err := csv.NewReader(strings.NewReader(string(csvEncoder(catalog.Geometry)(nil, value)))).ReadAll()
		if err != nil || len(fields) != 1 || len(fields[0]) != 1 || fields[0][0] != string(shown) {
			t.Errorf("%s in CSV: %q, %v", text, fields, err)
		}
	}
}

// TestCollections has an empty one, whose GeoJSON MariaDB 10.11 gets wrong, in
// another one, which MariaDB does not read.
func TestCollections(t *testing.T) {
	const one, none = "\x01\x07\x00\x00\x00\x01\x00\x00\x00", "\x01\x07\x00\x00\x00\x00\x00\x00\x00"
	got := string(appendGeometry(nil, []byte("\x00\x00\x00\x00"+one+none)))
	if want := `{"type":"GeometryCollection","geometries":[{"type":"GeometryCollection","geometries":[]}]}`; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}

// TestNoGeometry has bytes that are no geometry, each cut off or spoilt.
func TestNoGeometry(t *testing.T) {
	line := "\x00\x00\x00\x00\x01\x02\x00\x00\x00\x01\x00\x00\x00" + strings.Repeat("\x00", 16)
	if got := string(appendGeometry(nil, []byte(line))); got != `{"type":"LineString","coordinates":[[0,0]]}` {
		t.Fatal(got)
	}
	bad := []string{
		"", line + "\x00", strings.Replace(line, "\x02", "\x08", 1), strings.Replace(line, "\x02", "\x00", 1),
		strings.Replace(line, "\x01\x02", "\x00\x02", 1),                                  // the other byte order
		line[:len(line)-8] + "\x00\x00\x00\x00\x00\x00\xf0\x7f",                           // infinity
		line[:9] + "\xff\xff\xff\xff" + line[13:],                                         // more points than there are
		"\x00\x00\x00\x00" + strings.Repeat("\x01\x07\x00\x00\x00\x01\x00\x00\x00", 5000), // too deep
		"\x00\x00\x00\x00\x01\x04\x00\x00\x00\x01\x00\x00\x00" + line[4:],                 // a line among points
	}
	for i := range line {
		bad = append(bad, line[:i])
	}
	for _, value := range bad {
		want := base64.StdEncoding.EncodeToString([]byte(value))
		if got := string(appendGeometry(nil, []byte(value))); got != `"`+want+`"` {
			t.Errorf("%.40x is shown as %.80s", value, got)
		}
		if got := string(appendGeometryField(nil, []byte(value))); got != want {
			t.Errorf("%.40x in CSV is %.80s", value, got)
		}
	}
}
