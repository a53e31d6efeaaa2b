package api

import (
	"net/http"

	"github.com/julienschmidt/httprouter"

	"github.com/kolide/databalancer/fault"
)

// route is one endpoint. Its pattern is httprouter's.
type route struct {
	method, pattern string
	handler         handler
}

// routes are all endpoints. openapi.json describes each of them, which a test
// makes sure of. A shard's name may be a path, hence the *.
func (a *API) routes() []route {
	return []route{
		{"PUT", "/api/log", a.putLog},
		{"POST", "/api/log", a.putLog},

		{"POST", "/api/query", a.postQuery},
		{"DELETE", "/api/query/:id", a.deleteQuery},
		{"POST", "/api/explain", a.postExplain},

		{"GET", "/api/describe", a.getDescribe},
		{"PUT", "/api/tables/:table", a.putTable},
		{"DELETE", "/api/tables/:table", a.deleteTable},
		{"GET", "/api/families", a.getFamilies},
		{"GET", "/api/families/:family", a.getFamily},
		{"DELETE", "/api/families/:family", a.deleteFamily},
		{"PUT", "/api/families/:family/spread", a.putSpread},
		{"PUT", "/api/families/:family/indexes", a.putIndex},
		{"DELETE", "/api/families/:family/indexes", a.deleteIndex},
		{"GET", "/api/shards", a.getShards},
		{"PUT", "/api/shards/*shard", a.putShard},
		{"PATCH", "/api/shards/*shard", a.patchShard},

		{"GET", "/healthz", a.getHealth},
		{"GET", "/readyz", a.getReady},
		{"GET", "/metrics", a.getMetrics},
		{"GET", "/api/openapi.json", a.getOpenAPI},
	}
}

// newMux routes the endpoints, HEAD where there is GET, and everything else
// to a problem.
func (a *API) newMux() *httprouter.Router {
	mux := &httprouter.Router{HandleMethodNotAllowed: true, HandleOPTIONS: true}
	for _, rt := range a.routes() {
		name := rt.method + " " + rt.pattern
		handle := func(w http.ResponseWriter, r *http.Request, p httprouter.Params) {
			a.serve(name, rt.handler, w, r, p)
		}
		mux.Handle(rt.method, rt.pattern, handle)
		if rt.method == http.MethodGet {
			mux.Handle(http.MethodHead, rt.pattern, handle)
		}
	}
	mux.NotFound = a.refuse(fault.New(fault.NotFound, "there is no such endpoint; GET /api/openapi.json lists all"))
	// The multiplexer sets Allow before it calls this.
	mux.MethodNotAllowed = a.refuse(fault.New(fault.MethodNotAllowed, "the endpoint has no such method; the header Allow lists all"))
	return mux
}

// refuse returns a handler that always fails with err.
func (a *API) refuse(err error) http.Handler {
	refusal := func(http.ResponseWriter, *http.Request, httprouter.Params) error { return err }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.serve("other", refusal, w, r, nil)
	})
}
