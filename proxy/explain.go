package proxy

import (
	"strconv"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/router"
)

// explainColumns are the columns of a plan that is shown and not run.
var explainColumns = []Column{
	{"step", catalog.Int}, {"shard", catalog.Text}, {"into", catalog.Text},
	{"rows", catalog.Int}, {"why", catalog.Text}, {"sql", catalog.Text},
}

// explain answers with the plan, a row a step. A step whose rows are of the
// answer goes into nothing, and of rows that nobody has estimated the number
// is NULL.
func explain(plan *router.Plan, maxRows int, sink Sink) (result Result, err error) {
	result.told = true
	if err := sink.Columns(explainColumns); err != nil {
		return result, err
	}
	for i := range plan.Steps {
		if maxRows > 0 && i == maxRows {
			result.Truncated = true
			break
		}
		if err := sink.Row(explainStep(i+1, &plan.Steps[i])); err != nil {
			return result, err
		}
		result.Rows++
	}
	return result, nil
}

func explainStep(number int, step *router.Step) [][]byte {
	row := make([][]byte, len(explainColumns))
	row[0], row[1], row[5] = strconv.AppendInt(nil, int64(number), 10), []byte(step.Shard), []byte(step.SQL)
	ship := step.Ship
	if ship == nil {
		return row
	}
	into := ship.Into
	if ship.At != "" {
		into += " at " + ship.At
	}
	row[2], row[4] = []byte(into), []byte(ship.Why)
	if ship.Rows > 0 {
		row[3] = strconv.AppendInt(nil, ship.Rows, 10)
	}
	if f := ship.Filter; f != nil {
		row[5] = []byte(f.Before + "…" + f.Behind)
	}
	return row
}
