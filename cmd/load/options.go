package load

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/kolide/databalancer/catalog"
)

// stdinName is the file argument that stands for standard input.
const stdinName = "-"

// options are the command's flags and arguments.
type options struct {
	server      string
	family      string
	familyField string
	batch       int // events a request, at most
	concurrency int
	schema      map[string]catalog.Type // by field, as the events name it
	progress    bool
	retry       time.Duration
	files       []string
}

// parseOptions reads the command line. It returns flag.ErrHelp after having
// printed the help text that was asked for.
func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	set := flag.NewFlagSet("databalancer load", flag.ContinueOnError)
	set.SetOutput(io.Discard) // errors are the caller's to print
	set.StringVar(&o.server, "server", "http://localhost:8080", "the server's `URL`")
	set.StringVar(&o.family, "family", "", "the log family's `name` (default: the file's name up to its first dot)")
	set.StringVar(&o.familyField, "family_field", "", "the `field` whose value names the family of each event (Zeek: _path); events without it go to -family")
	set.IntVar(&o.batch, "batch", 1000, "`events` a request, at most")
	set.IntVar(&o.concurrency, "concurrency", 2, "`requests` at a time; 1 keeps the events' order in their ids")
	set.BoolVar(&o.progress, "progress", true, "print progress on stderr once a second")
	set.DurationVar(&o.retry, "retry", time.Minute, "how long to repeat a request that the server is too busy for")
	set.Func("schema", "`name:type,...` for fields whose type is not to be inferred", o.parseSchema)
	if err := set.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			printHelp(set, stderr)
		}
		return o, err
	}
	o.files = set.Args()
	return o, o.validate()
}

func printHelp(set *flag.FlagSet, w io.Writer) {
	fmt.Fprint(w, "Usage: databalancer load [flags] FILE...\n\n",
		"Sends JSON events to a databalancer server. A file holds JSON objects, one a\n",
		"line, or one JSON array of them; plain, gzip or zstd; - is standard input.\n\n")
	set.SetOutput(w)
	set.PrintDefaults()
}

// parseSchema reads the value of -schema. The last colon separates the type,
// since a field's name may contain colons.
func (o *options) parseSchema(value string) error {
	o.schema = make(map[string]catalog.Type)
	for _, part := range strings.Split(value, ",") {
		i := strings.LastIndexByte(part, ':')
		if i <= 0 {
			return fmt.Errorf("%q is not name:type", part)
		}
		t, ok := catalog.ParseFieldType(strings.TrimSpace(part[i+1:]))
		if !ok {
			return fmt.Errorf("unknown type %q", part[i+1:])
		}
		o.schema[strings.TrimSpace(part[:i])] = t
	}
	return nil
}

func (o *options) validate() error {
	u, err := url.Parse(o.server)
	switch {
	case err != nil:
		return fmt.Errorf("-server: %w", err)
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return fmt.Errorf("-server: %q is not an http or https URL", o.server)
	case o.batch < 1:
		return errors.New("-batch must be at least 1")
	case o.concurrency < 1:
		return errors.New("-concurrency must be at least 1")
	case len(o.files) == 0:
		return errors.New("no file given (- is standard input)")
	}
	for _, name := range o.files {
		if name == stdinName && o.family == "" && o.familyField == "" {
			return errors.New("standard input needs -family or -family_field")
		}
	}
	return nil
}
