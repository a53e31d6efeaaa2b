package tpch

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// Data makes the rows of the tables. It is immutable.
type Data struct {
	scale float64
	seed  uint64
	text  string // what comments are cut from
	parts,
	suppliers,
	customers,
	clerks int
}

// New returns the data of the scale: at scale 1 lineitem has about six
// million rows, and all tables together about 1 GB.
func New(scale float64, seed uint64) *Data {
	d := &Data{scale: scale, seed: seed}
	d.text = prose(rand.New(rand.NewPCG(seed, 0)), textLength)
	d.parts = named("part").count(scale)
	d.suppliers = named("supplier").count(scale)
	d.customers = named("customer").count(scale)
	d.clerks = max(1, int(1000*scale))
	return d
}

// A writer appends the rows of one table as MySQL literals. It has the random
// numbers of the row it is at.
type writer struct {
	buf   []byte
	rows  int
	first bool // no value of the row is written yet
	data  *Data
	pcg   *rand.PCG
	*rand.Rand
}

func (d *Data) newWriter() *writer {
	pcg := rand.NewPCG(0, 0)
	return &writer{data: d, pcg: pcg, Rand: rand.New(pcg)}
}

// at makes the random numbers those of a row. The tables' streams differ;
// those of lineitem and orders are one, as their rows are made together.
func (w *writer) at(stream uint64, n int) {
	w.pcg.Seed(w.data.seed, stream<<48|uint64(n))
}

func (w *writer) begin() {
	if w.rows++; w.rows > 1 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, '(')
	w.first = true
}

func (w *writer) end() { w.buf = append(w.buf, ')') }

func (w *writer) next() {
	if !w.first {
		w.buf = append(w.buf, ',')
	}
	w.first = false
}

func (w *writer) number(n int) {
	w.next()
	w.buf = strconv.AppendInt(w.buf, int64(n), 10)
}

// money writes a number of hundredths.
func (w *writer) money(cents int) {
	w.next()
	if cents < 0 {
		w.buf = append(w.buf, '-')
		cents = -cents
	}
	w.buf = strconv.AppendInt(w.buf, int64(cents/100), 10)
	w.buf = append(w.buf, '.', byte('0'+cents/10%10), byte('0'+cents%10))
}

// date writes a day, counted from the first day of orders.
func (w *writer) date(day int) {
	w.next()
	w.buf = append(w.buf, '\'')
	w.buf = firstDay.AddDate(0, 0, day).AppendFormat(w.buf, time.DateOnly)
	w.buf = append(w.buf, '\'')
}

func (w *writer) string(s string) {
	w.next()
	w.buf = append(w.buf, '\'')
	for i := 0; i < len(s); i++ {
		if s[i] == '\'' || s[i] == '\\' {
			w.buf = append(w.buf, '\\')
		}
		w.buf = append(w.buf, s[i])
	}
	w.buf = append(w.buf, '\'')
}

// between returns a number from low to high, both included.
func (w *writer) between(low, high int) int { return low + w.IntN(high-low+1) }

func (w *writer) oneOf(words []string) string { return words[w.IntN(len(words))] }

// comment writes a piece of prose of at least low and at most high bytes.
func (w *writer) comment(low, high int) { w.string(w.prose(low, high)) }

func (w *writer) prose(low, high int) string {
	length := w.between(low, high)
	at := w.IntN(len(w.data.text) - length)
	return w.data.text[at : at+length]
}

// address writes 10 to 40 random characters.
func (w *writer) address() {
	const characters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ, "
	var b [40]byte
	length := w.between(10, len(b))
	for i := range b[:length] {
		b[i] = characters[w.IntN(len(characters))]
	}
	w.string(string(b[:length]))
}

// phone writes a number whose first two digits tell the nation.
func (w *writer) phone(nation int) {
	b := strconv.AppendInt(nil, int64(nation+10), 10)
	for _, digits := range [][2]int{{100, 999}, {100, 999}, {1000, 9999}} {
		b = strconv.AppendInt(append(b, '-'), int64(w.between(digits[0], digits[1])), 10)
	}
	w.string(string(b))
}
