package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/julienschmidt/httprouter"
	"golang.org/x/sync/semaphore"

	"github.com/kolide/databalancer/fault"
)

// requestBudget bounds the bytes of all bodies but log requests' that are
// held at a time.
const requestBudget = 64 << 20

// API is the HTTP service. It is an http.Handler.
type API struct {
	cfg      Config
	log      *slog.Logger
	mux      *httprouter.Router
	metrics  *metrics
	layouts  layouts
	logs     *bodies
	requests *bodies
}

// New returns an API of the given parts, which it does not own.
func New(cfg Config) (*API, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	a := &API{
		cfg:      cfg,
		log:      cfg.Logger,
		metrics:  newMetrics(&cfg),
		logs:     &bodies{max: cfg.MaxBody, timeout: cfg.BodyTimeout, budget: semaphore.NewWeighted(cfg.MaxPending)},
		requests: &bodies{max: maxRequest, timeout: cfg.BodyTimeout, budget: semaphore.NewWeighted(requestBudget)},
	}
	a.mux = a.newMux()
	return a, nil
}

// ServeHTTP implements http.Handler.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

// handler answers one request. If it returns an error, it has written nothing.
type handler func(w http.ResponseWriter, r *http.Request, p httprouter.Params) error

// serve runs a handler under all that handlers share: the headers of every
// answer, the problem for an error, metrics, the access log, and the end of a
// panic.
func (a *API) serve(route string, h handler, w http.ResponseWriter, r *http.Request, p httprouter.Params) {
	start := time.Now()
	rec := &recorder{ResponseWriter: w}
	defer func() { a.observe(route, rec, r, time.Since(start)) }()
	defer a.recoverPanic(r.Context(), route, rec)
	header := w.Header()
	header["X-Content-Type-Options"] = noSniff
	header["Cache-Control"] = noStore
	if err := h(rec, r, p); err != nil {
		a.fail(r.Context(), rec, route, err)
	}
}

// Values of headers that all answers share.
var noSniff, noStore = []string{"nosniff"}, []string{"no-store"}

// fail answers with the problem that err is, and logs what is ours to mend.
func (a *API) fail(ctx context.Context, w *recorder, route string, err error) {
	p := problemOf(err)
	p.QueryID = w.Header().Get(queryIDHeader)
	a.logProblem(ctx, route, p, err)
	if coding := (*codingError)(nil); errors.As(err, &coding) {
		w.Header().Set("Accept-Encoding", encodings)
	}
	p.write(w, a.cfg.WriteTimeout)
}

// logProblem logs a failure that is no client's. A server's message may hold
// parts of the query or of an event, so of such an error only the number is
// told, except at the level Debug.
func (a *API) logProblem(ctx context.Context, route string, p *problem, err error) {
	level := slog.LevelDebug
	switch {
	case p.Code == fault.Internal:
		level = slog.LevelError
	case p.Status >= 500:
		level = slog.LevelWarn
	}
	attrs := []any{"route", route, "status", p.Status, "code", p.Code}
	if p.QueryID != "" {
		attrs = append(attrs, "query_id", p.QueryID)
	}
	if p.Shard != "" {
		attrs = append(attrs, "shard", p.Shard)
	}
	if p.Number != 0 && level != slog.LevelDebug {
		err = fmt.Errorf("database error %d (%s)", p.Number, p.SQLState)
	}
	a.log.Log(ctx, level, "request failed", append(attrs, "err", err)...)
}

// recoverPanic answers a panic with 500 if nothing has been sent yet, and
// otherwise aborts the connection.
func (a *API) recoverPanic(ctx context.Context, route string, w *recorder) {
	v := recover()
	if v == nil {
		return
	}
	if v == http.ErrAbortHandler {
		w.aborted = true
		panic(v)
	}
	a.log.Error("panic in handler", "route", route, "err", fmt.Sprint(v), "stack", string(debug.Stack()))
	if w.status != 0 {
		w.aborted = true
		panic(http.ErrAbortHandler)
	}
	a.fail(ctx, w, route, errPanic)
}

var errPanic = errors.New("panic in handler")

func (a *API) observe(route string, w *recorder, r *http.Request, dur time.Duration) {
	status := w.status
	if status == 0 {
		status = http.StatusOK // a handler that wrote nothing
	}
	a.metrics.request(route, status, w.aborted, dur)
	if !a.log.Enabled(r.Context(), slog.LevelDebug) {
		return
	}
	attrs := []any{"route", route, "path", r.URL.Path, "status", status, "dur", dur}
	if id := w.Header().Get(queryIDHeader); id != "" {
		attrs = append(attrs, "query_id", id)
	}
	if w.aborted {
		attrs = append(attrs, "aborted", true)
	}
	a.log.Debug("request", attrs...)
}
