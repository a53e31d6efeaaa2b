package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/ingest"
)

func loadOpenAPI(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(openAPI)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestOpenAPIHasAllRoutes(t *testing.T) {
	doc := loadOpenAPI(t)
	var described, served []string
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			described = append(described, method+" "+path)
			if op.Responses.Default() == nil {
				t.Errorf("%s %s: no default response", method, path)
			}
		}
	}
	for _, rt := range newFixture(t).routes() {
		segments := strings.Split(rt.pattern, "/")
		for i, s := range segments {
			if strings.HasPrefix(s, ":") || strings.HasPrefix(s, "*") {
				segments[i] = "{" + s[1:] + "}"
			}
		}
		served = append(served, rt.method+" "+strings.Join(segments, "/"))
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described:\n%s\nserved:\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
}

// Answers are as the document says: their schemas hold, they have no member
// that it does not name, and requests that it does not allow are refused.
func TestOpenAPIAnswers(t *testing.T) {
	doc := loadOpenAPI(t)
	f := newFixture(t)
	good := func() {
		f.proxy.query = rows(2, nil)
		f.ingester.put = func([]byte) (*ingest.Result, error) { return &ingest.Result{Family: "dogs", Accepted: 1}, nil }
		f.catalog.change = nil
	}
	failing := func(err error) func() {
		return func() {
			f.proxy.query = rows(0, err)
			f.ingester.put = func([]byte) (*ingest.Result, error) { return nil, err }
			f.catalog.change = func(string) error { return err }
		}
	}
	tests := []struct {
		prepare            func()
		method, path, body string
		route              string // the path in the document; empty: path
		status             int
	}{
		{good, "PUT", "/api/log", `{"family":"dogs","schema":{"age":"int"},"logs":[{"age":1}]}`, "", 200},
		{good, "POST", "/api/query", `{"query":"SELECT 1"}`, "", 200},
		{good, "POST", "/api/query", `{"query":"SELECT ?","args":[1,null,"x",true],"shape":"arrays","limit":1,"timeout":"1s","quote_large_ints":true}`, "", 200},
		{good, "POST", "/api/query?format=csv", `{"query":"SELECT 1"}`, "/api/query", 200},
		{good, "POST", "/api/query?format=ndjson", `{"query":"SELECT 1"}`, "/api/query", 200},
		{good, "POST", "/api/explain", `{"query":"SELECT 1"}`, "", 200},
		{good, "GET", "/api/describe", "", "", 200},
		{good, "GET", "/api/families", "", "", 200},
		{good, "GET", "/api/families/cat_registry", "", "/api/families/{family}", 200},
		{good, "DELETE", "/api/families/cat_registry", "", "/api/families/{family}", 204},
		{good, "PUT", "/api/families/cat_registry/spread", `{"shards":2}`, "/api/families/{family}/spread", 200},
		{good, "PUT", "/api/families/dog_registry/indexes", `{"columns":["name"]}`, "/api/families/{family}/indexes", 200},
		{good, "DELETE", "/api/families/dog_registry/indexes", `{"columns":["name"]}`, "/api/families/{family}/indexes", 204},
		{good, "DELETE", "/api/tables/breeds", "", "/api/tables/{table}", 204},
		{good, "GET", "/api/shards", "", "", 200},
		{good, "PUT", "/api/shards/a", `{"address":"a:3306"}`, "/api/shards/{shard}", 200},
		{good, "PATCH", "/api/shards/a", `{"state":"active"}`, "/api/shards/{shard}", 200},
		{good, "GET", "/healthz", "", "", 200},
		{good, "GET", "/readyz", "", "", 503},
		{good, "GET", "/metrics", "", "", 200},
		{good, "GET", "/api/openapi.json", "", "", 200},
		{good, "DELETE", "/api/query/0", "", "/api/query/{id}", 404},
		{good, "GET", "/api/families/x", "", "/api/families/{family}", 404},
		{good, "POST", "/api/query?format=x", `{"query":"SELECT 1"}`, "/api/query", 400},
		{failing(fault.At(fault.Syntax, 3, "x")), "POST", "/api/query", `{"query":"SELEC"}`, "", 400},
		{failing(queryError(1064, "42000")), "POST", "/api/query", `{"query":"SELECT"}`, "", 400},
		{failing(errors.New("x")), "POST", "/api/query", `{"query":"SELECT"}`, "", 500},
		{failing(&ingest.InvalidError{Errors: []fault.Event{{Event: -1, Code: "x"}, {Field: "f", Code: "x"}}, Total: 2}), "PUT", "/api/log", `{"family":"f","schema":{},"logs":[]}`, "", 400},
		{failing(ingest.ErrBusy), "PUT", "/api/log", `{"family":"f","schema":{},"logs":[]}`, "", 429},
		{failing(&catalog.TypeConflictError{Family: "f", Field: "g", Stored: "int", Offered: "text"}), "POST", "/api/log", `{"family":"f","schema":{},"logs":[]}`, "", 409},
		{failing(&catalog.TooManyColumnsError{Family: "f", Limit: 1000}), "POST", "/api/log", `{"family":"f","schema":{},"logs":[]}`, "", 400},
		{failing(&catalog.SpreadError{Family: "f", Asked: 3, Placed: 1}), "PUT", "/api/families/f/spread", `{"shards":3}`, "/api/families/{family}/spread", 422},
		{failing(&catalog.SpreadError{Family: "f", Asked: 1, Placed: 2}), "PUT", "/api/families/f/spread", `{"shards":1}`, "/api/families/{family}/spread", 409},
		{failing(&catalog.IndexError{Family: "f", Column: "meta", Reason: "holds JSON"}), "PUT", "/api/families/f/indexes", `{"columns":["meta"]}`, "/api/families/{family}/indexes", 422},
		{failing(catalog.ErrUnknownIndex), "DELETE", "/api/families/f/indexes", `{"columns":["a"]}`, "/api/families/{family}/indexes", 404},
		{failing(catalog.ErrUnknownTable), "DELETE", "/api/tables/x", "", "/api/tables/{table}", 404},
	}
	covered := map[string]bool{}
	for _, tt := range tests {
		path := tt.path
		if tt.route != "" {
			path = tt.route
		}
		t.Run(fmt.Sprint(tt.method, " ", tt.path, " ", tt.status), func(t *testing.T) {
			tt.prepare()
			op := doc.Paths.Find(path).GetOperation(tt.method)
			covered[tt.method+" "+path] = true
			if tt.body != "" {
				validate(t, op.RequestBody.Value.Content["application/json"].Schema, tt.body)
			}
			r := f.do(t, tt.method, tt.path, tt.body)
			r.expect(t, tt.status, "")
			checkAnswer(t, op, r)
		})
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !covered[method+" "+path] && !(method == "PUT" && path == "/api/tables/{table}") { // needs a server
				t.Errorf("%s %s: no sample", method, path)
			}
		}
	}
}

