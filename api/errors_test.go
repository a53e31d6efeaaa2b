package api

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/ingest/tables"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/proxy/gather"
	"github.com/kolide/databalancer/shard"
)

func serverError(number uint16, state string) error {
	return &shard.Error{Shard: "a", Err: &shard.ServerError{Number: number, SQLState: state, Message: "message of the server", Shard: "a"}}
}

// queryError is a server's error that the query is to blame for.
func queryError(number uint16, state string) error {
	return &proxy.QueryError{Server: &shard.ServerError{Number: number, SQLState: state, Message: "message of the server", Shard: "a"}}
}

// Every condition of the table, by the way it takes to get there.
func TestErrorsOfIngest(t *testing.T) {
	wrap := func(err error) error { return fmt.Errorf("family dogs: %w", err) }
	tests := []struct {
		err    error
		status int
		code   string
		want   string // a part of the body
	}{
		{&ingest.SyntaxError{Offset: 7, Reason: "no colon"}, 400, "invalid_json", `"offset":7`},
		{&ingest.SyntaxError{Offset: 0, Reason: "no object"}, 400, "invalid_json", `"offset":0`},
		{&ingest.InvalidError{Errors: []fault.Event{{Event: 3, Field: "weight", Code: fault.TypeMismatch, Detail: "no int"}}, Total: 57},
			400, "invalid_events", `"errors":[{"event":3,"field":"weight","code":"type_mismatch","detail":"no int"}],"total":57`},
		{&ingest.InvalidError{Errors: []fault.Event{{Event: fault.Request, Code: fault.InvalidFamily, Detail: "empty"}}, Total: 1},
			400, "invalid_events", `"event":-1`},
		{&ingest.TooLargeError{Event: 2, Size: 99, Limit: 10}, 413, "too_large", `"limit":10`},
		{&catalog.TypeConflictError{Family: "dogs", Field: "age", Stored: catalog.Int, Offered: catalog.Text},
			409, "type_conflict", `"family":"dogs","field":"age","stored":"int","offered":"text"`},
		{&catalog.CaseConflictError{Family: "dogs", Field: "Age", Stored: "age"}, 409, "case_conflict", `"field":"Age","stored":"age"`},
		{&catalog.TooManyColumnsError{Family: "dogs", Limit: 1000}, 400, "too_many_columns", `"limit":1000`},
		{catalog.ErrNameTaken, 409, "name_taken", "name taken"},
		{catalog.ErrNoActiveShard, 503, "no_active_shard", ""},
		{catalog.ErrUnavailable, 503, "catalog_unavailable", ""},
		{fmt.Errorf("%w: %w", catalog.ErrUnavailable, context.DeadlineExceeded), 503, "catalog_unavailable", ""},
		{catalog.ErrOtherCatalog, 503, "catalog_unavailable", ""},
		{catalog.ErrNewerSchema, 503, "catalog_unavailable", ""},
		{errors.Join(catalog.ErrBusy, context.DeadlineExceeded), 503, "table_busy", ""},
		{&catalog.SpreadError{Family: "dogs", Asked: 1, Placed: 2}, 409, "cannot_shrink", `"family":"dogs","limit":2`},
		{&catalog.SpreadError{Family: "dogs", Asked: 5, Placed: 2, Available: 1}, 422, "not_enough_shards", `"family":"dogs","limit":3`},
		{&catalog.IndexError{Family: "dogs", Column: "meta", Reason: "holds JSON"}, 422, "cannot_index", `"family":"dogs","field":"meta"`},
		{errors.Join(fmt.Errorf("%w: %w", catalog.ErrIndexRefused, serverError(1071, "42000"))), 422, "cannot_index", `"number":1071`},
		{catalog.ErrUnknownColumn, 400, "unknown_column", ""},
		{catalog.ErrUnknownIndex, 404, "unknown_index", ""},
		{ingest.ErrOutcomeUnknown, 503, "outcome_unknown", ""},
		{fmt.Errorf("%w: %w", ingest.ErrOutcomeUnknown, shard.ErrUnreachable), 503, "outcome_unknown", ""},
		{ingest.ErrBusy, 429, "busy", ""},
		{ingest.ErrClosed, 503, "shutting_down", ""},
		{shard.ErrClosed, 503, "shutting_down", ""},
		{shard.ErrUnreachable, 503, "shard_unavailable", ""},
		{&shard.IdentityError{Shard: "a", Address: "secret-host:3306"}, 503, "shard_unavailable", `"shard":"a"`},
		{serverError(1205, "HY000"), 503, "shard_busy", `"number":1205`},
		{serverError(1213, "40001"), 503, "shard_busy", ""},
		{serverError(1114, "HY000"), 503, "shard_exhausted", ""},
		{serverError(1064, "42000"), 500, "internal", `"shard":"a","number":1064,"sqlstate":"42000"`},
		{errors.New("secret-host: no route"), 500, "internal", ""},
		{context.Canceled, 499, "client_gone", ""},
	}
	f := newFixture(t)
	for _, tt := range tests {
		for _, err := range []error{tt.err, wrap(tt.err)} {
			f.ingester.put = func([]byte) (*ingest.Result, error) { return nil, err }
			r := f.do(t, "PUT", "/api/log", "{}")
			r.expect(t, tt.status, tt.code)
			if !strings.Contains(r.body, tt.want) {
				t.Errorf("%v: %s, want it to contain %s", err, r.body, tt.want)
			}
			if strings.Contains(r.body, "secret") {
				t.Errorf("%v: internals in %s", err, r.body)
			}
			retry := r.StatusCode == 429 || tt.code == "catalog_unavailable" && errors.Is(err, catalog.ErrUnavailable)
			if retry && r.Header.Get("Retry-After") == "" {
				t.Errorf("%v: no Retry-After", err)
			}
		}
	}
}

