package shard

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

const defaultPort = "3306"

// errAccountInAddress does not quote the address, which may hold a password.
var errAccountInAddress = fmt.Errorf("%w: it holds an @; accounts are configured apart from addresses", ErrAddress)

// parseAddress splits an address into what net.Dial wants. It is host:port,
// host with the port 3306, [v6]:port, a bare IPv6 address, or the absolute
// path of a unix socket. Errors are ErrAddress.
func parseAddress(address string) (network, dial string, err error) {
	switch {
	case address == "":
		return "", "", fmt.Errorf("%w: it is empty", ErrAddress)
	case address[0] == '/':
		return "unix", address, nil
	case strings.Contains(address, "@"):
		return "", "", errAccountInAddress
	}
	if host := unbracket(address); isIP(host) {
		return "tcp", net.JoinHostPort(host, defaultPort), nil
	}
	if !strings.Contains(address, ":") {
		address += ":" + defaultPort
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", "", fmt.Errorf("%w: %w", ErrAddress, err)
	}
	if host == "" || strings.ContainsAny(host, " \t\r\n/,=") {
		return "", "", fmt.Errorf("%w %q: no valid host", ErrAddress, address)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", "", fmt.Errorf("%w %q: no valid port", ErrAddress, address)
	}
	return "tcp", address, nil
}

// unbracket makes [v6] v6.
func unbracket(host string) string {
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		return host[1 : len(host)-1]
	}
	return host
}

// isIP reports whether host is an IP address. A zone may hold anything, even
// what looks like a port.
func isIP(host string) bool {
	_, err := netip.ParseAddr(host)
	return err == nil && !strings.Contains(host, "]")
}
