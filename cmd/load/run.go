package load

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"sync"
)

// Exit codes of Run.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

// Run is the subcommand: args are what follows `load` on the command line. It
// returns the process's exit code: 0 when every event is stored, 1 when not,
// 2 for a wrong command line. Progress and errors go to stderr, a summary of
// what was stored to stdout, also after an error.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "databalancer load:", err)
		return exitUsage
	}
	err = run(ctx, o, stdin, stdout, stderr)
	var failed *batchError
	switch {
	case errors.Is(err, context.Canceled) && !errors.As(err, &failed):
		fmt.Fprintln(stderr, "databalancer load: stopped before all events were sent")
		return exitFailed
	case err != nil:
		fmt.Fprintln(stderr, "databalancer load:", err)
		return exitFailed
	}
	return exitOK
}

func run(ctx context.Context, o options, stdin io.Reader, stdout, stderr io.Writer) error {
	sources, err := newSources(&o, stdin)
	defer func() {
		for _, s := range sources {
			s.remove()
		}
	}()
	if err != nil {
		return err
	}
	l := newLoader(o, sources, stderr)
	defer l.client.http.CloseIdleConnections()
	if err := l.survey(ctx); err != nil {
		return err
	}
	if err := l.settle(ctx); err != nil {
		return err
	}
	t := newTally()
	stop := l.watch(ctx, t)
	err = l.send(ctx, t)
	stop()
	t.summarize(stdout, l.order)
	return err
}

// watch reports progress, if that is wanted, until stop is called.
func (l *loader) watch(ctx context.Context, t *tally) (stop func()) {
	if !l.progress {
		return func() {}
	}
	all := 0
	for _, n := range l.events {
		all += n
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { t.report(ctx, l.stderr, all) })
	return func() {
		cancel()
		wg.Wait()
	}
}
