package api

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/proxy"
)

// defaultLimit is how many rows a JSON answer has at most unless the request
// says otherwise. NDJSON and CSV, which are read as they come, have no limit.
const defaultLimit = 10_000

// queryBody is the body of POST /api/query and /api/explain.
type queryBody struct {
	Query          string  `json:"query"`
	Args           []any   `json:"args"`
	Shape          *shape  `json:"shape"`
	Limit          *int64  `json:"limit"`
	Timeout        *string `json:"timeout"`
	QuoteLargeInts bool    `json:"quote_large_ints"`
}

// queryRequest is a request for a query, checked and with the defaults.
type queryRequest struct {
	query      proxy.Query
	format     format
	shape      shape
	timeout    time.Duration
	quoteLarge bool
}

func (a *API) readQuery(w http.ResponseWriter, r *http.Request) (*queryRequest, error) {
	var body queryBody
	return a.readRequest(w, r, &body, &body)
}

// readRequest reads the request's body into a value that holds a query's.
func (a *API) readRequest(w http.ResponseWriter, r *http.Request, value any, body *queryBody) (*queryRequest, error) {
	f, err := negotiate(r)
	if err != nil {
		return nil, err
	}
	if err := a.decode(w, r, value); err != nil {
		return nil, err
	}
	req := &queryRequest{format: f, shape: shapeObjects, quoteLarge: body.QuoteLargeInts}
	if body.Shape != nil {
		req.shape = *body.Shape
	}
	if req.shape != shapeObjects && req.shape != shapeArrays {
		return nil, invalidArgument("shape must be objects or arrays")
	}
	limit, err := a.limit(body.Limit, f)
	if err != nil {
		return nil, err
	}
	if req.timeout, err = a.queryTimeout(body.Timeout); err != nil {
		return nil, err
	}
	req.query = proxy.Query{SQL: body.Query, Args: body.Args, MaxRows: limit}
	return req, nil
}

// limit returns the most rows that the answer may have, 0 for any number.
func (a *API) limit(asked *int64, f format) (int, error) {
	limit := int64(0)
	switch {
	case asked != nil && *asked <= 0:
		return 0, invalidArgument("limit must be a positive integer")
	case asked != nil:
		limit = *asked
	case f == formatJSON:
		limit = defaultLimit
	}
	if server := int64(a.cfg.MaxRows); server > 0 && (limit == 0 || limit > server) {
		limit = server
	}
	return int(min(limit, maxLimit)), nil
}

// maxLimit leaves room to ask for one row more in any integer.
const maxLimit = 1<<31 - 2

func (a *API) queryTimeout(asked *string) (time.Duration, error) {
	if asked == nil {
		return a.cfg.QueryTimeout, nil
	}
	timeout, err := time.ParseDuration(*asked)
	if err != nil || timeout <= 0 {
		return 0, invalidArgument(`timeout must be a positive duration such as "30s" or "1m30s"`)
	}
	return min(timeout, a.cfg.QueryTimeout), nil
}

// negotiate chooses the format of the answer: by ?format=, else by the header
// Accept (RFC 9110, section 12.5.1), else JSON.
func negotiate(r *http.Request) (format, error) {
	if r.URL.RawQuery == "" && len(r.Header["Accept"]) == 0 {
		return formatJSON, nil
	}
	if name := r.URL.Query().Get("format"); name != "" {
		if _, ok := contentTypes[format(name)]; !ok {
			return "", invalidArgument("format must be json, ndjson or csv")
		}
		return format(name), nil
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.Trim(accept, ", ") == "" {
		return formatJSON, nil
	}
	best, quality := format(""), 0.0
	for item := range strings.SplitSeq(accept, ",") {
		f, q := acceptable(item)
		if f != "" && q > quality {
			best, quality = f, q
		}
	}
	if best == "" {
		return "", fault.New(fault.NotAcceptable, "answers are application/json, application/x-ndjson or text/csv")
	}
	return best, nil
}

// acceptable returns the format that one media range of an Accept header
// stands for, or "", and its quality.
func acceptable(item string) (format, float64) {
	mediaRange, params, err := mime.ParseMediaType(item)
	if err != nil {
		return "", 0
	}
	q := 1.0
	if text, ok := params["q"]; ok {
		if q, err = strconv.ParseFloat(text, 64); err != nil {
			return "", 0
		}
	}
	switch mediaRange {
	case "*/*", "application/*", "application/json":
		return formatJSON, q
	case "application/x-ndjson", "application/ndjson":
		return formatNDJSON, q
	case "text/csv", "text/*":
		return formatCSV, q
	}
	return "", q
}
