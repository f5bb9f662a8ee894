package web

import (
	"cmp"
	"compress/gzip"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/auth"
	"snrun/auth/store/postgres/postgrestest"
	"snrun/engine/daemon"
	"snrun/history"
	"snrun/history/review"
)

// visit gives a browser that has signed in to a site by a link, and does not follow where it is led.
func visit(t testing.TB, s *Site, server *httptest.Server, role Role) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &http.Client{Transport: server.Client().Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := c.Get(server.URL + s.Links.New(role, strings.ToLower(string(role))+"-ann"))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther {
		t.Fatalf("signing in by a link gives %s", resp.Status)
	}
	return c
}

// newSite gives a site over an empty history, of a daemon that does not run.
func newSite(t *testing.T, access Access) *Site {
	t.Helper()
	store, err := history.Open(postgrestest.Somewhere(t), history.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	redactor := auth.NewRedactor()
	d := daemon.New(daemon.Config{Store: store, Redactor: redactor, Log: slog.New(slog.DiscardHandler)})
	return New(Config{Store: store, Daemon: d, Redactor: redactor, Log: d.Log, Commands: review.Commands{Program: "snrun"}, Version: "0", Access: access})
}

// asked is a request of a test: what is not said is as a program has it that is on the same machine.
type asked struct {
	method, path string
	host         string
	header       map[string]string
	form         url.Values
	body         io.Reader
}

// send makes a request, and gives the answer with its body.
func send(t testing.TB, c *http.Client, server *httptest.Server, q asked) (*http.Response, string) {
	t.Helper()
	body := q.body
	if q.form != nil {
		body = strings.NewReader(q.form.Encode())
	}
	req, err := http.NewRequest(cmp.Or(q.method, http.MethodGet), server.URL+q.path, body)
	if err != nil {
		t.Fatal(err)
	}
	if q.form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	req.Host = q.host
	for name, value := range q.header {
		req.Header.Set(name, value)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(text)
}

// stranger is a browser that has signed in nowhere, and does not follow where it is led.
func stranger() *http.Client {
	jar, _ := cookiejar.New(nil)
	return &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// pathOf is a path that a route serves, about nothing that there is.
func pathOf(pattern string) (method, path string) {
	method, path, is := strings.Cut(pattern, " ")
	if !is {
		method, path = http.MethodGet, pattern
	}
	return method, regexp.MustCompile(`\{[a-z]+\}`).ReplaceAllString(strings.ReplaceAll(path, "{$}", ""), "none")
}

// TestRoles asks for all that is served as nobody, as a viewer and as an operator: only those come in whom the table of routes lets in.
func TestRoles(t *testing.T) {
	t.Parallel()
	for _, access := range []Access{{}, {Public: true}} {
		h := newHouse(t, map[string]string{"jobs/a.yaml": "steps: [{log: a}]\n"}, houseOptions{change: func(c *Config) { c.Access = access }})
		visitors := map[Role]*http.Client{"": stranger(), Viewer: visit(t, h.site, h.server, Viewer), Operator: h.browser}
		may := map[Role][]Role{
			Anybody: {"", Viewer, Operator}, Neighbour: {"", Viewer, Operator}, Viewer: {Viewer, Operator}, Operator: {Operator},
		}
		if access.Public {
			may[Neighbour] = may[Viewer]
		}
		for _, to := range routes() {
			if may[to.role] == nil {
				t.Errorf("%s is for %q, who is nobody", to.pattern, to.role)
			}
			if to.pattern == "POST /leave" || strings.HasSuffix(to.pattern, "/live") || strings.HasSuffix(to.pattern, "/events") {
				continue // it signs out; it does not end
			}
			method, path := pathOf(to.pattern)
			for role, c := range visitors {
				resp, text := send(t, c, h.server, asked{method: method, path: path})
				comes := resp.StatusCode != http.StatusUnauthorized && resp.StatusCode != http.StatusForbidden
				if to.pattern == "POST "+loginPath || to.pattern == "GET "+enterPath {
					comes = true // 401 is for what was not given
				}
				if want := slices.Contains(may[to.role], role); comes != want {
					t.Errorf("%+v: %s as %q gives %s, want that it is let in: %v", access, to.pattern, role, resp.Status, want)
				}
				if !comes && (strings.Contains(path, apiPath) || path == metricsPath) != strings.Contains(resp.Header.Get("Content-Type"), "application/problem+json") {
					t.Errorf("%s as %q is told %s", to.pattern, role, text)
				}
				if role == "" && !comes && resp.StatusCode != http.StatusUnauthorized {
					t.Errorf("%s as nobody gives %s, want 401", to.pattern, resp.Status)
				}
			}
		}
	}
}

// TestRefusalIsOnRecord holds that a viewer who wants to act is on record.
func TestRefusalIsOnRecord(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	resp, text := send(t, visit(t, s, server, Viewer), server, asked{method: http.MethodPost, path: "/runs/01ABC/resume"})
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(text, "viewer-ann is a viewer") {
		t.Errorf("got %s %s", resp.Status, text)
	}
	rows, err := s.Store.Audits(history.AuditFilter{}, 0)
	if err != nil || len(rows) != 2 {
		t.Fatalf("%+v, %v, want two rows", rows, err)
	}
	if r := rows[0]; r.Who != "viewer-ann" || r.Action != "resume" || r.Subject != "run:01ABC" || r.Outcome != history.AuditRefused || r.Origin != "127.0.0.1" {
		t.Errorf("got %+v", r)
	}
	if r := rows[1]; r.Action != "sign_in" || r.Detail != "by a link" || r.Outcome != history.AuditDone {
		t.Errorf("got %+v", r)
	}
}

// TestRefusalsAreBounded holds that who tries over and over what he may not does not fill the audit, and does not hide what others try.
func TestRefusalsAreBounded(t *testing.T) {
	t.Parallel()
	s, server := staffed(t, Access{})
	s.Admit([]Person{NewPerson("ann", Viewer, annsPassword), NewPerson("bob", Viewer, bobsPassword)})
	refused := func(who string) int {
		rows, err := s.Store.Audits(history.AuditFilter{Who: who, Limit: 1000}, 0)
		if err != nil {
			t.Fatal(err)
		}
		return len(rows)
	}
	try := func(password string) {
		header := map[string]string{"Authorization": "Bearer " + password}
		if resp, text := send(t, stranger(), server, asked{method: http.MethodPost, path: "/api/v1/runs/01ABC/resume", header: header}); resp.StatusCode != http.StatusForbidden {
			t.Fatalf("got %s %s", resp.Status, text)
		}
	}
	for range refusedOfOne + 5 {
		try(bobsPassword)
	}
	try(annsPassword)
	if bob, ann := refused("bob"), refused("ann"); bob != refusedOfOne || ann != 1 {
		t.Errorf("there are %d rows of one, and %d of the other", bob, ann)
	}
}

// TestRefusalsComeBack holds that one who was not let do something too often is put on record again later, and that not all names are kept.
func TestRefusalsComeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var f refusals
		count := func(tries int) (rows int) {
			for range tries {
				if f.count("bob") {
					rows++
				}
			}
			return rows
		}
		if n := count(2 * refusedOfOne); n != refusedOfOne {
			t.Errorf("%d are put on record", n)
		}
		time.Sleep(2 * restOfRows)
		if n := count(2 * refusedOfOne); n != 2 {
			t.Errorf("%d are put on record two minutes later", n)
		}
		for i := range 2 * maxRefused {
			f.count(strconv.Itoa(i))
		}
		if len(f.people) > maxRefused {
			t.Errorf("%d names are kept", len(f.people))
		}
	})
}

