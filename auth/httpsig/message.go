package httpsig

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// Message is what a signature may cover of a request or a response, as it is on the wire.
type Message struct {
	Method string
	Scheme string // http or https
	Host   string // the field Host, or :authority
	Target string // the request target: in origin form as a rule
	Header http.Header

	Status  int      // of a response; 0 for a request
	Request *Message // that a response answers, where it is known
}

// Incoming is a request as a server of net/http received it.
func Incoming(req *http.Request) Message {
	m := Message{Method: req.Method, Scheme: "http", Host: req.Host, Target: req.RequestURI, Header: req.Header}
	if req.TLS != nil {
		m.Scheme = "https"
	}
	return m
}

// Outgoing is a request as a client of net/http will send it, once its Host is set to the one that this gives: in lower case, without
// the scheme's default port. That names the same host, and leaves no two readings of what was signed.
//
// The fields that the transport adds by itself and cannot be told in time (Accept-Encoding, User-Agent and Transfer-Encoding)
// are only there where the request names them; the last one never.
func Outgoing(req *http.Request) (Message, error) {
	host := req.Host
	if host == "" {
		host = req.URL.Host
	}
	host, err := httpguts.PunycodeHostPort(host)
	switch {
	case err != nil || !httpguts.ValidHostHeader(host) || host == "":
		return Message{}, errors.New("the request has no usable host")
	case req.URL.Opaque != "":
		return Message{}, errors.New("the request's URL has no path")
	}
	m := Message{
		Method: req.Method, Scheme: strings.ToLower(req.URL.Scheme), Target: req.URL.RequestURI(),
		Host: authority(req.URL.Scheme, withoutZone(host)), Header: req.Header.Clone(),
	}
	if m.Method == "" {
		m.Method = http.MethodGet
	}
	if m.Header == nil {
		m.Header = http.Header{}
	}
	for _, name := range []string{"Host", "Content-Length", "Transfer-Encoding", "Trailer"} {
		m.Header.Del(name) // the transport writes its own
	}
	if length, sent := contentLength(req); sent {
		m.Header.Set("Content-Length", strconv.FormatInt(length, 10))
	}
	if agents := m.Header["User-Agent"]; len(agents) > 0 {
		m.Header["User-Agent"] = agents[:1] // the transport sends one of them
		if agents[0] == "" {
			m.Header.Del("User-Agent")
		}
	}
	return m, nil
}

// contentLength says which Content-Length the transport will send, if any.
func contentLength(req *http.Request) (length int64, sent bool) {
	if req.Body != nil && req.Body != http.NoBody {
		return req.ContentLength, req.ContentLength > 0
	}
	return 0, req.Method == http.MethodPost || req.Method == http.MethodPut || req.Method == http.MethodPatch
}

// withoutZone is a host without the zone of an IPv6 address, which means nothing elsewhere.
func withoutZone(host string) string {
	end := strings.LastIndexByte(host, ']')
	if zone := strings.IndexByte(host, '%'); strings.HasPrefix(host, "[") && zone > 0 && end > zone {
		return host[:zone] + host[end:]
	}
	return host
}

// authority is a host as RFC 9110 §4.2.3 compares it: in lower case, without the default port.
func authority(scheme, host string) string {
	host = strings.ToLower(host)
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host
	}
	if port != "" && (strings.EqualFold(scheme, "https") && port != "443" || strings.EqualFold(scheme, "http") && port != "80") {
		return host
	}
	if strings.Contains(name, ":") {
		return "[" + name + "]"
	}
	return name
}

// split gives the path of the target and, with its question mark, the query. Neither is decoded.
func (m Message) split() (path, query string, err error) {
	rest := m.Target
	if !strings.HasPrefix(rest, "/") {
		_, after, absolute := strings.Cut(rest, "://")
		if !absolute {
			return "", "", fmt.Errorf("the request target %q names no path", m.Target)
		}
		rest = ""
		if at := strings.IndexAny(after, "/?"); at >= 0 {
			rest = after[at:]
		}
	}
	path, query, found := strings.Cut(rest, "?")
	if path == "" {
		path = "/"
	}
	if found {
		query = "?" + query
	}
	return path, query, nil
}
