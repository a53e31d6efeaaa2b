package tpch

import (
	"fmt"
	"time"
)

// Days count from firstDay. The last order is placed so that its lines are
// received before 1999; today is the specification's CURRENTDATE.
var firstDay = time.Date(1992, time.January, 1, 0, 0, 0, 0, time.UTC)

const (
	orderDays = 2406 // 1992-01-01 to 1998-08-02
	today     = 1263 // 1995-06-17
)

// An order is what its row and those of its lines have in common.
type order struct {
	key, customer, day int
	priority, clerk    string
	lines              []line
}

type line struct {
	part, supplier           int
	quantity                 int
	price, discount, tax     int // hundredths
	shipped, commit, arrived int // days
	instruction, mode        string
}

func (l *line) status() string {
	if l.shipped > today {
		return "O"
	}
	return "F"
}

// order makes order n. Of keys only the first eight of each 32 are used, and
// a third of the customers have no order. One order in 2,500 is one of those
// that query 18 looks for: seven lines of large quantities.
func (w *writer) order(n int) order {
	w.at(orderStream, n)
	d := w.data
	o := order{
		key:      n/8*32 + n%8 + 1,
		customer: w.between(1, d.customers),
		day:      w.IntN(orderDays),
		priority: w.oneOf(priorities),
		clerk:    fmt.Sprintf("Clerk#%09d", w.between(1, d.clerks)),
	}
	for o.customer%3 == 0 {
		o.customer = w.between(1, d.customers)
	}
	lines, least := w.between(1, 7), 1
	if planted(n, 2500) {
		lines, least = 7, 44
	}
	for range lines {
		o.lines = append(o.lines, w.line(o.day, least))
	}
	return o
}

func (w *writer) line(day, least int) line {
	part := w.between(1, w.data.parts)
	l := line{
		part:        part,
		supplier:    w.data.supplierOf(part, w.IntN(suppliersAPart)),
		quantity:    w.between(least, 50),
		discount:    w.between(0, 10),
		tax:         w.between(0, 8),
		shipped:     day + w.between(1, 121),
		commit:      day + w.between(30, 90),
		instruction: w.oneOf(instructions),
		mode:        w.oneOf(modes),
	}
	l.price = l.quantity * retailPrice(part)
	l.arrived = l.shipped + w.between(1, 30)
	return l
}

func makeOrder(_ *Data, w *writer, n int) {
	o := w.order(n)
	total, open := 0, 0
	for i := range o.lines {
		l := &o.lines[i]
		total += (l.price*(100-l.discount)*(100+l.tax) + 5_000) / 10_000
		if l.status() == "O" {
			open++
		}
	}
	status := "P"
	switch open {
	case 0:
		status = "F"
	case len(o.lines):
		status = "O"
	}
	w.begin()
	w.number(o.key)
	w.number(o.customer)
	w.string(status)
	w.money(total)
	w.date(o.day)
	w.string(o.priority)
	w.string(o.clerk)
	w.number(0)
	w.comment(19, 78)
	w.end()
}

func makeLines(_ *Data, w *writer, n int) {
	o := w.order(n)
	for i := range o.lines {
		l := &o.lines[i]
		returned := "N"
		if l.arrived <= today {
			returned = []string{"R", "A"}[w.IntN(2)]
		}
		w.begin()
		w.number(o.key)
		w.number(l.part)
		w.number(l.supplier)
		w.number(i + 1)
		w.money(100 * l.quantity)
		w.money(l.price)
		w.money(l.discount)
		w.money(l.tax)
		w.string(returned)
		w.string(l.status())
		w.date(l.shipped)
		w.date(l.commit)
		w.date(l.arrived)
		w.string(l.instruction)
		w.string(l.mode)
		w.comment(10, 43)
		w.end()
	}
}