// TestHosts holds that requests for other names are refused, as those are of a page whose name was made to lead here.
func TestHosts(t *testing.T) {
	t.Parallel()
	external, _ := url.Parse("https://snrun.example.com")
	for _, test := range []struct {
		access Access
		host   string
		want   int
	}{
		{Access{}, "", 401}, {Access{}, "localhost:7070", 401}, {Access{}, "[::1]", 401}, {Access{}, "LOCALHOST", 401}, {Access{}, "127.8.8.8:1", 401},
		{Access{}, "evil.example.com", 421}, {Access{}, "evil.example.com:7070", 421}, {Access{}, "127.0.0.1.example.com", 421}, {Access{}, "10.0.0.1:7070", 421},
		{Access{}, "localhost.example.com", 421}, {Access{}, "localhost.", 421}, {Access{}, "0.0.0.0:7070", 421}, {Access{}, "snrun.example.com", 421},
		{Access{Hosts: []string{"snrun.example.com"}}, "snrun.example.com:7070", 401}, {Access{Hosts: []string{"snrun.example.com"}}, "SNRUN.example.com", 401},
		{Access{Hosts: []string{"snrun.example.com"}}, "x.snrun.example.com", 421}, {Access{Hosts: []string{"snrun.example.com"}}, "snrun.example.com.", 421},
		{Access{External: external}, "snrun.example.com", 401}, {Access{External: external}, "other.example.com", 421},
	} {
		s := newSite(t, test.access)
		server := httptest.NewServer(s)
		resp, _ := send(t, stranger(), server, asked{path: "/runs", host: test.host})
		if resp.StatusCode != test.want {
			t.Errorf("%+v: %q gives %s, want %d", test.access, test.host, resp.Status, test.want)
		}
		for _, path := range []string{healthPath, readyPath} { // a load balancer may ask by any name
			if resp, _ := send(t, stranger(), server, asked{path: path, host: test.host}); resp.StatusCode == http.StatusMisdirectedRequest {
				t.Errorf("%s for %q gives %s", path, test.host, resp.Status)
			}
		}
		server.Close()
	}
}

