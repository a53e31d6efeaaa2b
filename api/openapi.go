package api

import (
	_ "embed"
	"net/http"

	"github.com/julienschmidt/httprouter"
)

// openAPI describes this package's endpoints. A test holds the two together.
//
//go:embed openapi.json
var openAPI []byte

func (a *API) getOpenAPI(w http.ResponseWriter, _ *http.Request, _ httprouter.Params) error {
	send(w, http.StatusOK, "application/json", openAPI, a.cfg.WriteTimeout)
	return nil
}
