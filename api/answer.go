package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/proxy"
)

// truncatedHeader tells in NDJSON and CSV, which have no place for it, whether
// the limit cut the answer: as a header, or as a trailer where the answer is
// too long to be held until its end is known.
const truncatedHeader = "X-Truncated"

// trailers are those that answers of a format announce. None changes them.
var trailers = map[format][]string{
	formatNDJSON: {truncatedHeader},
	formatCSV:    {truncatedHeader, warningsHeader},
}

// answer streams the rows of one query in the requested form. It is a
// proxy.Sink.
type answer struct {
	out     *stream
	request *queryRequest
	start   time.Time
	layouts *layouts
	layout  *layout
	rows    int64
	// maxBytes bounds the bytes of the body that rows take, with all before
	// them, as they are sent; 0: nothing does.
	maxBytes int64
}

// Columns implements proxy.Sink.
func (a *answer) Columns(columns []proxy.Column) error {
	a.layout = a.layouts.of(a.request.format, a.request.shape, columns, a.request.quoteLarge)
	h := a.out.w.Header()
	h["Content-Type"] = contentTypes[a.request.format]
	if a.request.format != formatJSON {
		h["Trailer"] = trailers[a.request.format]
	}
	a.out.trickle()
	return nil
}

// Row implements proxy.Sink. Nothing is sent before the first row, whose
// absence may still turn out to be a failure with a status of its own.
func (a *answer) Row(values [][]byte) error {
	out := a.out
	out.mu.Lock()
	defer out.mu.Unlock()
	first := a.rows == 0
	if first {
		out.buf = append(out.buf, a.layout.head...)
	}
	a.rows++
	if err := a.layout.write(out, values, first); err != nil {
		return err
	}
	if a.maxBytes > 0 && out.total() > a.maxBytes {
		return fault.New(fault.TooLarge, "the answer has more than %d bytes, which is what -max_result_bytes allows", a.maxBytes)
	}
	return nil
}

// finish sends the rest of a complete answer.
func (a *answer) finish(result proxy.Result) error {
	out := a.out
	out.mu.Lock()
	defer out.mu.Unlock()
	if a.rows == 0 {
		out.buf = append(out.buf, a.layout.head...)
	}
	switch a.request.format {
	case formatJSON:
		out.buf = a.appendSummary(out.buf, result)
	case formatNDJSON:
		if len(result.Warnings) > 0 {
			out.buf = append(appendWarnings(append(out.buf, '{'), result.Warnings), "}\n"...)
		}
		a.mark(result)
	default:
		a.mark(result)
	}
	return out.end()
}

func (a *answer) appendSummary(dst []byte, result proxy.Result) []byte {
	dst = append(dst, `],"truncated":`...)
	dst = strconv.AppendBool(dst, result.Truncated)
	if result.Truncated {
		dst = append(dst, `,"limit":`...)
		dst = strconv.AppendInt(dst, int64(a.request.query.MaxRows), 10)
	}
	if len(result.Warnings) > 0 {
		dst = appendWarnings(append(dst, ','), result.Warnings)
	}
	dst = append(dst, `,"elapsed_ms":`...)
	dst = strconv.AppendInt(dst, time.Since(a.start).Milliseconds(), 10)
	dst = append(dst, `,"query_id":`...)
	return append(appendText(dst, []byte(a.request.query.ID)), "}\n"...)
}

// mark sets X-Truncated, and of CSV X-Warnings: as headers if nothing has been
// sent yet.
func (a *answer) mark(result proxy.Result) {
	h := a.out.w.Header()
	if !a.out.sent {
		h.Del("Trailer")
	}
	h.Set(truncatedHeader, strconv.FormatBool(result.Truncated))
	if a.request.format == formatCSV && len(result.Warnings) > 0 {
		h.Set(warningsHeader, headerOf(result.Warnings))
	}
}

// fail ends an answer of which a part has been sent: in JSON with the member
// "error", in NDJSON with a record of that one member, in CSV with a record of
// "#error", the code and the detail. The connection must then be aborted.
func (a *answer) fail(p *problem) {
	out := a.out
	out.mu.Lock()
	defer out.mu.Unlock()
	switch a.request.format {
	case formatJSON:
		out.buf = append(append(append(out.buf, `],"error":`...), p.json()...), "}\n"...)
	case formatNDJSON:
		out.buf = append(append(append(out.buf, `{"error":`...), p.json()...), "}\n"...)
	case formatCSV:
		out.buf = append(out.buf, "#error,"...)
		out.buf = append(appendField(out.buf, []byte(p.Code)), ',')
		out.buf = append(appendField(out.buf, []byte(p.Detail)), "\r\n"...)
	}
	if out.end() == nil {
		_ = out.control.Flush() // whether or not the client takes it, it is told
	}
}

// restart makes the answer as if nothing had been asked of it, for a failure
// or a second try, unless something has been sent: then it returns false.
func (a *answer) restart() bool {
	a.out.mu.Lock()
	defer a.out.mu.Unlock()
	if a.out.sent {
		return false
	}
	a.out.buf = a.out.buf[:0]
	a.rows, a.layout = 0, nil
	for _, name := range []string{"Content-Type", "Trailer"} {
		a.out.w.Header().Del(name)
	}
	return true
}

var _ proxy.Sink = (*answer)(nil)

// recorder is a ResponseWriter that remembers the status.
type recorder struct {
	http.ResponseWriter
	status  int  // 0: not sent yet
	aborted bool // the connection, before the answer was complete
}

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return r.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
