package shard

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
)

// TLSMode says whether connections to servers are encrypted.
type TLSMode string

// A unix socket crosses no network, so TLSPreferred leaves it as it is, and
// TLSRequired and TLSVerify encrypt it only where its server offers that, for
// accounts that REQUIRE SSL, and check nothing there.
const (
	TLSOff       TLSMode = "off"
	TLSPreferred TLSMode = "preferred" // where the server offers it, without a look at its certificate
	TLSRequired  TLSMode = "required"  // always, without a look at the server's certificate
	TLSVerify    TLSMode = "verify"    // always, with a certificate that a CA of ours gave for the address's host
)

// TLSFiles are files of certificates in PEM. Each may be empty.
type TLSFiles struct {
	CA   string // whom TLSVerify trusts; empty: whom the system trusts
	Cert string // of the client, for accounts that REQUIRE X509
	Key  string // of Cert
}

// TLS makes the settings of encrypted connections. Its files are read for each
// new connection, so that certificates can be replaced at any time; while they
// can't be read, those that were read last go on to count. It is safe for
// concurrent use. Nil is TLSPreferred without files.
type TLS struct {
	mode  TLSMode
	files TLSFiles
	log   *slog.Logger

	mu   sync.Mutex
	last *tls.Config
}

// NewTLS reads the files. Its errors begin with tls, tls_ca, tls_cert or
// tls_key, for what is wrong.
func NewTLS(mode TLSMode, files TLSFiles, log *slog.Logger) (*TLS, error) {
	switch mode {
	case TLSOff, TLSPreferred, TLSRequired, TLSVerify:
	default:
		return nil, fmt.Errorf("tls: %q is none of off, preferred, required and verify", mode)
	}
	switch {
	case files.CA != "" && mode != TLSVerify:
		return nil, fmt.Errorf("tls_ca: the mode %s checks no certificate, only verify does", mode)
	case files.Cert != "" && mode == TLSOff:
		return nil, errors.New("tls_cert: the mode is off")
	case files.Cert == "" && files.Key != "":
		return nil, errors.New("tls_key: there is no tls_cert")
	case files.Cert != "" && files.Key == "":
		return nil, errors.New("tls_cert: there is no tls_key")
	}
	last, err := files.read(mode)
	if err != nil {
		return nil, err
	}
	return &TLS{mode: mode, files: files, log: log, last: last}, nil
}

func (f TLSFiles) read(mode TLSMode) (*tls.Config, error) {
	cfg := &tls.Config{InsecureSkipVerify: mode != TLSVerify}
	if f.CA != "" {
		text, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("tls_ca: %w", err)
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("tls_ca: %s holds no certificate in PEM", f.CA)
		}
	}
	if f.Cert != "" {
		if _, err := os.Stat(f.Key); err != nil {
			return nil, fmt.Errorf("tls_key: %w", err)
		}
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("tls_cert: %s with the key %s: %w", f.Cert, f.Key, err)
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	return cfg, nil
}

// String returns the mode.
func (t *TLS) String() string {
	if t == nil {
		return string(TLSPreferred)
	}
	return string(t.mode)
}

// config returns the settings of a new connection, nil for a plain one, and
// whether it may go on unencrypted with a server that has no TLS.
func (t *TLS) config(network string) (cfg *tls.Config, optional bool) {
	socket := network == "unix"
	switch {
	case t.String() == string(TLSOff), socket && t.String() == string(TLSPreferred):
		return nil, false
	case t == nil:
		return &tls.Config{InsecureSkipVerify: true}, true
	}
	cfg = t.current()
	if socket {
		cfg.InsecureSkipVerify = true
	}
	return cfg, socket || t.mode == TLSPreferred
}

// current reads the files anew, and returns a copy of the caller's own.
func (t *TLS) current() *tls.Config {
	t.mu.Lock()
	defer t.mu.Unlock()
	cfg, err := t.files.read(t.mode)
	if err == nil {
		t.last = cfg
	} else if t.log != nil {
		t.log.Warn("Certificates not read; going on with the last ones", "err", err)
	}
	return t.last.Clone()
}
