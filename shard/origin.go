package shard

import "context"

// Origin is the query on whose behalf statements are sent.
type Origin struct {
	QueryID string
	// Keep makes the query keep its place among those that run until the
	// function is called that it returns.
	Keep func() (release func())
}

type originKey struct{}

// WithOrigin returns a context whose statements are those of a query.
func WithOrigin(ctx context.Context, o *Origin) context.Context {
	return context.WithValue(ctx, originKey{}, o)
}

// originOf returns the query whose statements a context's are, or nil.
func originOf(ctx context.Context) *Origin {
	o, _ := ctx.Value(originKey{}).(*Origin)
	return o
}
