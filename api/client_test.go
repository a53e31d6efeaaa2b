package api

import (
	"context"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/kolide/databalancer/fault"
	"github.com/kolide/databalancer/proxy"
)

func TestClientOf(t *testing.T) {
	trusted := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, tt := range []struct {
		peer      string
		forwarded []string
		trusted   []netip.Prefix
		want      string
	}{
		{"192.0.2.7:1234", nil, nil, "192.0.2.7"},
		{"[::ffff:192.0.2.7]:1234", nil, nil, "192.0.2.7"},
		{"[2001:db8:1:2:3:4:5:6]:99", nil, nil, "2001:db8:1:2::/64"},
		{"[fe80::1%eth0]:99", nil, nil, "fe80::/64"},
		{"@", nil, trusted, "@"}, // a Unix socket's
		{"10.1.2.3:5", []string{"198.51.100.1"}, nil, "10.1.2.3"},
		{"192.0.2.7:1234", []string{"198.51.100.1"}, trusted, "192.0.2.7"}, // not from a proxy
		{"10.1.2.3:5", []string{"198.51.100.1"}, trusted, "198.51.100.1"},
		{"[fd00::1]:5", []string{"198.51.100.1:4711"}, trusted, "198.51.100.1"},
		{"10.1.2.3:5", []string{"[2001:db8::1]:4711"}, trusted, "2001:db8::/64"},
		{"10.1.2.3:5", []string{"1.1.1.1, 198.51.100.1, 10.9.9.9"}, trusted, "198.51.100.1"},
		{"10.1.2.3:5", []string{"1.1.1.1", "198.51.100.1", "10.9.9.9"}, trusted, "198.51.100.1"},
		{"10.1.2.3:5", []string{"198.51.100.1, unknown, 10.9.9.9"}, trusted, "10.9.9.9"},
		{"10.1.2.3:5", []string{"10.4.4.4, 10.9.9.9"}, trusted, "10.4.4.4"},
		{"10.1.2.3:5", []string{""}, trusted, "10.1.2.3"},
		{"10.1.2.3:5", nil, trusted, "10.1.2.3"},
	} {
		r := httptest.NewRequest("POST", "/api/query", nil)
		r.RemoteAddr = tt.peer
		r.Header["X-Forwarded-For"] = tt.forwarded
		a := &API{cfg: Config{TrustedProxies: tt.trusted}}
		if got := a.clientOf(r); got != tt.want {
			t.Errorf("%s for %q: %s, want %s", tt.peer, tt.forwarded, got, tt.want)
		}
	}
}

// TestQueriesHaveClients tells the proxy whose each query is.
func TestQueriesHaveClients(t *testing.T) {
	f := newFixture(t, func(cfg *Config) { cfg.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} })
	var asked []string
	f.proxy.query = func(_ context.Context, q proxy.Query, _ proxy.Sink) (proxy.Result, error) {
		asked = append(asked, q.Client)
		return proxy.Result{}, fault.New(fault.Busy, "as many run as may")
	}
	f.query(t, `{"query":"select 1"}`, "X-Forwarded-For", "192.0.2.7").expect(t, 429, "busy")
	f.do(t, "POST", "/api/explain", `{"query":"select 1","analyze":true}`, "X-Forwarded-For", "192.0.2.8").expect(t, 429, "busy")
	if len(asked) != 2 || asked[0] != "192.0.2.7" || asked[1] != "192.0.2.8" {
		t.Errorf("clients %q", asked)
	}
}
