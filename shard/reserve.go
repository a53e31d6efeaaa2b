package shard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/kolide/databalancer/admission"
	"github.com/kolide/databalancer/fault"
)

// Reserve waits until n query connections may be used, all at once, so that
// callers which need several never wait for each other. Conn may then be
// called n times, and release must be called once, after the last of these
// connections was closed. Where n can never be had, the code of the error is
// fault.Unsupported; otherwise it wraps ctx's cause.
func (sh *Shard) Reserve(ctx context.Context, asker admission.Asker, n int) (release func(), err error) {
	hold, err := sh.slots.Acquire(ctx, asker, n)
	switch {
	case errors.Is(err, admission.ErrTooFew):
		return nil, fault.New(fault.Unsupported,
			"the query needs %d connections to shard %s at once, more than are configured", n, sh.Name())
	case err != nil:
		return nil, sh.end(fmt.Errorf("query connections in use: %w", err))
	}
	return hold.Release, nil
}

// Reserve reserves query connections of several shards, for each as many as
// needs says, in the order of the shards' names: two callers that both do so
// can never hold what the other waits for. The errors are Shard.Reserve's.
func Reserve(ctx context.Context, asker admission.Asker, needs map[*Shard]int) (release func(), err error) {
	var releases []func()
	release = func() {
		for _, r := range slices.Backward(releases) {
			r()
		}
	}
	byName := func(a, b *Shard) int { return cmp.Compare(a.Name(), b.Name()) }
	for _, sh := range slices.SortedFunc(maps.Keys(needs), byName) {
		r, err := sh.Reserve(ctx, asker, needs[sh])
		if err != nil {
			release()
			return nil, err
		}
		releases = append(releases, r)
	}
	return release, nil
}
