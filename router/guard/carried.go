package guard

import "github.com/kolide/databalancer/router/tree"

// carriage is what a text has that the parser does not know, while other words
// stand there for it.
type carriage struct {
	documents   carried[*tree.JSONTable]
	percentiles carried[percentile]
	bounds      carried[bound]
	collections carried[collection]
}

// left names what the guard has not come upon, or returns nothing.
func (c *carriage) left() string {
	switch {
	case len(c.documents) > 0:
		return "JSON_TABLE(…)"
	case len(c.percentiles) > 0:
		return "a percentile"
	case len(c.bounds) > 0:
		return "WITH TIES or ROWS EXAMINED"
	case len(c.collections) > 0:
		return "what stands in GROUP_CONCAT(…) or JSON_ARRAYAGG(…)"
	}
	return ""
}

// carried are constructs of one kind, by where in the text they begin.
type carried[T any] map[int]T

func (c *carried[T]) put(at int, construct T) {
	if *c == nil {
		*c = make(carried[T])
	}
	(*c)[at] = construct
}

// take returns the construct that begins there, once.
func (c carried[T]) take(at int) (construct T, ok bool) {
	construct, ok = c[at]
	delete(c, at)
	return construct, ok
}
