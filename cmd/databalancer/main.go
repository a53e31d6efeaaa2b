// Databalancer stores JSON logs in strongly typed MySQL tables, spread over
// many MySQL servers, and answers SQL questions about them over HTTP.
//
// The program has three commands: without one it serves; `databalancer load`
// sends files of JSON logs to a server that runs; `databalancer grants` prints
// the rights that its accounts need. This package holds flags,
// wiring and shutdown alone: main calls run, run opens everything in order
// and closes it in reverse.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/kolide/databalancer/cmd/load"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without its globals. It returns the exit status: 0 after a
// clean stop, 1 after an error, 2 for flags that make no sense.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "load" {
		return load.Run(ctx, args[1:], stdin, stdout, stderr)
	}
	grants := len(args) > 0 && args[0] == "grants"
	if grants {
		args = args[1:]
	}
	opts, err := parseOptions(args, getenv, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "databalancer:", err)
		return 2
	case opts.showVersion:
		fmt.Fprintln(stdout, "databalancer", version)
		return 0
	}
	log := opts.logger(stderr)
	if grants {
		if err := printGrants(ctx, opts, stdout); err != nil {
			fmt.Fprintln(stderr, "databalancer grants:", err)
			return 1
		}
		return 0
	}
	if err := serve(ctx, opts, log); err != nil {
		log.Error("Stopping", "err", err)
		return 1
	}
	return 0
}
