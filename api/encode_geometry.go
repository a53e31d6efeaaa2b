package api

import (
	"encoding/base64"
	"encoding/binary"
	"iter"
	"math"
	"strconv"
)

// Geometries are shown as GeoJSON (RFC 7946), as ST_AsGeoJSON does: x before y,
// which of a geographic reference system is longitude before latitude, whatever
// order its WKT has. A server sends them as it keeps them: four bytes of SRID
// and WKB, both with the least significant byte first, whose coordinates are in
// that very order (MySQL manual, "Internal Geometry Storage Format").

// appendGeometry appends a geometry's GeoJSON, or, of what is none, the bytes
// in base64 as a string.
func appendGeometry(dst, value []byte) []byte {
	if shown, ok := geoJSON(dst, value); ok {
		return shown
	}
	return append(base64.StdEncoding.AppendEncode(append(dst, '"'), value), '"')
}

// appendGeometryField appends the same as a field of CSV.
func appendGeometryField(dst, value []byte) []byte {
	shown, ok := geoJSON(nil, value)
	if !ok {
		return base64.StdEncoding.AppendEncode(dst, value)
	}
	return appendField(dst, shown)
}

func geoJSON(dst, value []byte) ([]byte, bool) {
	if len(value) < 4 {
		return dst, false
	}
	w := wkb{in: value[4:], out: dst}
	w.geometry(0)
	return w.out, !w.bad && len(w.in) == 0
}

// isGeometry reports whether geoJSON knows the value, and keeps nothing.
func isGeometry(value []byte) bool {
	if len(value) < 4 {
		return false
	}
	w := wkb{in: value[4:], full: func(out []byte) bool { return true }}
	w.geometry(0)
	return !w.bad && len(w.in) == 0
}

// geoPieces returns the GeoJSON of a geometry in pieces, which are valid for as
// long as it takes to ask for the next one.
func geoPieces(value []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		w := wkb{in: value[4:], full: yield}
		w.geometry(0)
		if !w.bad {
			yield(w.out)
		}
	}
}

// wkb turns well-known binary into GeoJSON.
type wkb struct {
	in, out []byte
	full    func(out []byte) bool // takes a piece, unless it wants no more; nil: out is to be whole
	bad     bool                  // in is not what it should be, or out is not wanted
}

// The kinds of geometries, by their numbers in WKB.
const (
	point = iota + 1
	lineString
	polygon
	multiPoint
	multiLineString
	multiPolygon
	geometryCollection
)

var geometryNames = [...]string{
	point: "Point", lineString: "LineString", polygon: "Polygon",
	multiPoint: "MultiPoint", multiLineString: "MultiLineString", multiPolygon: "MultiPolygon",
	geometryCollection: "GeometryCollection",
}

// deepest is how deep collections may be nested.
const deepest = 100

// geometry reads one geometry, in that many collections.
func (w *wkb) geometry(depth int) {
	kind := w.header()
	if w.bad = w.bad || depth > deepest; w.bad {
		return
	}
	w.text(`{"type":"` + geometryNames[kind] + `",`)
	if kind == geometryCollection {
		w.text(`"geometries":`)
		w.list(func() { w.geometry(depth + 1) })
	} else {
		w.text(`"coordinates":`)
		w.coordinates(kind)
	}
	w.text("}")
}

// header reads the byte order and the kind of a geometry.
func (w *wkb) header() uint32 {
	if len(w.in) < 5 || w.in[0] != 1 {
		w.bad = true
		return 0
	}
	w.in = w.in[1:]
	kind := w.number()
	w.bad = w.bad || kind < point || kind > geometryCollection
	return kind
}

func (w *wkb) coordinates(kind uint32) {
	switch kind {
	case point:
		w.position()
	case lineString:
		w.list(w.position)
	case polygon:
		w.list(func() { w.list(w.position) })
	default: // whose members are points, lines or polygons, with headers of their own
		w.list(func() {
			if w.header() != kind-multiPoint+point {
				w.bad = true
				return
			}
			w.coordinates(kind - multiPoint + point)
		})
	}
}

// list reads a number of members, and the members.
func (w *wkb) list(member func()) {
	w.text("[")
	for n, i := w.number(), uint32(0); i < n && !w.bad; i++ {
		if i > 0 {
			w.text(",")
		}
		member()
	}
	w.text("]")
}

func (w *wkb) position() {
	w.text("[")
	w.float()
	w.text(",")
	w.float()
	w.text("]")
	if w.full != nil && len(w.out) >= pieceSize {
		w.bad = w.bad || !w.full(w.out)
		w.out = w.out[:0]
	}
}

func (w *wkb) text(s string) { w.out = append(w.out, s...) }

func (w *wkb) number() uint32 {
	if w.bad = w.bad || len(w.in) < 4; w.bad {
		return 0
	}
	n := binary.LittleEndian.Uint32(w.in)
	w.in = w.in[4:]
	return n
}

// float reads a coordinate, and appends the shortest number that is it.
func (w *wkb) float() {
	if w.bad = w.bad || len(w.in) < 8; w.bad {
		return
	}
	f := math.Float64frombits(binary.LittleEndian.Uint64(w.in))
	w.in = w.in[8:]
	if w.bad = math.IsNaN(f) || math.IsInf(f, 0); w.bad {
		return
	}
	form := byte('f')
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		form = 'e'
	}
	w.out = strconv.AppendFloat(w.out, f, form, -1, 64)
}
