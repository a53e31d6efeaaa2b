package tpch

import "math/rand/v2"

// A Scattering says on which of a number of shards, counted from 0, each
// table is.
type Scattering map[string]int

// On returns the names of the shard's tables, in the order of Tables.
func (s Scattering) On(shard int) []string {
	var names []string
	for _, name := range Tables() {
		if s[name] == shard {
			names = append(names, name)
		}
	}
	return names
}

// Scatter distributes the tables at random, so that no shard is without one
// as long as there are enough. The same seed gives the same.
func Scatter(shards int, seed uint64) Scattering {
	r := rand.New(rand.NewPCG(seed, uint64(shards)))
	s := make(Scattering)
	for i, at := range r.Perm(len(tables)) {
		shard := i
		if i >= shards {
			shard = r.IntN(shards)
		}
		s[tables[at].name] = shard
	}
	return s
}

// Apart distributes the tables so that those that the queries join most are on
// different shards: the hardest of all distributions, and the same each time.
func Apart(shards int) Scattering {
	s := make(Scattering)
	for i, name := range []string{"lineitem", "orders", "partsupp", "supplier", "part", "customer", "region", "nation"} {
		s[name] = i % shards
	}
	return s
}