// TestOtherSites holds that no other site has the browser of somebody who is signed in do anything.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	external, _ := url.Parse("https://snrun.example.com")
	for _, test := range []struct {
		name   string
		access Access
		header map[string]string
		want   int
	}{
		{"a form of ours", Access{}, map[string]string{"Sec-Fetch-Site": "same-origin", "Origin": "http://HOST"}, 404},
		{"a program", Access{}, nil, 404},
		{"another site", Access{}, map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}, 403},
		{"another port of this machine", Access{}, map[string]string{"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, 403},
		{"an older browser at another site", Access{}, map[string]string{"Origin": "https://evil.example.com"}, 403},
		{"an older browser at a site without a name", Access{}, map[string]string{"Origin": "null"}, 403},
		{"an older browser here", Access{}, map[string]string{"Origin": "http://HOST"}, 404},
		{"an older browser, through a proxy", Access{External: external}, map[string]string{"Origin": "https://snrun.example.com"}, 404},
		{"another site, through a proxy", Access{External: external}, map[string]string{"Origin": "https://evil.example.com"}, 403},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, test.access)
			server := httptest.NewServer(s)
			defer server.Close()
			key := s.sessions.begin(visitor{Name: "ann", Role: Operator}, digest{})
			header := map[string]string{"Cookie": s.cookieName(&http.Request{Host: server.Listener.Addr().String()}) + "=" + key}
			for name, value := range test.header {
				header[name] = strings.ReplaceAll(value, "HOST", server.Listener.Addr().String())
			}
			resp, _ := send(t, stranger(), server, asked{method: http.MethodPost, path: "/runs/none/cancel", header: header, form: url.Values{}})
			if resp.StatusCode != test.want {
				t.Errorf("got %s, want %d", resp.Status, test.want)
			}
		})
	}
}

// TestHeaders holds what every answer has, also one that refuses.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{TLS: true, Hosts: []string{"snrun.example.com"}})
	server := httptest.NewServer(s)
	defer server.Close()
	for path, want := range map[string]int{
		"/login": 200, "/runs": 401, "/nowhere": 404, "/static/style.css": 200, "/static/none": 404, healthPath: 503, "/enter?key=x": 401, apiPath + "/runs": 0,
	} {
		resp, _ := send(t, stranger(), server, asked{path: path, host: "snrun.example.com"})
		if want > 0 && resp.StatusCode != want {
			t.Errorf("%s gives %s, want %d", path, resp.Status, want)
		}
		for name, want := range map[string]string{
			"Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
			"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "max-age=2592000",
		} {
			if got := resp.Header.Get(name); got != want {
				t.Errorf("%s has %s: %q, want %q", path, name, got, want)
			}
		}
		if got, want := resp.Header.Get("Cache-Control"), map[bool]string{true: "no-cache", false: "no-store"}[strings.HasPrefix(path, "/static/") && resp.StatusCode == 200]; got != want {
			t.Errorf("%s has Cache-Control: %q, want %q", path, got, want)
		}
	}
	if resp, _ := send(t, stranger(), server, asked{path: "/login", host: "127.0.0.1"}); resp.Header.Get("Strict-Transport-Security") != "" {
		t.Error("a browser is to encrypt what it sends to all ports of this machine")
	}
}

