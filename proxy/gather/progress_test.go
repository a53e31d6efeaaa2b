package gather

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
)

func TestProgress(t *testing.T) {
	var p progress
	if err := p.wait(t.Context()); err != nil {
		t.Errorf("nothing to wait for: %v", err)
	}
	if p.reached("a", read) {
		t.Error("an event has happened that nobody announced")
	}
	p.reach("a", read)
	p.reach("a", read)
	if !p.reached("a", read) || p.reached("a", stored) || p.reached("b", read) {
		t.Error("not just the event that was announced has happened")
	}
	if err := p.wait(t.Context(), event{"a", read}, event{"a", read}); err != nil {
		t.Errorf("of what has happened: %v", err)
	}
}

// Who waits for several events goes on with the last of them, in whatever
// order they come, and not before.
func TestProgressWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p progress
		done := map[string]bool{}
		var mu sync.Mutex
		wait := func(name string, events ...event) {
			go func() {
				err := p.wait(t.Context(), events...)
				mu.Lock()
				defer mu.Unlock()
				done[name] = err == nil
			}()
		}
		wait("a", event{1, read})
		wait("a and b", event{1, read}, event{2, stored})
		wait("b and a", event{2, stored}, event{1, read})
		for _, step := range []struct {
			reach event
			want  int
		}{{event{3, made}, 0}, {event{2, read}, 0}, {event{2, stored}, 0}, {event{1, read}, 3}} {
			p.reach(step.reach.part, step.reach.stage)
			synctest.Wait()
			mu.Lock()
			if len(done) != step.want {
				t.Errorf("after %v: %v have gone on, want %d", step.reach, done, step.want)
			}
			mu.Unlock()
		}
	})
}

// The end of the context ends the waiting, and only that.
func TestProgressEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p progress
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		ended, goes := make(chan error, 1), make(chan error, 1)
		go func() { ended <- p.wait(ctx, event{1, read}) }()
		go func() { goes <- p.wait(t.Context(), event{1, read}) }()
		synctest.Wait()
		cancel(gone)
		if err := <-ended; err != gone {
			t.Errorf("%v, want the cause", err)
		}
		if err := p.wait(ctx, event{1, read}); err != gone {
			t.Errorf("afterwards: %v, want the cause", err)
		}
		p.reach(1, read)
		if err := <-goes; err != nil {
			t.Error(err)
		}
		if err := p.wait(ctx, event{1, read}); err != nil {
			t.Errorf("what has happened, under a context that has ended: %v", err)
		}
	})
}

// What was written before an event may be read after waiting for it: the race
// detector would tell otherwise.
func TestProgressPublishes(t *testing.T) {
	var p progress
	const parts = 20
	var written [parts]int
	var events []event
	for i := range parts {
		events = append(events, event{i, made})
		go func() {
			written[i] = i + 1
			p.reach(i, made)
		}()
	}
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			if err := p.wait(t.Context(), events...); err != nil {
				t.Error(err)
			}
			for i, n := range written {
				if n != i+1 {
					t.Errorf("%d is not to be seen", i)
				}
			}
		})
	}
	readers.Wait()
}
