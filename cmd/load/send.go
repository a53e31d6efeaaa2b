package load

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// grace is how long requests under way may take to end when the run is
// stopped: cutting them off would leave their outcome unknown.
const grace = 10 * time.Second

// send is the second pass: it sends as many events as were surveyed, in their
// order, with l.concurrency requests at a time. When one fails, those under
// way end, no others begin, and the error names every one that failed.
func (l *loader) send(ctx context.Context, t *tally) error {
	group, ctx := errgroup.WithContext(ctx)
	batches := make(chan *batch)
	group.Go(func() error {
		defer close(batches)
		return l.fill(ctx, batches)
	})
	requests, cancel := withGrace(ctx, grace)
	defer cancel()
	failed := make([]error, l.concurrency)
	for i := range failed {
		group.Go(func() error {
			for b := range batches {
				if ctx.Err() != nil {
					return context.Cause(ctx)
				}
				if failed[i] = l.put(requests, ctx.Done(), b, t); failed[i] != nil {
					return failed[i]
				}
			}
			return nil
		})
	}
	err := group.Wait()
	if all := errors.Join(failed...); all != nil {
		return all
	}
	return err
}

// withGrace returns a context that ends d after ctx, or by cancel.
func withGrace(ctx context.Context, d time.Duration) (_ context.Context, cancel context.CancelFunc) {
	later, cancelLater := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(d):
			cancelLater()
		case <-later.Done():
		}
	})
	return later, func() { stop(); cancelLater() }
}

// fill reads the sources and cuts their events into batches, one open batch a
// family.
func (l *loader) fill(ctx context.Context, batches chan<- *batch) error {
	open := make(map[*family]*batch)
	submit := func(f *family) error {
		b := open[f]
		delete(open, f)
		select {
		case batches <- b:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for i, src := range l.sources {
		err := l.read(ctx, src, l.events[i], func(event []byte, f *family, from origin) error {
			if b := open[f]; b != nil && len(b.body)+len(event) > maxBody {
				if err := submit(f); err != nil {
					return err
				}
			}
			b := open[f]
			if b == nil {
				b = newBatch(f)
				open[f] = b
			}
			if err := b.add(event, from); err != nil || len(b.origins) < l.batch {
				return err
			}
			return submit(f)
		})
		if err != nil {
			return err
		}
	}
	for _, f := range l.order {
		if open[f] == nil {
			continue
		}
		if err := submit(f); err != nil {
			return err
		}
	}
	return nil
}

// put sends one batch and counts it.
func (l *loader) put(ctx context.Context, stop <-chan struct{}, b *batch, t *tally) error {
	answer, err := l.client.put(ctx, stop, append(b.body, batchTail...))
	if err == nil && answer.Accepted != len(b.origins) {
		err = fmt.Errorf("server accepted %d of %d events", answer.Accepted, len(b.origins))
	}
	if err != nil {
		return &batchError{batch: b, err: err}
	}
	t.count(b, answer)
	return nil
}

// batchError is a batch that was not stored, or not surely.
type batchError struct {
	batch *batch
	err   error
}

func (e *batchError) Unwrap() error { return e.err }

// Error names the family and the lines, then what the server said, then a
// line for each event that the server named.
func (e *batchError) Error() string {
	first, last := e.batch.origins[0], e.batch.origins[len(e.batch.origins)-1]
	var s strings.Builder
	fmt.Fprintf(&s, "%s, %d events from %s to %s: %v", e.batch.family.name, len(e.batch.origins), first, last, e.err)
	var p *problem
	if !errors.As(e.err, &p) {
		return s.String()
	}
	for _, ev := range p.Errors {
		s.WriteString("\n\t")
		if 0 <= ev.Event && ev.Event < len(e.batch.origins) {
			fmt.Fprintf(&s, "%s: ", e.batch.origins[ev.Event])
		}
		if ev.Field != "" {
			fmt.Fprintf(&s, "%s: ", ev.Field)
		}
		s.WriteString(ev.Code)
		if ev.Detail != "" {
			fmt.Fprintf(&s, ": %s", ev.Detail)
		}
	}
	if more := p.Total - len(p.Errors); more > 0 {
		fmt.Fprintf(&s, "\n\tand %d more", more)
	}
	return s.String()
}
