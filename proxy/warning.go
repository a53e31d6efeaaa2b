package proxy

import (
	"strings"

	"github.com/kolide/databalancer/shard"
)

// maxWarnings is how many warnings an answer has.
const maxWarnings = 64

// Warning is what a server says of a query that it has answered.
type Warning struct {
	Level   string `json:"level"` // warning, note or error
	Code    uint16 `json:"code"`  // the server's number
	Message string `json:"message"`
}

// warn adds to the answer's warnings.
func (r *Result) warn(more []shard.Warning) {
	for _, w := range more[:min(len(more), maxWarnings-len(r.Warnings))] {
		r.Warnings = append(r.Warnings, Warning{Level: strings.ToLower(w.Level), Code: w.Number, Message: w.Message})
	}
}