func TestErrorsOfQueries(t *testing.T) {
	refusal := func(code fault.Code) error { return fault.New(code, "why") }
	tests := []struct {
		err    error
		status int
		code   string
		want   string
	}{
		{fault.At(fault.Syntax, 0, "near FROM"), 400, "syntax", `"offset":0`},
		{refusal(fault.InvalidArgument), 400, "invalid_argument", `"detail":"why"`},
		{fault.New(fault.UnknownColumn, "why").With(fault.Facts{Table: "dogs"}), 400, "unknown_column", `"table":"dogs"`},
		{refusal(fault.NotSelect), 403, "not_select", ""},
		{refusal(fault.ForbiddenFunction), 403, "forbidden_function", ""},
		{refusal(fault.ForbiddenTable), 403, "forbidden_table", ""},
		{refusal(fault.ForbiddenClause), 403, "forbidden_clause", ""},
		{refusal(fault.UnknownTable), 404, "unknown_table", ""},
		{refusal(fault.TooLarge), 413, "too_large", ""},
		{refusal(fault.Unsupported), 422, "unsupported", ""},
		{refusal("a_new_one"), 500, "internal", ""},
		{fault.New(fault.Unsupported, "types differ"), 422, "unsupported", "types differ"},
		{&gather.TooLargeError{Why: "rows of `t`", From: "a", To: "b", Rows: 11, MaxRows: 10}, 422, "gather_too_large", `"detail":"the query moves rows of ` + "`t`" + ` from shard a to shard b: 11 rows`},
		{&catalog.StaleError{Shard: "a"}, 409, "stale_table", `"shard":"a"`},
		{queryError(1054, "42S22"), 400, "database_error", `"shard":"a","number":1054,"sqlstate":"42S22"`},
		{&shard.UnreachableError{Shard: "a", Err: shard.ErrUnknown}, 503, "shard_unavailable", `"shard":"a"`},
		{proxy.ErrCancelled, 409, "cancelled", ""},
		{context.DeadlineExceeded, 504, "timeout", ""},
		{&shard.Error{Shard: "a", Err: shard.ErrUnreachable}, 503, "shard_unavailable", `"shard":"a"`},
		{queryError(1064, "42000"), 400, "database_error", "message of the server"},
		{queryError(1242, "21000"), 400, "database_error", ""},
		{queryError(1690, "22003"), 400, "database_error", ""},
		{queryError(1267, "HY000"), 400, "database_error", ""},
		{queryError(1176, "42000"), 400, "database_error", `"number":1176`},
		{queryError(1365, "22012"), 400, "database_error", ""},
		{queryError(3141, "22032"), 400, "database_error", ""},
		{queryError(4038, "HY000"), 400, "database_error", ""},
		{queryError(1052, "23000"), 400, "database_error", `"number":1052`},
		{queryError(4079, "HY000"), 400, "database_error", ""},
		{serverError(1815, "HY000"), 500, "internal", ""},
		{serverError(1142, "42000"), 403, "database_error", `"number":1142`},
		{serverError(1969, "70100"), 504, "timeout", ""},
		{serverError(3024, "HY000"), 504, "timeout", ""},
		{serverError(1038, "HY001"), 503, "shard_exhausted", ""},
		{serverError(1030, "HY000"), 500, "internal", `"number":1030`},
		{serverError(1045, "28000"), 500, "internal", ""},
	}
	f := newFixture(t)
	for _, tt := range tests {
		f.proxy.query = rows(0, tt.err)
		r := f.query(t, `{"query":"SELECT 'secret'"}`)
		r.expect(t, tt.status, tt.code)
		if !strings.Contains(r.body, tt.want) {
			t.Errorf("%v: %s, want it to contain %s", tt.err, r.body, tt.want)
		}
		id := r.Header.Get("X-Query-Id")
		if p := r.problem(t); len(id) != 32 || p.QueryID != id {
			t.Errorf("%v: query id %q in the header, %q in the body", tt.err, id, p.QueryID)
		}
		if tt.status == 500 && strings.Contains(r.body, "message of the server") {
			t.Errorf("%v: internals in %s", tt.err, r.body)
		}
	}
	for _, text := range []string{"secret", "message of the server"} {
		if log := f.logged.String(); strings.Contains(log, text) {
			t.Errorf("the log tells %q: %s", text, log)
		}
	}
}

