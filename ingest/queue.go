package ingest

import (
	"context"
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
	// taken and gone are guarded by queues.mu: a request leaves its queue
	// either to be stored, or because its client has gone.
	taken, gone bool
}

func (p *pending) finish(err error) {
	p.err = err
	close(p.done)
}

// queueKey names a queue: one life of a family on one shard.
type queueKey struct {
	table int64
	shard string
}

// queues holds the requests that wait, each in its family's queue. A queue
// has up to maxWorkers workers, which end when it is empty.
type queues struct {
	work func(key queueKey) // stores requests until take returns none

	mu      sync.Mutex
	byKey   map[queueKey]*queue
	closed  bool
	workers sync.WaitGroup
}

type queue struct {
	waiting []*pending
	workers int
}

const (
	// maxWorkers is how many batches of a family are stored at a time: while
	// the server commits one, the next is sent.
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
	key := queueKey{p.target.table.ID, p.target.shard}
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return ErrClosed
	}
	family := q.byKey[key]
	if family == nil {
		if q.byKey == nil {
			q.byKey = make(map[queueKey]*queue)
		}
		family = new(queue)
		q.byKey[key] = family
	}
	family.waiting = append(family.waiting, p)
	if family.workers < maxWorkers {
		family.workers++
		q.workers.Go(func() { q.work(key) })
	}
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

// take returns the next batch of a queue. When there is none, it counts the
// worker that asks as ended.
func (q *queues) take(key queueKey) []*pending {
	q.mu.Lock()
	defer q.mu.Unlock()
	family := q.byKey[key]
	batch := family.next()
	if len(batch) == 0 {
		if family.workers--; family.workers == 0 {
			delete(q.byKey, key)
		}
	}
	return batch
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
