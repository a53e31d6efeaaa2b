package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"time"

	"github.com/kolide/databalancer/api"
	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/ingest"
	"github.com/kolide/databalancer/proxy"
	"github.com/kolide/databalancer/proxy/gather"
	"github.com/kolide/databalancer/router"
	"github.com/kolide/databalancer/shard"
)

// envPrefix begins the name of each flag's environment variable.
const envPrefix = "DATABALANCER_"

// options are the values of the flags.
type options struct {
	mysqlAddress      string
	mysqlDatabase     string
	mysqlUsername     string
	mysqlPassword     string
	mysqlPasswordFile string
	queryUsername     string
	queryPassword     string
	queryPasswordFile string
	tlsMode           string
	tlsFiles          shard.TLSFiles
	tls               *shard.TLS // from the two
	catalogAddress    string
	catalogUsername   string
	catalogPassword   string
	catalogSecretFile string
	writeConns        int
	queryConns        int
	sizeInterval      time.Duration
	splitBytes        int64
	serverAddress     string
	gatherAddress     string
	gatherMaxRows     int64
	gatherMaxBytes    int64
	pprofAddress      string
	startTimeout      time.Duration
	shutdownTimeout   time.Duration
	queryTimeout      time.Duration
	writeTimeout      time.Duration
	maxRows           int
	maxResultBytes    int64
	maxRowBytes       int
	maxValueMemory    int64
	maxQueryLength    int
	planCacheBytes    int
	maxQueries        int
	maxQueued         int
	trustedProxies    string
	proxies           []netip.Prefix // from trustedProxies
	maxBody           int64
	maxPending        int64
	local             int
	localServer       string
	dataDir           string
	rawLogs           bool
	logEvents         bool
	logFormat         string
	logLevel          slog.Level
	showVersion       bool
	addresses         []shardAddress // from mysqlAddress
	gatherers         []shardAddress // from gatherAddress
}

// shardAddress is one server named by -mysql_address or -gather_address.
type shardAddress struct{ name, address string }

