package proxy

import "time"

// StepStats are the numbers of one step of a gather. Of the last step, whose
// rows are the answer, no bytes are counted.
type StepStats struct {
	Rows    int64
	Bytes   int64 // of the values, as text
	Elapsed time.Duration
}
