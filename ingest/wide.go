package ingest

import (
	"database/sql/driver"
	"math"
	"strconv"
)

// hiddenRow makes the values of the hidden columns of one row after the
// other.
type hiddenRow struct {
	columns [][]byte
}

// fill sets the parameters that are a row's hidden columns: JSON objects of
// the values that are not NULL. A column without any stays NULL.
func (h *hiddenRow) fill(params []driver.NamedValue, tg *target, r *rows, cells []cell) {
	h.columns = resize(h.columns, tg.groups)
	for i := range h.columns {
		h.columns[i] = nil
	}
	for _, c := range cells {
		p := &tg.places[c.field]
		if p.group < 0 || c.kind == cellNull {
			continue
		}
		column := h.columns[p.group]
		if column == nil {
			column = append(column, '{')
		} else {
			column = append(column, ',')
		}
		column = append(column, p.member...)
		h.columns[p.group] = appendCell(column, r, c, p.json)
	}
	first := tg.params - tg.groups
	for i, column := range h.columns {
		if column != nil {
			params[first+i].Value = append(column, '}')
		}
	}
}

// appendCell appends a cell's value as JSON from which the column's value can
// be extracted. A bool becomes 0 or 1, as the server would store it.
func appendCell(dst []byte, r *rows, c cell, json bool) []byte {
	switch c.kind {
	case cellInt:
		return strconv.AppendInt(dst, int64(c.bits), 10)
	case cellFloat:
		return strconv.AppendFloat(dst, math.Float64frombits(c.bits), 'g', -1, 64)
	case cellBool:
		return append(dst, '0'+byte(c.bits))
	}
	if json {
		return append(dst, r.content(c)...)
	}
	return appendQuoted(dst, r.content(c))
}