func (o *options) flags(fs *flag.FlagSet) {
	fs.StringVar(&o.mysqlAddress, "mysql_address", "localhost:3306", "MySQL `servers`, separated by commas: [name=]host[:port] or [name=]/path/of/a/unix.sock each")
	fs.StringVar(&o.mysqlDatabase, "mysql_database", "databalancer", "`name` of the database on each server, created where it is missing; the catalog's has _catalog appended")
	fs.StringVar(&o.mysqlPassword, "mysql_password", "", "MySQL `password`; -mysql_password_file and the environment keep it out of process lists")
	fs.StringVar(&o.mysqlPasswordFile, "mysql_password_file", "", "`file` that holds the MySQL password")
	fs.StringVar(&o.mysqlUsername, "mysql_username", "root", "MySQL `user`")
	fs.StringVar(&o.queryUsername, "mysql_query_username", "", "MySQL `user` for queries, with rights to read only; empty: -mysql_username")
	fs.StringVar(&o.queryPassword, "mysql_query_password", "", "`password` of -mysql_query_username")
	fs.StringVar(&o.queryPasswordFile, "mysql_query_password_file", "", "`file` that holds the password of -mysql_query_username")
	fs.StringVar(&o.tlsMode, "mysql_tls", string(shard.TLSPreferred), "encryption of connections over TCP: off; preferred, where the server offers it; required; or verify, which also checks the server's certificate and that it names the host of its address")
	fs.StringVar(&o.tlsFiles.CA, "mysql_tls_ca", "", "`file` in PEM of the authorities that -mysql_tls verify trusts; empty: the system's")
	fs.StringVar(&o.tlsFiles.Cert, "mysql_tls_cert", "", "`file` in PEM of a certificate to show to servers, for accounts that REQUIRE X509")
	fs.StringVar(&o.tlsFiles.Key, "mysql_tls_key", "", "`file` in PEM of the key of -mysql_tls_cert")
	fs.StringVar(&o.catalogAddress, "catalog_address", "", "`server` that holds the catalog; empty: the first of -mysql_address")
	fs.StringVar(&o.catalogUsername, "catalog_username", "", "MySQL `user` for the catalog; empty: -mysql_username")
	fs.StringVar(&o.catalogPassword, "catalog_password", "", "`password` of -catalog_username")
	fs.StringVar(&o.catalogSecretFile, "catalog_password_file", "", "`file` that holds the password of -catalog_username")
	fs.IntVar(&o.writeConns, "mysql_write_conns", shard.DefaultWriteConns, "most connections to a server for writing")
	fs.IntVar(&o.queryConns, "mysql_query_conns", shard.DefaultQueryConns, "most connections to a server for queries")
	fs.DurationVar(&o.sizeInterval, "size_interval", time.Minute, "how often the sizes of the shards and tables are measured, for the balance and for planning queries")
	fs.Int64Var(&o.splitBytes, "split_bytes", 0, "size of a family's table in `bytes` from which new rows go to one more table on another shard; 0: families are split only by PUT /api/families/{family}/spread")
	fs.StringVar(&o.gatherAddress, "gather_address", "", "`servers`, as in -mysql_address, that hold no tables: queries that need several shards are finished there instead of on a shard")
	fs.Int64Var(&o.gatherMaxRows, "gather_max_rows", gather.DefaultRows, "most `rows` that one query may move between servers, to be joined there; beyond it the query fails")
	fs.Int64Var(&o.gatherMaxBytes, "gather_max_bytes", gather.DefaultBytes, "most `bytes` that one query may move between servers. They go to temporary tables: in memory those of up to 256 MiB each (512 MiB a server), else on the server's disk, where they take up to three times as much. So a server of 4 GiB has room for several such queries at once")
	fs.StringVar(&o.serverAddress, "server_address", ":8080", "`address` that the HTTP server listens on")
	fs.StringVar(&o.pprofAddress, "pprof_address", "", "`address` that net/http/pprof listens on; empty: none")
	fs.DurationVar(&o.startTimeout, "start_timeout", time.Minute, "how long to wait for the MySQL servers on start")
	fs.DurationVar(&o.shutdownTimeout, "shutdown_timeout", 30*time.Second, "how long running requests may go on after SIGTERM")
	fs.DurationVar(&o.queryTimeout, "query_timeout", api.DefaultTimeout, "longest time that a query may run")
	fs.DurationVar(&o.writeTimeout, "write_timeout", api.DefaultTimeout, "longest time that a client may take nothing of its answer")
	fs.IntVar(&o.maxRows, "max_rows", 0, "most rows that any query returns; 0: no limit but the request's own")
	fs.Int64Var(&o.maxResultBytes, "max_result_bytes", 1<<30, "most `bytes` that the rows of any answer have, as they are sent; beyond it the query fails; 0: no limit")
	fs.IntVar(&o.maxRowBytes, "max_row_bytes", shard.DefaultMaxRowBytes, "largest row in `bytes` that a query reads, also between servers; beyond it the query fails")
	fs.Int64Var(&o.maxValueMemory, "max_value_memory", shard.DefaultMaxValueMemory, "most `bytes` of memory for rows of more than 1 MiB at once, over all queries; beyond it they wait for 5 s, and then get 503")
	fs.IntVar(&o.maxQueryLength, "max_query_length", router.DefaultMaxLength, fmt.Sprintf("longest SQL text in `bytes`, at most %d", router.LongestQuery))
	fs.IntVar(&o.planCacheBytes, "plan_cache_bytes", router.DefaultPlanBytes, "memory in `bytes` for the plans of queries, which are remembered for queries that differ in values alone; 0: every query is planned anew")
	fs.IntVar(&o.maxQueries, "max_queries", proxy.DefaultMaxQueries, "most queries that run at once")
	fs.IntVar(&o.maxQueued, "max_queued", proxy.DefaultMaxQueued, "most queries that wait for others to end; beyond it they get 429")
	fs.StringVar(&o.trustedProxies, "trusted_proxies", "", "`networks`, separated by commas, of the proxies in front whose X-Forwarded-For tells clients apart, such as 10.0.0.0/8")
	fs.Int64Var(&o.maxBody, "max_body", api.DefaultMaxBody, "largest request body in `bytes`, also after decompression")
	fs.Int64Var(&o.maxPending, "max_pending", ingest.DefaultMaxPending, "most `bytes` of memory for log requests at once, where one counts for about 3 times its decompressed body (6 times where fields are tiny); beyond it requests get 429, but one alone is always taken; the garbage collector may double it")
	fs.IntVar(&o.local, "local", 0, "start and supervise `N` local servers in -data_dir instead of -mysql_address")
	fs.StringVar(&o.localServer, "local_server", "", "server `program` of -local, a mariadbd or mysqld; empty: what the machine has, MariaDB's first")
	fs.StringVar(&o.dataDir, "data_dir", "data", "`folder` of the servers of -local")
	fs.BoolVar(&o.rawLogs, "raw_logs", true, "keep each event as JSON in raw_logs")
	fs.BoolVar(&o.logEvents, "log_events", false, "log each request, field, event and value (private data, and slow)")
	fs.StringVar(&o.logFormat, "log_format", "text", "text or json")
	fs.TextVar(&o.logLevel, "log_level", slog.LevelInfo, "debug, info, warn or error")
	fs.BoolVar(&o.showVersion, "version", false, "print the version and exit")
}