// checkAnswer checks an answer against the operation's description of its
// status, or else the default.
func checkAnswer(t *testing.T, op *openapi3.Operation, r response) {
	t.Helper()
	ref := op.Responses.Status(r.StatusCode)
	if ref == nil {
		ref = op.Responses.Default()
	}
	if r.StatusCode == 204 {
		return
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	content := ref.Value.Content[mediaType]
	if content == nil {
		t.Fatalf("%d %s is not described", r.StatusCode, mediaType)
	}
	if strings.HasSuffix(mediaType, "json") && mediaType != "application/x-ndjson" {
		value := validate(t, content.Schema, r.body)
		checkNamed(t, content.Schema.Value, value, "")
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-") && name != "X-Content-Type-Options" && r.StatusCode == 200 && ref.Value.Headers[name] == nil {
			t.Errorf("header %s is not described", name)
		}
	}
}

func validate(t *testing.T, schema *openapi3.SchemaRef, body string) any {
	t.Helper()
	var value any
	if err := json.Unmarshal([]byte(body), &value); err != nil {
		t.Fatal(err)
	}
	if err := schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()); err != nil {
		t.Errorf("%s: %v", body, err)
	}
	return value
}

// checkNamed reports the members of objects that the schema does not name.
func checkNamed(t *testing.T, schema *openapi3.Schema, value any, path string) {
	t.Helper()
	switch value := value.(type) {
	case []any:
		for i, v := range value {
			if schema.Items != nil {
				checkNamed(t, schema.Items.Value, v, fmt.Sprintf("%s[%d]", path, i))
			}
		}
	case map[string]any:
		for _, alternative := range schema.OneOf {
			if alternative.Value.Properties["results"] != nil == (value["results"] != nil) {
				schema = alternative.Value
			}
		}
		for name, v := range value {
			if property := schema.Properties[name]; property != nil {
				checkNamed(t, property.Value, v, path+"."+name)
			} else if len(schema.Properties) > 0 {
				t.Errorf("%s.%s is not described", path, name)
			}
		}
	}
}

// What the document forbids in requests is refused, so that it doesn't
// promise less than is checked.
func TestOpenAPIForbids(t *testing.T) {
	doc := loadOpenAPI(t)
	f := newFixture(t)
	for _, tt := range []struct{ method, path, route, body string }{
		{"POST", "/api/query", "/api/query", `{"query":"SELECT 1","limit":0}`},
		{"POST", "/api/query", "/api/query", `{"query":"SELECT 1","shape":"x"}`},
		{"POST", "/api/query", "/api/query", `{"query":"SELECT 1","other":1}`},
		{"PUT", "/api/tables/x", "/api/tables/{table}", `{"database":"x"}`},
		{"PUT", "/api/shards/x", "/api/shards/{shard}", `{"weight":1}`},
		{"PUT", "/api/shards/x", "/api/shards/{shard}", `{"address":"x","weight":-1}`},
		{"PATCH", "/api/shards/x", "/api/shards/{shard}", `{"state":"draining"}`},
	} {
		schema := doc.Paths.Find(tt.route).GetOperation(tt.method).RequestBody.Value.Content["application/json"].Schema
		var value any
		if err := json.Unmarshal([]byte(tt.body), &value); err != nil {
			t.Fatal(err)
		}
		if schema.Value.VisitJSON(value, openapi3.EnableJSONSchema2020()) == nil {
			t.Errorf("%s %s allows %s", tt.method, tt.route, tt.body)
		}
		f.do(t, tt.method, tt.path, tt.body).expect(t, 400, "invalid_argument")
	}
}