func TestErrorsOfCatalogRoutes(t *testing.T) {
	tests := []struct {
		method, path, body string
		err                error
		status             int
		code               string
	}{
		{"DELETE", "/api/families/dogs", "", fmt.Errorf("%w dogs", catalog.ErrUnknownFamily), 404, "unknown_family"},
		{"DELETE", "/api/families/dogs", "", catalog.ErrUnavailable, 503, "catalog_unavailable"},
		{"DELETE", "/api/tables/dogs", "", catalog.ErrUnknownTable, 404, "unknown_table"},
		{"GET", "/api/families/cats", "", nil, 404, "unknown_family"},
		{"GET", "/api/families/breeds", "", nil, 404, "unknown_family"},
		{"GET", "/api/describe?table=cats", "", nil, 404, "unknown_table"},
		{"PUT", "/api/tables/dogs", `{"shard":"nowhere"}`, nil, 404, "unknown_shard"},
		{"PUT", "/api/tables/dogs", `{"shard":"a"}`, nil, 503, "shard_unavailable"},
		{"PUT", "/api/tables/dogs", `{}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/tables/dogs", `{"shard":"a","table":"x"}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":""}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/", `{"address":"x"}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x","weight":-1}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x","weight":0}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x","weight":1e7}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x","weight":1e999}`, nil, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x","weight":NaN}`, nil, 400, "invalid_json"},
		{"PUT", "/api/shards/a", `{"address":"x","weight":null}`, nil, 200, ""},
		{"PUT", "/api/shards/a", `{"address":"x","weight":1e6}`, nil, 200, ""},
		{"PUT", "/api/shards/a", `{"address":"::::"}`, fmt.Errorf("shard a: %w", shard.ErrAddress), 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x"}`, shard.ErrAddressDiffers, 409, "address_differs"},
		{"PUT", "/api/shards/a", `{"address":"x"}`, tables.ErrRawLogs, 409, "name_taken"},
		{"PUT", "/api/shards/a", `{"address":"x"}`, &shard.IdentityError{Shard: "a"}, 409, "identity_conflict"},
		{"PUT", "/api/shards/a", `{"address":"x"}`, &catalog.ShardConflictError{}, 409, "name_taken"},
		{"PUT", "/api/shards/a", `{"address":"x"}`, &catalog.InvalidShardError{Shard: "a", Field: "weight"}, 400, "invalid_argument"},
		{"PUT", "/api/shards/a", `{"address":"x"}`, shard.ErrUnreachable, 503, "shard_unavailable"},
		{"PATCH", "/api/shards/a", `{"state":"draining"}`, nil, 400, "invalid_argument"},
		{"PATCH", "/api/shards/a", `{}`, nil, 400, "invalid_argument"},
		{"PATCH", "/api/shards/x", `{"state":"active"}`, fmt.Errorf("%w x", catalog.ErrUnknownShard), 404, "unknown_shard"},
		{"DELETE", "/api/query/0123", "", nil, 404, "unknown_query"},
	}
	f := newFixture(t)
	for _, tt := range tests {
		f.catalog.change = func(string) error { return tt.err }
		r := f.do(t, tt.method, tt.path, tt.body)
		t.Log(tt.method, tt.path, tt.body, tt.err)
		r.expect(t, tt.status, tt.code)
	}
	for _, err := range []error{shard.ErrNoTable, shard.ErrNotBaseTable, shard.ErrSystemDatabase, shard.ErrOwnDatabase} {
		p := problemOf(fmt.Errorf("table x: %w", err))
		if p.Status < 400 || p.Status >= 500 {
			t.Errorf("%v: status %d", err, p.Status)
		}
	}
}

// TestEveryCodeHasAStatus reads the codes where they are declared. Those of
// single events stand inside a problem, and have none.
func TestEveryCodeHasAStatus(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../fault/code.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes++
		code := fault.Code(text)
		if ofEvents := map[fault.Code]bool{
			fault.TypeMismatch: true, fault.OutOfRange: true, fault.InvalidUTF8: true, fault.DuplicateKey: true,
			fault.UnknownField: true, fault.EmptyString: true, fault.TooDeep: true, fault.UnknownMember: true, fault.MissingMember: true,
			fault.InvalidFamily: true, fault.ReservedFamily: true, fault.InvalidField: true, fault.ReservedField: true,
			fault.UnknownType: true, fault.IDConflict: true, fault.TooManyFields: true, fault.Refused: true,
		}; ofEvents[code] {
			return false
		}
		p := problemOf(fault.New(code, "why"))
		if p.Status == 500 && code != fault.Internal || p.Title == "" || p.Detail == "" {
			t.Errorf("%s: %d %s: %s", code, p.Status, p.Title, p.Detail)
		}
		return false
	})
	if codes < len(statuses) {
		t.Errorf("%d codes, and statuses of %d", codes, len(statuses))
	}
}

func TestPanic(t *testing.T) {
	f := newFixture(t)
	f.ingester.put = func([]byte) (*ingest.Result, error) { panic("secret internals") }
	r := f.do(t, "PUT", "/api/log", "{}")
	r.expect(t, 500, "internal")
	if strings.Contains(r.body, "secret") {
		t.Errorf("internals in %s", r.body)
	}
	if log := f.logged.String(); !strings.Contains(log, "secret internals") || !strings.Contains(log, "errors_test.go") {
		t.Errorf("no stack in the log: %s", log)
	}
	f.proxy.query = func(ctx context.Context, q proxy.Query, sink proxy.Sink) (proxy.Result, error) {
		if _, err := rows(20000, nil)(ctx, q, sink); err != nil {
			return proxy.Result{}, err
		}
		panic("too late")
	}
	r = f.query(t, `{"query":"SELECT 1","limit":100000}`)
	if r.StatusCode != 200 || !errors.Is(r.err, io.ErrUnexpectedEOF) {
		t.Errorf("%d, %v; want 200 and a connection that breaks", r.StatusCode, r.err)
	}
	f.do(t, "GET", "/healthz", "").expect(t, http.StatusOK, "")
}
