package api

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientOf returns whose request it is, as a key by which clients take turns:
// the address of the peer. Where that is a trusted proxy it is the right-most
// address of X-Forwarded-For that is none, since whatever stands before it the
// client itself may have written. Of an IPv6 address only the first 64 bits
// count, as one client may have all the others.
func (a *API) clientOf(r *http.Request) string {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	client := peer.Addr().Unmap()
	if len(a.cfg.TrustedProxies) == 0 {
		return clientKey(client)
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !a.trusts(client) {
			break
		}
		addr, err := parseHop(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		client = addr.Unmap()
	}
	return clientKey(client)
}

// trusts reports whether an address is that of a trusted proxy.
func (a *API) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(a.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(addr.WithZone("")) })
}

// parseHop reads an address as proxies write it, some with a port.
func parseHop(hop string) (netip.Addr, error) {
	if addr, err := netip.ParseAddr(strings.Trim(hop, "[]")); err == nil {
		return addr, nil
	}
	withPort, err := netip.ParseAddrPort(hop)
	return withPort.Addr(), err
}

func clientKey(addr netip.Addr) string {
	if addr.Is6() {
		if net, err := addr.WithZone("").Prefix(64); err == nil {
			return net.String()
		}
	}
	return addr.String()
}
