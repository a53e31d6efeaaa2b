package shard

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/kolide/databalancer/server"
)

// session is a connection whose settings are made and whose server is known.
type session struct {
	conn   driver.Conn // the driver's
	socket *socket     // below it
	stream net.Conn    // what the driver speaks over: socket, or the TLS over it
	id     uint64      // the server's number of the connection, for KILL
	server server.Info
	// settings are the statements that made the session what it is.
	settings []string
	created  time.Time
	used     time.Time // when it was last given back; zero: never
	shape    shape     // of its last result, if that is not too large to keep
	values   [][]byte  // for the rows of one result after the other
}

// reshape notes the shape of a result.
func (s *session) reshape(of *shape) {
	if len(of.packets) <= maxShape {
		s.shape = *of
	}
}

// row returns room for the values of one row. There is one such row a
// session, since it has one result at a time.
func (s *session) row(columns int) [][]byte {
	if columns > cap(s.values) {
		s.values = make([][]byte, columns)
	}
	return s.values[:columns]
}

// exec runs a statement for what it does.
func (s *session) exec(ctx context.Context, statement string) error {
	_, err := s.conn.(driver.ExecerContext).ExecContext(ctx, statement, nil)
	return err
}

func (s *session) close() {
	// The connection is given up; what happens to it then changes nothing.
	_ = s.conn.Close()
}

// trusted reports whether the session was in use so recently that asking the
// system whether its connection is alive costs more than it tells.
func (s *session) trusted() bool { return time.Since(s.used) < trust }

// alive reports whether the server has not closed the connection.
func (s *session) alive(ctx context.Context) bool {
	check, ok := s.conn.(driver.SessionResetter)
	return !ok || check.ResetSession(ctx) == nil
}

// purpose is what a connection is for.
type purpose int

const (
	forWriting purpose = iota
	forCatalog
	forQueries
	forControl
)

// connector opens sessions on one server. It is a driver.Connector too, whose
// connections are the driver's own.
type connector struct {
	name     string // of the shard, for errors
	network  string
	address  string
	account  account
	database string // empty: none
	purpose  purpose
	// collation is that of the session. See settings.
	collation string
	expected  *Identity // nil: any server will do
	tls       *TLS
	timeout   time.Duration
	patience  time.Duration     // how long to wait for the server in a statement; 0: for ever
	learned   func(server.Info) // nil: nobody wants to know
	refused   func()            // the server takes no more connections; nil: nobody wants to know
	invalid   error             // what is wrong with the address, if anything
}

// with returns a copy for another purpose and account.
func (c connector) with(p purpose, a account) *connector {
	c.purpose, c.account = p, a
	return &c
}

type account struct{ username, password string }

// Connect opens a session and returns the driver's connection.
func (c *connector) Connect(ctx context.Context) (driver.Conn, error) {
	s, err := c.open(ctx)
	if err != nil {
		return nil, err
	}
	return s.conn, nil
}

// Driver returns the driver whose connections Connect returns.
func (c *connector) Driver() driver.Driver { return &mysql.MySQLDriver{} }

// open connects, learns who is there, and makes the settings. Its errors are
// wrapped.
func (c *connector) open(ctx context.Context) (*session, error) {
	if c.invalid != nil {
		return nil, &UnreachableError{c.name, c.invalid}
	}
	bounded, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	s, err := c.place(bounded)
	if err == nil {
		return s, nil
	}
	if c.refused != nil && server.ClassOf(err).Has(server.Crowded) {
		c.refused()
	}
	if bounded.Err() != nil && ctx.Err() == nil {
		return nil, &UnreachableError{c.name, fmt.Errorf("no answer within %s: %w", c.timeout, err)}
	}
	return nil, Wrap(c.name, err)
}

func (c *connector) prepare(ctx context.Context) (*session, error) {
	s, err := c.dial(ctx)
	if err != nil {
		return nil, c.databaseMissing(err)
	}
	if err := c.setUp(ctx, s); err != nil {
		s.close()
		return nil, err
	}
	if c.learned != nil {
		c.learned(s.server)
	}
	return s, nil
}

