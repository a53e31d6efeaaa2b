package tpch

import (
	"fmt"
	"strings"
)

const suppliersAPart = 4

// The streams of random numbers.
const (
	regionStream = iota + 1
	nationStream
	supplierStream
	partStream
	partsuppStream
	customerStream
	orderStream
)

// planted reports whether row n of a table is among those, one in so many,
// that are made to be found by a narrow query.
func planted(n, oneIn int) bool { return n%oneIn == oneIn/3 }

func makeRegion(_ *Data, w *writer, n int) {
	w.at(regionStream, n)
	w.begin()
	w.number(n)
	w.string(regions[n])
	w.comment(31, 115)
	w.end()
}

func makeNation(_ *Data, w *writer, n int) {
	w.at(nationStream, n)
	w.begin()
	w.number(n)
	w.string(nations[n].name)
	w.number(nations[n].region)
	w.comment(31, 114)
	w.end()
}

func makeSupplier(_ *Data, w *writer, n int) {
	w.at(supplierStream, n)
	nation := w.IntN(len(nations))
	if n < len(nations) {
		nation = n // none without a supplier
	}
	w.party("Supplier", n, nation)
	comment := w.prose(25, 100)
	switch n % 2000 { // five of each kind at scale 1, at least one at any
	case 5:
		comment = insert(comment, "Customer", "Complaints")
	case 1005, 6:
		comment = insert(comment, "Customer", "Recommends")
	}
	w.string(comment)
	w.end()
}

// party begins a row with what suppliers and customers have in common.
func (w *writer) party(kind string, n, nation int) {
	w.begin()
	w.number(n + 1)
	w.string(fmt.Sprintf("%s#%09d", kind, n+1))
	w.address()
	w.number(nation)
	w.phone(nation)
	w.money(w.between(-999_99, 9999_99))
}

// insert puts two words over a comment, some bytes apart.
func insert(comment, first, second string) string {
	const gap = 3
	middle := comment[:gap]
	return first + middle + second + comment[min(len(comment), len(first)+gap+len(second)):]
}

// makePart makes, of each 500 parts, one that query 20 looks for and one that
// queries 17 and 19 do.
func makePart(_ *Data, w *writer, n int) {
	w.at(partStream, n)
	name := w.fiveColors()
	mfgr, brand := w.between(1, 5), w.between(1, 5)
	kind := strings.Join([]string{w.oneOf(typeSizes), w.oneOf(typeFinishes), w.oneOf(typeMetals)}, " ")
	size, container := w.between(1, 50), w.oneOf(containerSizes)+" "+w.oneOf(containerKinds)
	if planted(n, 500) {
		name[0] = "forest"
	}
	if planted(n+1, 500) {
		mfgr, brand, size, container = 2, 3, 1+size%10, "MED BOX"
	}
	w.begin()
	w.number(n + 1)
	w.string(strings.Join(name, " "))
	w.string(fmt.Sprintf("Manufacturer#%d", mfgr))
	w.string(fmt.Sprintf("Brand#%d%d", mfgr, brand))
	w.string(kind)
	w.number(size)
	w.string(container)
	w.money(retailPrice(n + 1))
	w.comment(5, 22)
	w.end()
}

func (w *writer) fiveColors() []string {
	var name []string
	for len(name) < 5 {
		if color := w.oneOf(colors); !strings.Contains(strings.Join(name, " "), color) {
			name = append(name, color)
		}
	}
	return name
}

// retailPrice is in hundredths.
func retailPrice(part int) int { return 90_000 + part/10%20_001 + 100*(part%1000) }

// supplierOf returns the i-th of a part's suppliers, which are all different.
// With the few suppliers of scales below 0.01 the specification's formula
// would name some twice.
func (d *Data) supplierOf(part, i int) int {
	step := d.suppliers/suppliersAPart + (part-1)/d.suppliers
	if 2*step%d.suppliers == 0 || 3*step%d.suppliers == 0 {
		step = d.suppliers / suppliersAPart
	}
	return (part+i*step)%d.suppliers + 1
}

func makePartsupp(d *Data, w *writer, n int) {
	w.at(partsuppStream, n)
	part := n/suppliersAPart + 1
	w.begin()
	w.number(part)
	w.number(d.supplierOf(part, n%suppliersAPart))
	w.number(w.between(1, 9999))
	w.money(w.between(1_00, 1000_00))
	w.comment(49, 198)
	w.end()
}

func makeCustomer(_ *Data, w *writer, n int) {
	w.at(customerStream, n)
	nation := w.IntN(len(nations))
	w.party("Customer", n, nation)
	w.string(w.oneOf(segments))
	w.comment(29, 116)
	w.end()
}
