package test

// room is a package of ours: what it owns, which of our packages it may import,
// and what it never depends on, however indirectly.
type room struct {
	name  string
	owns  string
	ours  []string // beside fault, which all may import
	never []string
	not   []string // what it must not import itself, though what it builds on may
}

// rooms are all packages, from the ground up: a room may import only rooms that
// stand before it, so all arrows go down. This is the one table of them;
// docs/architecture.md shows it, as `go test ./test -run Rooms -update` writes
// it there.
var rooms = []room{
	{name: "fault", owns: "the contract of errors: codes, facts, what clients may read",
		never: []string{netHTTP, databaseSQL}},
	{name: "admission", owns: "who may go on where not all can: bounds, turns of clients, room for short queries",
		never: []string{netHTTP, databaseSQL}},
	{name: "server", owns: "facts about MySQL-speaking servers: vendor, version, spelling, quoting, error number → class",
		never: []string{netHTTP, sqlParser}},
	{name: "catalog", owns: "shards, families, columns, placements, layout, names; immutable snapshots",
		never: []string{databaseSQL, driver, netHTTP, sqlParser}},
	{name: "catalog/store", owns: "the catalog in its database: intents, transactions, migrations",
		ours: []string{"catalog", "server"}, never: []string{netHTTP, sqlParser}},
	{name: "router/tree", owns: "the syntax tree: walking, clauses, literals, printing; the table of functions",
		never: databases, not: impure},
	{name: "router/guard", owns: "a client's text → a statement that is safe",
		ours: []string{"router/tree"}, never: databases, not: impure},
	{name: "router/resolve", owns: "what names stand for: scopes, columns, kinds; the rules by which results may be stored",
		ours: []string{"router/tree", "router/guard", "catalog"}, never: databases, not: impure},
	{name: "router", owns: "SQL and a snapshot → a plan",
		ours: []string{"router/tree", "router/guard", "router/resolve", "catalog"}, never: databases, not: impure},
	{name: "shard", owns: "pools of connections, identity, health, KILL; rows off the wire",
		ours: []string{"admission", "catalog", "server"}, never: []string{sqlParser}, not: []string{netHTTP}},
	{name: "proxy/gather", owns: "plans that move rows: sessions, temporary tables, keys, who waits for what",
		ours: []string{"router", "shard", "admission", "catalog", "server"}, not: []string{netHTTP, driver}},
	{name: "proxy", owns: "the one door to a query: plan, run, replan when stale; rows to a sink",
		ours: []string{"proxy/gather", "router", "shard", "admission", "catalog", "server"}, not: []string{netHTTP, driver}},
	{name: "ingest/tables", owns: "all DDL of families and raw_logs",
		ours: []string{"shard", "catalog", "server"}, never: []string{sqlParser}, not: []string{netHTTP}},
	{name: "ingest", owns: "events → typed rows: decode, schema evolution, batches, commit",
		ours: []string{"ingest/tables", "shard", "catalog", "server"}, never: []string{sqlParser}, not: []string{netHTTP}},
	{name: "api", owns: "HTTP: routes, formats, the one table from codes to statuses",
		ours: []string{"ingest", "proxy", "router", "shard", "catalog", "server"}, not: []string{driver, databaseSQL}},
	{name: "local", owns: "managed local servers",
		never: []string{sqlParser, driver, netHTTP}},
	{name: "cmd/load", owns: "`databalancer load`, a client of the HTTP API",
		ours: []string{"catalog"}, never: []string{databaseSQL, driver, sqlParser}},
	{name: "cmd/databalancer", owns: "flags, wiring, shutdown",
		ours:  []string{"api", "cmd/load", "ingest", "ingest/tables", "local", "proxy", "proxy/gather", "router", "shard", "catalog", "catalog/store", "server"},
		never: []string{inMemory, "testing"}},
}

const (
	netHTTP     = "net/http"
	databaseSQL = "database/sql"
	sqlParser   = "github.com/pingcap/tidb/pkg/parser"
	driver      = "github.com/go-sql-driver/mysql"
	inMemory    = "github.com/dolthub/go-mysql-server"
)

var (
	// impure are the packages of what has effects or its own time: a plan has
	// neither. (The parser that it is made with knows some of them.)
	impure = []string{netHTTP, "net", "os", "time"}
	// databases are not even known to a plan.
	databases = []string{databaseSQL, driver}
)

// halls are the packages that only tests import. They stand beside the house.
var halls = []string{"catalog/catalogtest", "local/localtest", "proxy/memtest", "proxy/shardtest", "test", "test/backends", "test/bench", "test/differential", "test/harness", "test/tpch"}