// databaseMissing turns the refusal of a server that lacks our database into
// what it means where a shard should be.
func (c *connector) databaseMissing(err error) error {
	if c.expected != nil && server.Number(err) == server.BadDatabase {
		return c.mismatch(Identity{})
	}
	return err
}

func (c *connector) setUp(ctx context.Context, s *session) error {
	found, err := c.identify(ctx, s)
	if err != nil {
		return err
	}
	if c.expected != nil && (found.Shard != c.expected.Shard || found.Catalog != c.expected.Catalog) {
		return c.mismatch(found)
	}
	s.settings = settings(c.purpose, s.server, c.collation)
	for _, statement := range s.settings {
		err := s.exec(ctx, statement)
		if server.Number(err) == server.UnknownCollation {
			return &CollationError{Shard: c.name, Collation: c.collation, Server: s.server}
		}
		if err != nil {
			return fmt.Errorf("session settings: %w", err)
		}
	}
	return nil
}

func (c *connector) mismatch(found Identity) error {
	return &IdentityError{Shard: c.name, Address: c.address, Expected: *c.expected, Found: found}
}

// dial connects and authenticates.
func (c *connector) dial(ctx context.Context) (*session, error) {
	s := &session{created: time.Now()}
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd = c.account.username, c.account.password
	cfg.Net, cfg.Addr, cfg.DBName = c.network, c.address, c.database
	cfg.ReadTimeout, cfg.WriteTimeout = c.patience, c.patience
	cfg.Collation = server.Collation // whatever the server knows beyond it is set later
	cfg.Logger = &mysql.NopLogger{}  // it tells of errors that it also returns
	cfg.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		var err error
		s.socket, err = dialSocket(ctx, network, address)
		if err != nil {
			return nil, err // not a nil *socket, which the driver would take for one
		}
		return s.socket, nil
	}
	cfg.TLS, cfg.AllowFallbackToPlaintext = c.tls.config(c.network)
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("driver settings: %w", err)
	}
	if s.conn, err = connector.Connect(ctx); err != nil {
		return nil, c.explain(ctx, err)
	}
	if s.stream, err = stream(s.conn); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

const (
	selectServer = "SELECT CONNECTION_ID(), VERSION()"
	// The join gives a row also where the table has none.
	selectIdentity = "SELECT CONNECTION_ID(), VERSION(), s.identity, s.name, s.catalog_identity" +
		" FROM (SELECT 1 AS one) AS o LEFT JOIN " + identityTable + " AS s ON s.id = 1"
)

// identify asks the server for the connection's number, its version and,
// where one is expected, its identity.
func (c *connector) identify(ctx context.Context, s *session) (found Identity, err error) {
	query, columns := selectServer, 2
	if c.expected != nil {
		query, columns = selectIdentity, 5
	}
	row, err := queryRow(ctx, s.conn, query, columns)
	if c.expected != nil && server.Number(err) == server.NoSuchTable {
		return found, c.mismatch(found)
	}
	if err != nil {
		return found, fmt.Errorf("server's identity: %w", err)
	}
	if _, err := fmt.Sscan(row[0].String, &s.id); err != nil {
		return found, fmt.Errorf("connection's number %q: %w", row[0].String, err)
	}
	s.server = server.Parse(row[1].String)
	if c.expected != nil && row[2].Valid {
		found = Identity{Shard: row[2].String, Name: row[3].String, Catalog: row[4].String, Found: true}
	}
	return found, nil
}

// queryRow returns the one row of a query, as text.
func queryRow(ctx context.Context, conn driver.Conn, query string, columns int) ([]sql.NullString, error) {
	rows, err := conn.(driver.QueryerContext).QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	values := make([]driver.Value, columns)
	if err := rows.Next(values); err != nil {
		return nil, err
	}
	texts := make([]sql.NullString, columns)
	for i, v := range values {
		if err := texts[i].Scan(v); err != nil {
			return nil, err
		}
	}
	return texts, nil
}