// parseOptions reads the flags, then for each flag not given its environment
// variable, then the password files.
func parseOptions(args []string, getenv func(string) string, output io.Writer) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("databalancer", flag.ContinueOnError)
	fs.SetOutput(output)
	o.flags(fs)
	fs.Usage = func() {
		fmt.Fprintf(output, "Usage: databalancer [flags]\n       databalancer load [flags] FILE…\n       databalancer grants [flags]\n\nEach flag has an environment variable, %sMYSQL_ADDRESS for -mysql_address.\n\n", envPrefix)
		fs.PrintDefaults()
	}
	if err := fs.Parse(args); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if err := fromEnvironment(fs, getenv); err != nil {
		return nil, err
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	var err error
	if o.tls, err = shard.NewTLS(shard.TLSMode(o.tlsMode), o.tlsFiles, o.logger(output)); err != nil {
		return nil, fmt.Errorf("-mysql_%w", err)
	}
	return o, nil
}

// fromEnvironment sets each flag that args did not name and whose variable is
// not empty. The error names the variable, never its value.
func fromEnvironment(fs *flag.FlagSet, getenv func(string) string) error {
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	var errs []error
	fs.VisitAll(func(f *flag.Flag) {
		variable := envPrefix + strings.ToUpper(f.Name)
		value := getenv(variable)
		if given[f.Name] || value == "" {
			return
		}
		if fs.Set(f.Name, value) != nil {
			errs = append(errs, fmt.Errorf("environment variable %s: not a value for -%s", variable, f.Name))
		}
	})
	return errors.Join(errs...)
}

func (o *options) complete() error {
	for _, secret := range []struct {
		value *string
		file  string
	}{
		{&o.mysqlPassword, o.mysqlPasswordFile}, {&o.queryPassword, o.queryPasswordFile}, {&o.catalogPassword, o.catalogSecretFile},
	} {
		if err := readSecret(secret.value, secret.file); err != nil {
			return err
		}
	}
	if o.local < 0 || o.local > 64 {
		return errors.New("-local: a number from 0 to 64")
	}
	if o.logFormat != "text" && o.logFormat != "json" {
		return errors.New("-log_format: text or json")
	}
	if err := o.checkRanges(); err != nil {
		return err
	}
	if len(o.mysqlDatabase)+len(catalog.DatabaseSuffix) > 64 || o.mysqlDatabase == "" || strings.ContainsAny(o.mysqlDatabase, "`/\\.\x00") {
		return fmt.Errorf("-mysql_database: %q is no name for a database of at most %d bytes", o.mysqlDatabase, 64-len(catalog.DatabaseSuffix))
	}
	if err := o.completeProxies(); err != nil {
		return err
	}
	if err := o.completeGatherers(); err != nil || o.local > 0 {
		return err
	}
	var err error
	o.addresses, err = parseAddresses("mysql_address", o.mysqlAddress)
	if err != nil {
		return err
	}
	return o.checkApart()
}

