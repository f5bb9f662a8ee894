package web

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// rawly sends a request as it is written, and gives the answer.
func rawly(t *testing.T, server *httptest.Server, lines ...string) (*http.Response, string) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute)) // a stream goes on
	fmt.Fprint(conn, strings.Join(lines, "\r\n")+"\r\nConnection: close\r\n\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", lines, err)
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp, string(text)
}

// TestOddRequests holds that nothing is told, and nothing done, where what stands in a request is odd: to nobody who is not known, whatever way he
// finds to write the path, the method, the cookie or the host.
func TestOddRequests(t *testing.T) {
	t.Parallel()
	s, server := staffed(t, Access{})
	host := "Host: " + server.Listener.Addr().String()
	name := s.cookieName(&http.Request{Host: server.Listener.Addr().String()})
	viewer := s.sessions.begin(visitor{Name: "bob", Role: Viewer}, digest{})
	gone := s.sessions.begin(visitor{Name: "ann", Role: Operator}, digest{})
	s.sessions.end(gone)
	for _, test := range []struct {
		line, header string
	}{
		{line: "GET /runs/"}, {line: "GET //runs"}, {line: "GET /./runs"}, {line: "GET /static/../runs"}, {line: "GET /static/%2e%2e/runs"}, {line: "GET /static/..%2fruns"},
		{line: "GET /static%2f..%2fruns"}, {line: "GET /%72uns"}, {line: "GET /runs;x"}, {line: "GET /runs%00"}, {line: "GET /RUNS"}, {line: "GET /runs/.."},
		{line: "GET /login/../runs"}, {line: "GET /healthz/../api/v1/runs"}, {line: "GET /api/v1/../../runs"}, {line: "GET /api/v1/runs/"}, {line: "GET /api//v1/runs"}, {line: "GET /api/v1"},
		{line: "GET http://" + server.Listener.Addr().String() + "/runs"}, {line: "GET /" + strings.Repeat("a", 40<<10)}, {line: "GET /static/" + strings.Repeat("../", 1000) + "etc/passwd"},
		{line: "HEAD /runs"}, {line: "HEAD /live"}, {line: "HEAD /api/v1/events"}, {line: "OPTIONS /runs"}, {line: "OPTIONS *"}, {line: "TRACE /runs"}, {line: "CONNECT /runs"}, {line: "PUT /runs"},
		{line: "DELETE /api/v1/runs/a"}, {line: "get /runs"}, {line: "POST /runs"}, {line: "GET /live"}, {line: "GET /runs/a/live"}, {line: "GET /api/v1/events"},
		{line: "POST /jobs/a/run", header: "X-HTTP-Method-Override: GET"}, {line: "GET /jobs/a/run?_method=POST", header: "X-HTTP-Method-Override: POST"},
		{line: "GET /runs", header: "Cookie: " + name + "=" + gone}, {line: "GET /runs", header: "Cookie: " + name + "=; " + name + "=x; " + name + "=" + gone},
		{line: "GET /runs", header: "Cookie: snrun=" + viewer}, {line: "GET /runs", header: "Cookie: __Host-snrun=" + viewer}, {line: "GET /runs", header: "Cookie: " + strings.ToUpper(name) + "=" + viewer},
		{line: "GET /runs", header: "Cookie: " + name + "=\"" + viewer[1:] + "\""}, {line: "GET /runs", header: "Authorization: Bearer " + viewer}, {line: "GET /runs", header: "Authorization: Bearer " + annsPassword},
		{line: "GET /api/v1/runs", header: "Authorization: Bearer " + viewer}, {line: "GET /api/v1/runs", header: "Authorization: Bearer"}, {line: "GET /api/v1/runs", header: "Authorization: Basic Og=="},
		{line: "GET /api/v1/runs?access_token=" + viewer + "&key=" + viewer}, {line: "GET /api/v1/runs", header: "X-Forwarded-User: ann\r\nX-Forwarded-For: 127.0.0.1\r\nX-Real-IP: 127.0.0.1\r\nForwarded: for=127.0.0.1"},
		{line: "GET /runs", header: "X-Original-URL: /login\r\nX-Rewrite-URL: /login\r\nX-Forwarded-Host: localhost"},
	} {
		resp, text := rawly(t, server, test.line+" HTTP/1.1", host, "X-Test: 1", orHeader(test.header))
		known := resp.StatusCode < 300 && test.line != "OPTIONS *"
		if known || strings.Contains(text, "Sign out") || len(resp.Cookies()) > 0 {
			t.Errorf("%.80s with %.80q gives %s:\n%.300s", test.line, test.header, resp.Status, text)
		}
		if to := resp.Header.Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("%.80s leads to %s", test.line, to)
		}
	}
	for _, header := range []string{ // of one who may look
		"Sec-Fetch-Site: cross-site", "Sec-Fetch-Site: same-site", "Sec-Fetch-Site: nonsense", "Origin: null", "Origin: http://evil.example.com", "Sec-Fetch-Site: cross-site\r\nX-HTTP-Method-Override: GET",
		"Origin: http://" + server.Listener.Addr().String() + ".example.com", "Origin: http://localhost:1",
	} {
		for _, path := range []string{loginPath, "/leave", "/runs/bulk", "/jobs/a/run", apiPath + "/jobs/a/run"} {
			resp, text := rawly(t, server, "POST "+path+" HTTP/1.1", host, "Cookie: "+name+"="+viewer, "Content-Length: 0", header)
			if resp.StatusCode != http.StatusForbidden || len(resp.Cookies()) > 0 || s.sessions.of(viewer) == nil || strings.Contains(text, "who may look") {
				t.Errorf("POST %s with %q gives %s:\n%.300s", path, header, resp.Status, text)
			}
		}
	}
	port := host[strings.LastIndex(host, ":"):] // which is in the cookie's name
	for _, lines := range [][]string{
		{"GET /runs HTTP/1.1", host, "Host: evil.example.com"}, {"GET /runs HTTP/1.1", "X: y"}, {"GET http://evil.example.com" + port + "/runs HTTP/1.1", host}, {"GET /runs HTTP/1.1", "Host: evil.example.com" + port}, {"GET /runs HTTP/1.1", "Host: evil.example.com@127.0.0.1"},
		{"POST /login HTTP/1.1", host, "Content-Length: 5", "Transfer-Encoding: identity"}, {"POST /login HTTP/1.1", host, "Content-Length: 5", "Content-Length: 6"}, {"GET /runs HTTP/1.1", host, "Cookie : " + name + "=" + viewer},
	} {
		resp, text := rawly(t, server, append(lines, "Cookie: "+name+"="+viewer)...)
		if resp.StatusCode < 400 || strings.Contains(text, "Sign out") {
			t.Errorf("%q gives %s:\n%.300s", lines, resp.Status, text)
		}
	}
	if resp, text := rawly(t, server, "GET /runs HTTP/1.1", host, "Cookie: "+name+"=x; "+name+"="+viewer); resp.StatusCode != 200 || !strings.Contains(text, "Sign out") {
		t.Errorf("a cookie of a neighbour keeps somebody out: %s", resp.Status)
	}
}

// orHeader is a header, or one that says nothing.
func orHeader(header string) string {
	if header == "" {
		return "X-None: 1"
	}
	return header
}
