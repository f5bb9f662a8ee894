package web

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"snrun/jobs"
)

// Access says by which ways a Site is reached. The zero value is a loopback address that nothing stands before.
type Access struct {
	Public   bool     // others than the users of this machine reach the address
	TLS      bool     // connections are encrypted
	Hosts    []string // names, and addresses, that it is reached by, beside those of loopback and of the connection itself
	External *url.URL // what is reached in its place, where a proxy stands before it; nil for none
}

// encrypted says whether what browsers send is encrypted on the whole way, or at least up to the proxy.
func (a Access) encrypted() bool { return a.TLS || a.External != nil && a.External.Scheme == "https" }

// confined says whether only the users of this machine reach the address.
func (a Access) confined() bool { return !a.Public && a.External == nil }

// Address gives what stands before the path of a page, as http://127.0.0.1:7070, for a Site that listens at HOST:PORT.
func (a Access) Address(listening string) string {
	if a.External != nil {
		return a.External.Scheme + "://" + a.External.Host
	}
	host, port := splitHost(listening)
	if ip, err := netip.ParseAddr(host); (err == nil && ip.IsUnspecified() || host == "") && len(a.Hosts) > 0 {
		host = a.Hosts[0]
	} else if err == nil && ip.IsUnspecified() || host == "" {
		host = "127.0.0.1"
	}
	scheme := "http"
	if a.TLS {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}

// answersTo says whether a request is for one of the names of this site. A page elsewhere can give its own name this address, and then takes
// what is here for its own: such a request has that name. Ports do not matter for that, and are others where a tunnel leads here.
func (a Access) answersTo(r *http.Request) bool {
	host, _ := splitHost(r.Host)
	if jobs.IsLoopback(host) || slices.ContainsFunc(a.Hosts, func(name string) bool { return strings.EqualFold(name, host) }) {
		return true
	}
	if a.External != nil && strings.EqualFold(host, a.External.Hostname()) {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip == localAddress(r)
}

// localAddress is the address that a connection was made to: as nobody can give it a name of his own, it is one of ours.
func localAddress(r *http.Request) netip.Addr {
	at, is := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	if !is {
		return netip.Addr{}
	}
	return at.AddrPort().Addr().Unmap().WithZone("")
}

// origin is the address that a request comes from. What a proxy says of it counts where one is known to stand before: the last entry is that
// proxy's own, and those before it anybody can write.
func (a Access) origin(r *http.Request) string {
	host, _ := splitHost(r.RemoteAddr)
	if a.External == nil {
		return host
	}
	entries := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	said, _ := splitHost(strings.TrimSpace(entries[len(entries)-1]))
	if ip, err := netip.ParseAddr(said); err == nil {
		return ip.Unmap().WithZone("").String()
	}
	return host
}

// splitHost gives the host and the port of HOST:PORT, the host alone where there is no port, in lower case and without brackets.
func splitHost(address string) (host, port string) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		host, port = address, ""
	}
	return strings.ToLower(strings.Trim(host, "[]")), port
}