func (o *options) completeGatherers() (err error) {
	if o.gatherAddress != "" {
		o.gatherers, err = parseAddresses("gather_address", o.gatherAddress)
	}
	return err
}

// checkApart returns an error if a server is there both as a shard and for
// gathering.
func (o *options) checkApart() error {
	for _, g := range o.gatherers {
		for _, a := range o.addresses {
			if a.name == g.name || a.address == g.address {
				return fmt.Errorf("-gather_address: %s is in -mysql_address too", g.name)
			}
		}
	}
	return nil
}

// checkRanges returns an error for the first number that is out of range.
func (o *options) checkRanges() error {
	for _, r := range []struct {
		flag string
		ok   bool
		want string
	}{
		{"mysql_write_conns", o.writeConns >= 1, "at least 1"},
		{"mysql_query_conns", o.queryConns >= 1, "at least 1"},
		{"size_interval", o.sizeInterval > 0, "a duration above 0"},
		{"split_bytes", o.splitBytes >= 0, "0 or more"},
		{"gather_max_rows", o.gatherMaxRows >= 1, "at least 1"},
		{"gather_max_bytes", o.gatherMaxBytes >= 1, "at least 1"},
		{"shutdown_timeout", o.shutdownTimeout >= 0, "a duration that is not negative"},
		{"query_timeout", o.queryTimeout > 0, "a duration above 0"},
		{"write_timeout", o.writeTimeout > 0, "a duration above 0"},
		{"max_rows", o.maxRows >= 0, "0 or more"},
		{"max_result_bytes", o.maxResultBytes >= 0, "0 or more"},
		{"max_row_bytes", o.maxRowBytes >= 1<<20, "at least 1048576"},
		{"max_value_memory", o.maxValueMemory >= int64(o.maxRowBytes), "at least -max_row_bytes"},
		{"max_query_length", o.maxQueryLength >= 1 && o.maxQueryLength <= router.LongestQuery, fmt.Sprintf("a number from 1 to %d", router.LongestQuery)},
		{"plan_cache_bytes", o.planCacheBytes >= 0, "0 or more"},
		{"max_queries", o.maxQueries >= 1, "at least 1"},
		{"max_queued", o.maxQueued >= 1, "at least 1"},
		{"max_body", o.maxBody >= 1, "at least 1"},
		{"max_pending", o.maxPending >= o.maxBody, "at least -max_body"},
	} {
		if !r.ok {
			return fmt.Errorf("-%s: %s", r.flag, r.want)
		}
	}
	return nil
}

// parseAddresses reads the value of -mysql_address or of another flag like it.
// A server without a name is named by its address.
func parseAddresses(flag, list string) ([]shardAddress, error) {
	var addresses []shardAddress
	seen := map[string]bool{}
	for item := range strings.SplitSeq(list, ",") {
		item = strings.TrimSpace(item)
		name, address, named := strings.Cut(item, "=")
		if !named {
			name, address = item, item
		}
		if name == "" || address == "" {
			return nil, fmt.Errorf("-%s: %q is neither address nor name=address", flag, item)
		}
		if seen["n"+name] || seen["a"+address] {
			return nil, fmt.Errorf("-%s: %q is there twice", flag, item)
		}
		seen["n"+name], seen["a"+address] = true, true
		addresses = append(addresses, shardAddress{name, address})
	}
	return addresses, nil
}

func (o *options) logger(w io.Writer) *slog.Logger {
	handler := slog.HandlerOptions{Level: o.logLevel}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, &handler))
	}
	return slog.New(slog.NewTextHandler(w, &handler))
}