// TestStatic holds that nothing but the files of the pages is served, and that they are not sent again where they have not changed.
func TestStatic(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	for _, path := range []string{
		"/static/", "/static/..%2froutes.go", "/static/%2e%2e/pages/layout.html", "/static/..", "/static/../pages/layout.html", "/static/%2fetc%2fpasswd", "/static/x%00",
		"//evil.example.com/%2e%2e", "/static/style.css/..", "/static/..\\routes.go",
	} {
		resp, text := send(t, stranger(), server, asked{path: path})
		if to := resp.Header.Get("Location"); resp.StatusCode == http.StatusOK || strings.HasPrefix(to, "//") || strings.Contains(to, "://") || strings.Contains(text, "{{") {
			t.Errorf("%s gives %s, %q: %s", path, resp.Status, to, text)
		}
	}
	resp, _ := send(t, stranger(), server, asked{path: "/static/style.css"})
	tag := resp.Header.Get("ETag")
	if resp, _ = send(t, stranger(), server, asked{path: "/static/style.css", header: map[string]string{"If-None-Match": tag}}); tag == "" || resp.StatusCode != http.StatusNotModified {
		t.Errorf("the style with the tag %q gives %s", tag, resp.Status)
	}
}

// TestLargeBodies holds that a request brings no more than any that is meant.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	s.Admit([]Person{NewPerson("ann", Operator, "0123456789abcdef")})
	server := httptest.NewServer(s)
	defer server.Close()
	large := url.Values{"name": {"ann"}, "password": {strings.Repeat("x", 2*maxBody)}}
	if resp, text := send(t, stranger(), server, asked{method: http.MethodPost, path: "/login", form: large}); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a long password gives %s: %s", resp.Status, text)
	}
	operator := visit(t, s, server, Operator)
	if resp, text := send(t, operator, server, asked{method: http.MethodPost, path: "/runs/bulk", form: large}); resp.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("a long form gives %s: %s", resp.Status, text)
	}
}

// TestCompressed holds that texts go out smaller to those who take that, and are the same.
func TestCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	plain := &http.Client{Transport: &http.Transport{DisableCompression: true}}
	_, want := send(t, plain, server, asked{path: "/static/style.css"})
	for takes, zipped := range map[string]bool{"gzip": true, "br, gzip;q=0.5": true, "gzip;q=0": false, "": false, "br": false} {
		resp, got := send(t, plain, server, asked{path: "/static/style.css", header: map[string]string{"Accept-Encoding": takes}})
		if (resp.Header.Get("Content-Encoding") == "gzip") != zipped {
			t.Errorf("%q gives %v", takes, resp.Header)
		}
		if zipped {
			z, err := gzip.NewReader(strings.NewReader(got))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(z)
			if got = string(text); err != nil || resp.ContentLength >= int64(len(want)) {
				t.Errorf("%q: %v, %d bytes of %d", takes, err, resp.ContentLength, len(want))
			}
		}
		if got != want {
			t.Errorf("%q gives %d bytes, want %d", takes, len(got), len(want))
		}
	}
	if resp, _ := send(t, plain, server, asked{path: "/static/icon.svg", header: map[string]string{"Accept-Encoding": "gzip", "Range": "bytes=0-9"}}); resp.Header.Get("Content-Encoding") != "" {
		t.Errorf("a part of a file is compressed: %v", resp.Header)
	}
}

// TestRefusalNamesTheJob holds that a refusal is on record under the job's own name, whatever stands in that.
func TestRefusalNamesTheJob(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	viewer, name := visit(t, s, server, Viewer), "in/100% ä"
	for _, at := range []string{"", apiPath} {
		send(t, viewer, server, asked{method: http.MethodPost, path: at + path("jobs", name, "pause")})
		rows, err := s.Store.Audits(history.AuditFilter{Limit: 1}, 0)
		if err != nil || len(rows) != 1 {
			t.Fatalf("%+v, %v, want a row", rows, err)
		}
		if r := rows[0]; r.Action != "pause" || r.Subject != "job:"+name {
			t.Errorf("below %q: got %+v", at, r)
		}
	}
}
