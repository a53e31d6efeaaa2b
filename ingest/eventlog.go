package ingest

import (
	"context"
	"log/slog"
	"math"
	"strconv"

	"github.com/kolide/databalancer/catalog"
)

// logEvents logs what a request says, a line for each of the request, its
// fields, its events and their values. The values are shown as stored.
func (in *Ingester) logEvents(ctx context.Context, req *request, r *rows) {
	if !in.cfg.LogEvents || !in.cfg.Logger.Enabled(ctx, slog.LevelInfo) {
		return
	}
	info := in.cfg.Logger.Info
	info("Received logs for the " + req.family + " log family")
	for _, f := range req.fields {
		info("Log values for the field " + f.Name + " of the " + req.family + " log will be of type " + declaredName(f.Type))
	}
	for i := range r.len() {
		info("Handling a new log event for the " + req.family + " log family")
		for _, c := range r.event(i) {
			info("The value of the " + req.fields[c.field].Name + " field in the " + req.family +
				" log event is " + string(appendShown(nil, r, c)))
		}
	}
}

// declaredName is what requests call the type.
func declaredName(t catalog.Type) string {
	if t == catalog.Text {
		return "string"
	}
	return string(t)
}

func appendShown(dst []byte, r *rows, c cell) []byte {
	switch c.kind {
	case cellNull:
		return append(dst, "null"...)
	case cellInt:
		return strconv.AppendInt(dst, int64(c.bits), 10)
	case cellFloat:
		return strconv.AppendFloat(dst, math.Float64frombits(c.bits), 'g', -1, 64)
	case cellBool:
		return strconv.AppendBool(dst, c.bits == 1)
	}
	return append(dst, r.content(c)...)
}
