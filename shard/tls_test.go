package shard

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/kolide/databalancer/catalog"
	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/local"
	"github.com/kolide/databalancer/local/localtest"
	"github.com/kolide/databalancer/server"
)

// tlsServer is a server with certificates of an authority of its own, on TCP,
// and with accounts that want more or less of those who come.
type tlsServer struct {
	*authority
	address string // host:port
	socket  string
}

func newTLSServer(t *testing.T) *tlsServer {
	t.Helper()
	a := newAuthority(t)
	a.pair("server")
	a.pair("client")
	address := freeAddress(t)
	cluster := localtest.Dedicated(t, 1, a.serverArgs(address)...)
	s := &tlsServer{a, address, cluster.Sockets()[0]}
	root := localtest.Open(t, s.socket, "")
	localtest.Exec(t, root, "CREATE DATABASE tls",
		"CREATE USER 'admin'@'%' IDENTIFIED BY 'secret of admin'", "GRANT ALL ON *.* TO 'admin'@'%'")
	for name, needs := range map[string]string{"plain": "NONE", "ssl": "SSL", "x509": "X509"} {
		localtest.Exec(t, root,
			fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY 'secret of %[1]s' REQUIRE %s", name, needs),
			fmt.Sprintf("GRANT ALL ON tls.* TO '%s'@'%%'", name))
	}
	return s
}

