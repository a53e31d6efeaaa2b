package ingest

import (
	"math/rand/v2"
	"slices"
)

// crew is the number of a queue's workers for one shard.
type crew struct {
	shard   string
	workers int
}

// staff starts one more worker for a queue, unless it has enough: on one of
// the shards that are up, if any is.
func (q *queues) staff(table int64, family *queue) {
	candidates := family.shards
	if len(candidates) > 1 {
		if up := family.others("", q.up); len(up) > 0 {
			candidates = up
		}
	}
	if shard := family.idlest(candidates); shard != "" {
		family.count(shard, 1)
		q.workers.Go(func() { q.work(post{table, shard}) })
	}
}

// others returns the shards but one that are up.
func (q *queue) others(but string, up func(string) bool) (others []string) {
	for _, s := range q.shards {
		if s != but && up(s) {
			others = append(others, s)
		}
	}
	return others
}

// idlest returns the shard with the fewest workers, any one of several, or ""
// if all have maxWorkers.
func (q *queue) idlest(shards []string) (idlest string) {
	fewest, from := maxWorkers, 0
	if len(shards) > 1 {
		from = rand.IntN(len(shards))
	}
	for i := range shards {
		s := shards[(from+i)%len(shards)]
		if n := q.workersOf(s); n < fewest {
			idlest, fewest = s, n
		}
	}
	return idlest
}

func (q *queue) workersOf(shard string) int {
	for _, c := range q.crews {
		if c.shard == shard {
			return c.workers
		}
	}
	return 0
}

// count changes the number of workers for a shard, and returns that of all.
func (q *queue) count(shard string, by int) (all int) {
	known := false
	for i := range q.crews {
		if c := &q.crews[i]; c.shard == shard {
			c.workers += by
			known = true
		}
		all += q.crews[i].workers
	}
	if !known {
		q.crews = append(q.crews, crew{shard, by})
		all += by
	}
	return all
}

// elsewhere gives a worker whose shard is away another one of its queue's, or
// nowhere, and counts it as ended, where those have workers enough. It reports
// false, and changes nothing, if no other is up.
func (q *queues) elsewhere(at post) (next post, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	family := q.byTable[at.table]
	others := family.others(at.shard, q.up)
	if len(others) == 0 {
		return at, false
	}
	family.count(at.shard, -1)
	shard := family.idlest(others)
	if shard == "" {
		return post{}, true
	}
	family.count(shard, 1)
	return post{at.table, shard}, true
}

// putBack puts a batch at the front of its queue again, for another shard. It
// reports false, and does nothing, if no other is up, or each was tried.
func (q *queues) putBack(at post, batch []*pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	family := q.byTable[at.table]
	if len(family.others(at.shard, q.up)) == 0 {
		return false
	}
	for _, p := range batch {
		if p.moves++; p.moves > len(family.shards) {
			return false
		}
	}
	for _, p := range batch {
		p.taken = false
	}
	family.waiting = append(slices.Clone(batch), family.waiting...)
	return true
}
