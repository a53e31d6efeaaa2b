package shard

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
)

func TestParseAddress(t *testing.T) {
	tests := []struct{ address, network, dial, err string }{
		{"db.example.com:3307", "tcp", "db.example.com:3307", ""},
		{"db.example.com", "tcp", "db.example.com:3306", ""},
		{"10.0.0.1", "tcp", "10.0.0.1:3306", ""},
		{"[::1]:3307", "tcp", "[::1]:3307", ""},
		{"[::1]", "tcp", "[::1]:3306", ""},
		{"::1", "tcp", "[::1]:3306", ""},
		{"[fe80::1%eth0]:3306", "tcp", "[fe80::1%eth0]:3306", ""},
		{"/run/mysqld/mysqld.sock", "unix", "/run/mysqld/mysqld.sock", ""},
		{"", "", "", "empty"},
		{":3306", "", "", "no valid host"},
		{"a b:3306", "", "", "no valid host"},
		{"a,b:3306", "", "", "no valid host"},
		{"a=b:3306", "", "", "no valid host"},
		{"run/mysqld.sock", "", "", "no valid host"},
		{"host:", "", "", "no valid port"},
		{"host:0", "", "", "no valid port"},
		{"host:65536", "", "", "no valid port"},
		{"host:mysql", "", "", "no valid port"},
		{"a:b:c", "", "", "too many colons"},
		{"::::", "", "", "too many colons"},
		{"127.0.0.1:99999", "", "", "no valid port"},
		{"127.0.0.1:3306)/mysql?x=(", "", "", "no valid port"},
		{"root:hunter2@host:3306", "", "", "it holds an @"},
	}
	for _, tt := range tests {
		network, dial, err := parseAddress(tt.address)
		if network != tt.network || dial != tt.dial {
			t.Errorf("%q: got %q %q", tt.address, network, dial)
		}
		if (err == nil) != (tt.err == "") || (err == nil) == errors.Is(err, ErrAddress) || err != nil && !strings.Contains(err.Error(), tt.err) {
			t.Errorf("%q: got error %v, want %q", tt.address, err, tt.err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error shows the password: %v", tt.address, err)
		}
	}
}

func TestConfigValidate(t *testing.T) {
	good := Config{Username: "root", Database: "d"}
	tests := []struct {
		name   string
		change func(*Config)
		ok     bool
	}{
		{"good", func(*Config) {}, true},
		{"no username", func(c *Config) { c.Username = "" }, false},
		{"no database", func(c *Config) { c.Database = "" }, false},
		{"write conns", func(c *Config) { c.WriteConns = -1 }, false},
		{"query conns", func(c *Config) { c.QueryConns = -1 }, false},
		{"timeout", func(c *Config) { c.DialTimeout = -1 }, false},
	}
	for _, tt := range tests {
		cfg := good
		tt.change(&cfg)
		_, err := NewSet(cfg)
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestConfigHidesPasswords(t *testing.T) {
	cfg := Config{Username: "writer", Password: "hunter2", QueryUsername: "reader", QueryPassword: "hunter3"}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "cfg", cfg, "pointer", &cfg)
	for _, shown := range []string{
		log.String(), fmt.Sprint(cfg), fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg), fmt.Sprintf("%v %+v %#v", &cfg, &cfg, &cfg),
	} {
		if strings.Contains(shown, "hunter") {
			t.Errorf("a password shows: %s", shown)
		}
		if !strings.Contains(shown, "writer") || !strings.Contains(shown, "reader") {
			t.Errorf("the users don't show: %s", shown)
		}
	}
}

func TestWrap(t *testing.T) {
	refused := &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	tests := []struct {
		err         error
		unreachable bool
		server      uint16
		text        string
	}{
		{driver.ErrBadConn, true, 0, "shard a: server unreachable: driver: bad connection"},
		{mysql.ErrInvalidConn, true, 0, "shard a: server unreachable: invalid connection"},
		{io.ErrUnexpectedEOF, true, 0, "shard a: server unreachable: unexpected EOF"},
		{fmt.Errorf("begin: %w", refused), true, 0, "shard a: server unreachable: begin: dial tcp: connection refused"},
		{context.DeadlineExceeded, false, 0, "shard a: context deadline exceeded"},
		{context.Canceled, false, 0, "shard a: context canceled"},
		{errors.New("other"), false, 0, "shard a: other"},
		{&mysql.MySQLError{Number: 1146, SQLState: [5]byte{'4', '2', 'S', '0', '2'}, Message: "Table 'd.t' doesn't exist"},
			false, 1146, "shard a: error 1146 (42S02): Table 'd.t' doesn't exist"},
		{&mysql.MySQLError{Number: 1040, Message: "Too many connections"},
			true, 1040, "shard a: error 1040: Too many connections"},
		{&mysql.MySQLError{Number: 1045, Message: "Access denied for user 'root'@'localhost' (using password: YES)"},
			false, 1045, "shard a: error 1045: Access denied for the configured account"},
		{&mysql.MySQLError{Number: 1044, Message: "Access denied for user 'o'brien'@'10.0.0.%' to database 'd'"},
			false, 1044, "shard a: error 1044: Access denied for the configured account to database 'd'"},
		{&mysql.MySQLError{Number: 1142, Message: "SELECT command denied to user 'r'@'h' for table `d`.`t`"},
			false, 1142, "shard a: error 1142: SELECT command denied to the configured account for table `d`.`t`"},
	}
	for _, tt := range tests {
		err := Wrap("a", tt.err)
		if err.Error() != tt.text {
			t.Errorf("got %q, want %q", err, tt.text)
		}
		if errors.Is(err, ErrUnreachable) != tt.unreachable {
			t.Errorf("%v: unreachable is %t", err, !tt.unreachable)
		}
		var server *ServerError
		if errors.As(err, &server) != (tt.server != 0) || server != nil && (server.Number != tt.server || server.Shard != "a") {
			t.Errorf("%v: got %+v", err, server)
		}
		var cause *mysql.MySQLError
		if tt.server != 0 && (!errors.As(err, &cause) || strings.Contains(cause.Message, "'@'")) {
			t.Errorf("%v: the driver's error is %v", err, cause)
		}
		if tt.server == 0 && !errors.Is(err, tt.err) {
			t.Errorf("%v: doesn't wrap its cause", err)
		}
		if again := Wrap("b", err); errors.Is(err, ErrUnreachable) && again != err || tt.server != 0 && again != err {
			t.Errorf("%v: wrapped again as %v", err, again)
		}
	}
	if Wrap("a", nil) != nil {
		t.Error("nil became an error")
	}
}

func TestIdentityErrorText(t *testing.T) {
	expected := Identity{Shard: "ID1", Name: "a", Catalog: "C1", Found: true}
	tests := []struct {
		found Identity
		want  string
	}{
		{Identity{}, "shard a: the server at h:1 is no shard of any catalog, but that shard's identity is ID1"},
		{Identity{Shard: "ID2", Name: "b", Catalog: "C2", Found: true},
			"shard a: the server at h:1 is shard b of another catalog, C2, not of C1"},
		{Identity{Shard: "ID2", Name: "b", Catalog: "C1", Found: true},
			"shard a: the server at h:1 is another shard: b with the identity ID2, not ID1"},
	}
	for _, tt := range tests {
		err := &IdentityError{Shard: "a", Address: "h:1", Expected: expected, Found: tt.found}
		if err.Error() != tt.want {
			t.Errorf("got %q, want %q", err, tt.want)
		}
	}
}