// serverArgs makes a server listen on an address of 127.0.0.1, with the
// authority's certificates.
func (a *authority) serverArgs(address string) []string {
	a.t.Helper()
	_, port, _ := net.SplitHostPort(address)
	if localtest.Program(a.t).Kind == local.TiDB {
		a.write("tidb.toml", fmt.Appendf(nil, "[security]\nssl-ca = %q\nssl-cert = %q\nssl-key = %q\n",
			a.file("ca.pem"), a.file("server.pem"), a.file("server-key.pem")))
		return []string{"--config=" + a.file("tidb.toml"), "--host=127.0.0.1", "-P=" + port}
	}
	return []string{"--skip-networking=0", "--bind-address=127.0.0.1", "--port=" + port, "--max-allowed-packet=64M",
		"--ssl-ca=" + a.file("ca.pem"), "--ssl-cert=" + a.file("server.pem"), "--ssl-key=" + a.file("server-key.pem")}
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// shardAs is the server as a shard for an account.
func (s *tlsServer) shardAs(account, address string, settings *TLS) *Shard {
	cfg := Config{Username: account, Password: "secret of " + account, Database: "tls", TLS: settings}
	sh := newShard(cfg.withDefaults(), catalog.Shard{Name: "s0", Address: address})
	s.t.Cleanup(sh.close)
	return sh
}

func (s *tlsServer) settings(mode TLSMode, files TLSFiles) *TLS {
	s.t.Helper()
	settings, err := NewTLS(mode, files, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return settings
}

// encrypted reports of each way to the shard whether it is encrypted, as the
// server sees it.
func encrypted(t testing.TB, sh *Shard) (ways [3]bool, err error) {
	t.Helper()
	const status = "SHOW SESSION STATUS LIKE 'Ssl_cipher'"
	var name, cipher string
	if err := sh.Write().QueryRowContext(t.Context(), status).Scan(&name, &cipher); err != nil {
		return ways, Wrap("s0", err)
	}
	ways[0] = cipher != ""
	if err := sh.control.QueryRowContext(t.Context(), status).Scan(&name, &cipher); err != nil {
		return ways, Wrap("s0", err)
	}
	ways[1] = cipher != ""
	c, err := sh.Conn(t.Context())
	if err != nil {
		return ways, err
	}
	defer c.Close()
	ways[2] = texts(t, c, status)[0][1] != ""
	return ways, nil
}

func TestTLS(t *testing.T) {
	s := newTLSServer(t)
	other := newAuthority(t)
	own, foreign := TLSFiles{CA: s.file("ca.pem")}, TLSFiles{CA: other.file("ca.pem")}
	client := TLSFiles{Cert: s.file("client.pem"), Key: s.file("client-key.pem")}
	all := TLSFiles{own.CA, client.Cert, client.Key}
	localhost := strings.Replace(s.address, "127.0.0.1", "localhost", 1) // which the certificate does not name
	plainly := s.withoutTLS()
	const refused, plain, secure = "refused", "plain", "encrypted"
	for _, test := range []struct {
		account, address string
		mode             TLSMode
		files            TLSFiles
		want             string
		reason           string // of a TLSError
	}{
		{"plain", s.address, TLSOff, TLSFiles{}, plain, ""},
		{"plain", s.address, TLSPreferred, TLSFiles{}, secure, ""},
		{"plain", s.address, TLSRequired, TLSFiles{}, secure, ""},
		{"plain", s.address, TLSVerify, own, secure, ""},
		{"plain", s.address, TLSVerify, foreign, refused, "no agreement"},
		{"plain", s.address, TLSVerify, TLSFiles{}, refused, "no agreement"},
		{"plain", localhost, TLSRequired, TLSFiles{}, secure, ""},
		{"plain", localhost, TLSVerify, own, refused, "no agreement"},
		{"plain", s.socket, TLSPreferred, TLSFiles{}, plain, ""},
		{"plain", plainly, TLSPreferred, TLSFiles{}, plain, ""},
		{"plain", plainly, TLSRequired, TLSFiles{}, refused, "offers no TLS"},
		{"plain", plainly, TLSVerify, own, refused, "offers no TLS"},
		{"ssl", s.address, TLSOff, TLSFiles{}, refused, "only over TLS"},
		{"ssl", s.address, TLSPreferred, TLSFiles{}, secure, ""},
		{"ssl", s.address, TLSVerify, own, secure, ""},
		{"ssl", s.socket, TLSRequired, TLSFiles{}, secure, ""},
		{"ssl", s.socket, TLSVerify, foreign, secure, ""}, // nobody is between the two
		{"x509", s.address, TLSPreferred, TLSFiles{}, refused, ""},
		{"x509", s.address, TLSPreferred, client, secure, ""},
		{"x509", s.address, TLSVerify, all, secure, ""},
	} {
		name := fmt.Sprintf("%s %s %s %v", test.account, test.address, test.mode, test.files)
		ways, err := encrypted(t, s.shardAs(test.account, test.address, s.settings(test.mode, test.files)))
		var problem *TLSError
		switch {
		case test.want != refused && (err != nil || ways != [3]bool{test.want == secure, test.want == secure, test.want == secure}):
			t.Errorf("%s: got %v, %v; want %s", name, ways, err, test.want)
		case test.want == refused && test.reason == "" && server.Number(err) != server.AccessDenied:
			t.Errorf("%s: got %v, %v", name, ways, err)
		case test.reason != "" && (!errors.As(err, &problem) || !strings.Contains(problem.Reason, test.reason) || strings.Contains(err.Error(), "'"+test.account+"'")):
			t.Errorf("%s: got %v, %v; want %q", name, ways, err, test.reason)
		case test.reason != "" && fault.Of(err).Code != fault.ShardUnavailable:
			t.Errorf("%s: its code is %s", name, fault.Of(err).Code)
		}
	}
	t.Run("wrong password", func(t *testing.T) {
		cfg := Config{Username: "ssl", Password: "no secret", Database: "tls", TLS: s.settings(TLSOff, TLSFiles{})}
		err := Wait(t.Context(), cfg, s.address, nil)
		var problem *TLSError
		if server.Number(err) != server.AccessDenied || errors.As(err, &problem) {
			t.Errorf("got %v", err)
		}
		cfg.Password = "secret of ssl"
		if err := Wait(t.Context(), cfg, s.address, nil); !errors.As(err, &problem) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("require_secure_transport", func(t *testing.T) {
		// TiDB lets only those set it who have TLS themselves.
		admin := s.shardAs("admin", s.address, s.settings(TLSRequired, TLSFiles{})).Write()
		localtest.Exec(t, admin, "SET GLOBAL require_secure_transport = ON")
		t.Cleanup(func() { localtest.Exec(t, admin, "SET GLOBAL require_secure_transport = OFF") })
		eventually(t, "it is a TLSError", func() bool { // TiDB takes its time to hear of it
			_, err := encrypted(t, s.shardAs("plain", s.address, s.settings(TLSOff, TLSFiles{})))
			problem := (*TLSError)(nil)
			return errors.As(err, &problem)
		})
	})
	t.Run("statements", s.testStatements)
	t.Run("rotation", s.testRotation)
}

// testStatements reads a result of many records of TLS, stops a statement, and
// loses a connection.
func (s *tlsServer) testStatements(t *testing.T) {
	sh := s.shardAs("ssl", s.address, s.settings(TLSVerify, TLSFiles{CA: s.file("ca.pem")}))
	c := open(t, sh)
	rows, err := c.Query(t.Context(), "SELECT n, REPEAT(CHAR(65 + n % 26), n % 300000) FROM "+numbers(3)+" ORDER BY n")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		v := rows.Values()
		want := bytes.Repeat([]byte{byte(65 + n%26)}, n%300000)
		if string(v[0]) != fmt.Sprint(n) || !bytes.Equal(v[1], want) {
			t.Fatalf("row %d: got %.20s, %d bytes", n, v[0], len(v[1]))
		}
		n++
	}
	if rows.Err() != nil || n != 1000 {
		t.Fatalf("got %d rows, %v", n, rows.Err())
	}
	for _, length := range []int{1, maxPacket - 1, maxPacket + 100} { // more than a packet holds
		if got := texts(t, c, fmt.Sprintf("SELECT REPEAT('y', %d)", length))[0][0]; len(got) != length {
			t.Errorf("got %d bytes, want %d", len(got), length)
		}
	}
	tag := "/* tls */ "
	if err := run(endWhenRunning(t, sh, tag), c, tag+crossJoin); !errors.Is(err, errEnough) {
		t.Errorf("stopped: got %v", err)
	}
	eventually(t, "nothing runs", func() bool { return running(t, sh, tag) == 0 })

	lost := open(t, sh)
	id := lost.session.id
	ctx, cancel := context.WithTimeout(t.Context(), soon)
	defer cancel()
	rows, err = lost.Query(ctx, rowsFirst(t))
	if err != nil {
		t.Fatal(err)
	}
	exec(t, sh, fmt.Sprintf("KILL %d", id))
	for rows.Next() {
	}
	if err := rows.Err(); !errors.Is(err, ErrUnreachable) && server.Number(err) == 0 {
		t.Errorf("lost: got %v", err)
	}
	lost.Close()
	if got := texts(t, open(t, sh), "SELECT 1"); got[0][0] != "1" {
		t.Errorf("after a loss: got %v", got)
	}
}

// testRotation replaces certificates under a shard in use.
func (s *tlsServer) testRotation(t *testing.T) {
	ca, err := os.ReadFile(s.file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("trusted.pem", ca)
	var log strings.Builder
	settings, err := NewTLS(TLSVerify, TLSFiles{CA: s.file("trusted.pem")}, textLogger(&log))
	if err != nil {
		t.Fatal(err)
	}
	reach := func() error {
		_, err := encrypted(t, s.shardAs("ssl", s.address, settings))
		return err
	}
	s.write("trusted.pem", []byte("half of a"))
	if err := reach(); err != nil || !strings.Contains(log.String(), "trusted.pem") {
		t.Errorf("while the file is broken: %v; logged %s", err, log.String())
	}
	stranger, err := os.ReadFile(newAuthority(t).file("ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.write("trusted.pem", stranger)
	if err := reach(); err == nil {
		t.Error("the file's new authority is not the server's, who is trusted")
	}
	s.write("trusted.pem", append(stranger, ca...))
	if err := reach(); err != nil {
		t.Errorf("with both authorities: %v", err)
	}
}

// withoutTLS is the address of a relay to the server that hides that it has
// TLS.
func (s *tlsServer) withoutTLS() string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go s.relay(client)
		}
	}()
	return l.Addr().String()
}

func (s *tlsServer) relay(client net.Conn) {
	defer client.Close()
	upstream, err := net.Dial("tcp", s.address)
	if err != nil {
		return
	}
	defer upstream.Close()
	greeting := make([]byte, 4096)
	n, err := upstream.Read(greeting)
	if err != nil {
		return
	}
	// After the header and the protocol's number come the version, up to a
	// NUL, 4 bytes of the connection's number, 8 of the challenge and a NUL.
	capabilities := 5 + bytes.IndexByte(greeting[5:], 0) + 1 + 4 + 8 + 1
	greeting[capabilities+1] &^= 0x08 // CLIENT_SSL is 0x0800
	if _, err := client.Write(greeting[:n]); err != nil {
		return
	}
	go func() { _, _ = io.Copy(upstream, client) }()
	_, _ = io.Copy(client, upstream)
}

func TestBadTLS(t *testing.T) {
	a := newAuthority(t)
	a.pair("client")
	a.pair("other")
	a.write("text", []byte("no certificate"))
	missing, text := a.file("missing"), a.file("text")
	cert, key := a.file("client.pem"), a.file("client-key.pem")
	for _, test := range []struct {
		mode  TLSMode
		files TLSFiles
		want  string // the error's beginning
		names string // and what else it names
	}{
		{"on", TLSFiles{}, "tls: ", "on"},
		{"", TLSFiles{}, "tls: ", ""},
		{TLSRequired, TLSFiles{CA: cert}, "tls_ca: ", "required"},
		{TLSOff, TLSFiles{Cert: cert, Key: key}, "tls_cert: ", "off"},
		{TLSVerify, TLSFiles{CA: missing}, "tls_ca: ", missing},
		{TLSVerify, TLSFiles{CA: text}, "tls_ca: ", text},
		{TLSRequired, TLSFiles{Cert: cert}, "tls_cert: ", "tls_key"},
		{TLSRequired, TLSFiles{Key: key}, "tls_key: ", "tls_cert"},
		{TLSRequired, TLSFiles{Cert: missing, Key: key}, "tls_cert: ", missing},
		{TLSRequired, TLSFiles{Cert: cert, Key: missing}, "tls_key: ", missing},
		{TLSRequired, TLSFiles{Cert: text, Key: key}, "tls_cert: ", text},
		{TLSRequired, TLSFiles{Cert: cert, Key: text}, "tls_cert: ", text},
		{TLSRequired, TLSFiles{Cert: cert, Key: a.file("other-key.pem")}, "tls_cert: ", "other-key"},
	} {
		_, err := NewTLS(test.mode, test.files, nil)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) || !strings.Contains(err.Error(), test.names) {
			t.Errorf("%s %+v: got %v", test.mode, test.files, err)
		}
	}
}
