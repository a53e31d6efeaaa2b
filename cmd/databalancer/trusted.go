package main

import (
	"fmt"
	"net/netip"
	"strings"
)

// completeProxies reads the networks of -trusted_proxies; an address stands for
// itself.
func (o *options) completeProxies() error {
	for item := range strings.SplitSeq(o.trustedProxies, ",") {
		item = strings.TrimSpace(item)
		if item == "" {
			continue
		}
		network, err := netip.ParsePrefix(item)
		if addr, bad := netip.ParseAddr(item); bad == nil {
			network, err = addr.Prefix(addr.BitLen())
		}
		if err != nil {
			return fmt.Errorf("-trusted_proxies: %q is no network such as 10.0.0.0/8", item)
		}
		o.proxies = append(o.proxies, network.Masked())
	}
	return nil
}
