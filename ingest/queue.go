package ingest

import (
	"context"
	"slices"
	"sync"
)

// pending is a request that waits to be stored.
type pending struct {
	target *target
	rows   *rows         // not to be touched once the request is gone
	events int           // in rows
	size   int           // bytes of the body
	done   chan struct{} // closed when err is set
	err    error
	moves  int // how often it was sent elsewhere; its worker's to count
	// taken and gone are guarded by queues.mu: a request leaves its queue
	// either to be stored, or because its client has gone.
	taken, gone bool
}

func (p *pending) finish(err error) {
	p.err = err
	close(p.done)
}

// queues holds the requests that wait, each in the queue of its family's life.
// A queue has up to maxWorkers workers for each placement that takes rows,
// which end when it is empty. Requests are no placement's: a worker takes what
// waits, so the placements share the load as they get along with it.
type queues struct {
	work func(post) // stores requests until take returns none
	up   func(shard string) bool

	mu      sync.Mutex
	byTable map[int64]*queue
	closed  bool
	workers sync.WaitGroup
}

// post is where a worker works: on the requests of one family's life, for the
// placement on one shard. The zero post is nowhere.
type post struct {
	table int64
	shard string
}

type queue struct {
	waiting []*pending
	shards  []string // of the placements that take rows, as the last request knew them
	crews   []crew
}

const (
	// maxWorkers is how many batches of a placement are stored at a time:
	// while the server commits one, the next is sent.
	maxWorkers = 2
	// A batch is bounded in rows and bytes, unless it is a single request.
	maxBatchRows  = 10_000
	maxBatchBytes = 16 << 20
)

// put queues a request, and waits until it is stored or has failed, or until
// ctx ends while it still waits.
func (q *queues) put(ctx context.Context, p *pending) error {
	if err := q.enqueue(p); err != nil {
		return err
	}
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
	}
	if q.abandon(p) {
		return context.Cause(ctx)
	}
	<-p.done
	return p.err
}

func (q *queues) enqueue(p *pending) error {
	table := p.target.table.ID
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	family := q.byTable[table]
	if family == nil {
		if q.byTable == nil {
			q.byTable = make(map[int64]*queue)
		}
		family = new(queue)
		q.byTable[table] = family
	}
	family.shards = p.target.shards
	family.waiting = append(family.waiting, p)
	q.staff(table, family)
	return nil
}

// abandon takes a request back that still waits.
func (q *queues) abandon(p *pending) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p.taken {
		return false
	}
	p.gone = true
	return true
}

// take returns the next batch of a queue. When there is none for the worker
// that asks, since the queue is empty or its placement takes no rows any more,
// it counts the worker as ended.
func (q *queues) take(at post) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	family := q.byTable[at.table]
	if slices.Contains(family.shards, at.shard) {
		if batch := family.next(); len(batch) > 0 {
			return batch
		}
	}
	if family.count(at.shard, -1) == 0 && len(family.waiting) == 0 {
		delete(q.byTable, at.table)
	} else if len(family.waiting) > 0 {
		q.staff(at.table, family)
	}
	return nil
}

// next removes the requests of the next batch from the queue.
func (q *queue) next() (batch []*pending) {
	events, bytes, n := 0, 0, 0
	for _, p := range q.waiting {
		if !p.gone {
			events += p.events
			bytes += p.size
			if len(batch) > 0 && (events > maxBatchRows || bytes > maxBatchBytes) {
				break
			}
			p.taken = true
			batch = append(batch, p)
		}
		n++
	}
	clear(q.waiting[:n])
	q.waiting = q.waiting[n:]
	return batch
}

// close refuses further requests, and waits until those that wait are stored.
func (q *queues) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.workers.Wait()
}
