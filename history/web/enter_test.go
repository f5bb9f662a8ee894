package web

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"snrun/history"
)

const (
	annsPassword = "ann's password of a test"
	bobsPassword = "bob's password of a test"
)

// staffed gives a site that two people may come to with their passwords.
func staffed(t *testing.T, access Access) (*Site, *httptest.Server) {
	t.Helper()
	s := newSite(t, access)
	s.Admit([]Person{NewPerson("ann", Operator, annsPassword), NewPerson("bob", Viewer, bobsPassword)})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, server
}

func loginForm(name, password, to string) url.Values {
	return url.Values{"name": {name}, "password": {password}, "to": {to}}
}

// TestLink holds that a link lets one person in, once, and that looking where it leads uses nothing up.
func TestLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, Access{})
	server := httptest.NewServer(s)
	defer server.Close()
	path := s.Links.New(Operator, "ann")
	c := stranger()
	for i, want := range []struct {
		method, path string
		status       int
	}{
		{"HEAD", path, 405}, {"GET", path + "x", 401}, {"GET", "/enter", 401}, {"GET", "/login", 200}, {"GET", path, 303}, {"GET", path, 401}, {"GET", "/login", 303},
	} {
		resp, text := send(t, c, server, asked{method: want.method, path: want.path})
		if resp.StatusCode != want.status {
			t.Errorf("%d: %s %.10s gives %s, want %d: %s", i, want.method, want.path, resp.Status, want.status, text)
		}
		if key := strings.TrimPrefix(path, "/enter?key="); strings.Contains(text, key) || strings.Contains(resp.Header.Get("Location"), key) {
			t.Errorf("%d: the key shows", i)
		}
	}
	if resp, text := send(t, stranger(), server, asked{path: path}); resp.StatusCode != http.StatusUnauthorized || !strings.Contains(text, "snrun ui") {
		t.Errorf("a link that was used gives %s: %s", resp.Status, text)
	}
}

// TestLinkLife holds that a link is good for ten minutes, and that there are not too many at once.
func TestLinkLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var l Links
		keyOf := func(path string) string { return strings.TrimPrefix(path, "/enter?key=") }
		early, late := keyOf(l.New(Viewer, "ann")), keyOf(l.New(Operator, "bob"))
		if len(early) != 43 || early == late {
			t.Errorf("%q and %q are no keys of 256 bits", early, late)
		}
		time.Sleep(linkLife - time.Second)
		if v, fits := l.take(early); !fits || v.Name != "ann" || v.Role != Viewer {
			t.Errorf("got %+v, %v", v, fits)
		}
		time.Sleep(time.Second)
		if _, fits := l.take(late); fits {
			t.Error("a link of ten minutes ago lets somebody in")
		}
		first := keyOf(l.New(Viewer, "ann"))
		time.Sleep(time.Second)
		var last string
		for range maxLinks {
			last = keyOf(l.New(Viewer, "ann"))
		}
		if _, fits := l.take(first); fits || len(l.keys) != maxLinks {
			t.Errorf("there are %d links, and the oldest: %v", len(l.keys), fits)
		}
		if _, fits := l.take(last); !fits {
			t.Error("the newest link is gone")
		}
	})
}

// TestSessionLife holds when a session ends: a while after it was used last, a week after it began, and when there are too many.
func TestSessionLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var s sessions
		idle, used := s.begin(visitor{Name: "ann"}, digest{}), s.begin(visitor{Name: "bob"}, digest{})
		over := s.of(idle).over
		for range 14 {
			time.Sleep(idleLife - time.Second)
			if s.of(used) == nil {
				t.Fatalf("a session that is used has ended after %s", sessionLife)
			}
		}
		if s.of(idle) != nil || over.Err() == nil {
			t.Error("a session that was not used goes on")
		}
		time.Sleep(time.Minute)
		if s.of(used) != nil {
			t.Error("a session of more than a week goes on")
		}
		first := s.begin(visitor{Name: "ann"}, digest{})
		other := s.begin(visitor{Name: "bob"}, digest{})
		time.Sleep(time.Second)
		for range maxOfOne {
			s.begin(visitor{Name: "ann"}, digest{})
		}
		if s.of(first) != nil || s.of(other) == nil {
			t.Error("many sessions of one take the place of another's")
		}
		for i := range 2 * maxSessions {
			s.begin(visitor{Name: strconv.Itoa(i)}, digest{})
		}
		if len(s.keys) != maxSessions {
			t.Errorf("there are %d sessions", len(s.keys))
		}
	})
}

// TestCookie holds what the cookie of a session is like, and that a key that somebody gave the browser beforehand is worth nothing.
func TestCookie(t *testing.T) {
	t.Parallel()
	secure, _ := url.Parse("https://snrun.example.com")
	tunnel, _ := url.Parse("http://localhost:8080")
	for _, test := range []struct {
		name   string
		access Access
		secure bool
		cookie string // "" for one with the port
	}{
		{"loopback", Access{}, false, ""}, {"TLS", Access{TLS: true}, true, "__Host-snrun"}, {"a proxy", Access{External: secure}, true, "__Host-snrun"},
		{"a proxy on this machine", Access{External: tunnel}, false, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, server := staffed(t, test.access)
			_, port := splitHost(server.Listener.Addr().String())
			name := test.cookie
			if name == "" {
				name = "snrun-" + port
			}
			planted := strings.Repeat("A", 43)
			for _, way := range []asked{
				{path: s.Links.New(Operator, "ann"), header: map[string]string{"Cookie": name + "=" + planted}},
				{method: "POST", path: "/login", form: loginForm("ann", annsPassword, ""), header: map[string]string{"Cookie": name + "=" + planted}},
			} {
				resp, text := send(t, stranger(), server, way)
				if resp.StatusCode != http.StatusSeeOther || len(resp.Cookies()) != 1 {
					t.Fatalf("got %s with %v: %s", resp.Status, resp.Cookies(), text)
				}
				c := resp.Cookies()[0]
				if c.Name != name || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure != test.secure || c.MaxAge != 0 {
					t.Errorf("got %s", resp.Header.Get("Set-Cookie"))
				}
				if c.Value == planted || len(c.Value) != 43 || s.sessions.of(planted) != nil || s.sessions.of(c.Value) == nil {
					t.Errorf("the session has the key %s", c.Value)
				}
			}
		})
	}
}

// TestLeave holds that who signs out, signs in anew, or is not among those who may come in any more, has no session.
func TestLeave(t *testing.T) {
	t.Parallel()
	s, server := staffed(t, Access{})
	in := func(name, password string) *http.Client {
		c := stranger()
		if resp, text := send(t, c, server, asked{method: "POST", path: "/login", form: loginForm(name, password, "/jobs?x=1")}); resp.StatusCode != 303 || resp.Header.Get("Location") != "/jobs?x=1" {
			t.Fatalf("signing in gives %s, %s: %s", resp.Status, resp.Header.Get("Location"), text)
		}
		return c
	}
	signedIn := func(c *http.Client) bool {
		resp, _ := send(t, c, server, asked{path: "/login"})
		return resp.StatusCode == http.StatusSeeOther
	}
	ann, bob, guest := in("ann", annsPassword), in("bob", bobsPassword), visit(t, s, server, Viewer)
	sessionsBefore := len(s.sessions.keys)
	if resp, _ := send(t, ann, server, asked{method: "POST", path: "/login", form: loginForm("ann", annsPassword, "")}); resp.StatusCode != 303 || len(s.sessions.keys) != sessionsBefore {
		t.Errorf("signing in again gives %s, and %d sessions", resp.Status, len(s.sessions.keys))
	}
	if resp, _ := send(t, bob, server, asked{method: "POST", path: "/leave", form: url.Values{}}); resp.StatusCode != 303 || !strings.Contains(resp.Header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("signing out gives %s, %v", resp.Status, resp.Header)
	}
	if signedIn(bob) || !signedIn(ann) || !signedIn(guest) || len(s.sessions.keys) != sessionsBefore-1 {
		t.Errorf("after bob has left: bob %v, ann %v, guest %v", signedIn(bob), signedIn(ann), signedIn(guest))
	}
	bob = in("bob", bobsPassword)
	s.Admit([]Person{NewPerson("ann", Operator, annsPassword+"2"), NewPerson("bob", Viewer, bobsPassword)})
	if signedIn(ann) || !signedIn(bob) || !signedIn(guest) {
		t.Errorf("with another password for ann: ann %v, bob %v, guest %v", signedIn(ann), signedIn(bob), signedIn(guest))
	}
	s.Admit([]Person{NewPerson("bob", Operator, bobsPassword)})
	if signedIn(bob) {
		t.Error("bob has another role, and his session has the one before")
	}
}

// TestWrongPasswords holds that guesses are told nothing, are held back, and do not keep others out.
func TestWrongPasswords(t *testing.T) {
	t.Parallel()
	external, _ := url.Parse("https://snrun.example.com")
	s, server := staffed(t, Access{External: external})
	from := func(address string, name, password string) (*http.Response, string) {
		return send(t, stranger(), server, asked{
			method: "POST", path: "/login", form: loginForm(name, password, ""), header: map[string]string{"X-Forwarded-For": "198.51.100.1, " + address},
		})
	}
	_, known := from("192.0.2.1", "ann", "a wrong password of a test")
	_, unknown := from("192.0.2.1", "zoe", "a wrong password of a test")
	if strings.ReplaceAll(known, `value="ann"`, `value="zoe"`) != unknown && withoutTime(strings.ReplaceAll(known, `value="ann"`, `value="zoe"`)) != withoutTime(unknown) {
		t.Errorf("a name that there is gives\n%s\none that there is not\n%s", known, unknown)
	}
	if resp, _ := from("192.0.2.1", "bob", annsPassword); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("the password of another gives %s", resp.Status)
	}
	for range triesOfOne {
		from("192.0.2.1", "ann", "a wrong password of a test")
	}
	resp, text := from("192.0.2.1", "ann", annsPassword)
	if wait, _ := strconv.Atoi(resp.Header.Get("Retry-After")); resp.StatusCode != http.StatusTooManyRequests || wait < 1 || wait > 10 || !strings.Contains(text, "too many wrong passwords") {
		t.Errorf("after many wrong ones: %s, Retry-After %d: %s", resp.Status, wait, text)
	}
	if resp, text := from("192.0.2.2", "ann", annsPassword); resp.StatusCode != http.StatusSeeOther {
		t.Errorf("from another address: %s: %s", resp.Status, text)
	}
	rows, err := s.Store.Audits(history.AuditFilter{Limit: 100}, 0)
	if err != nil || len(rows) != triesOfOne+1 || rows[0].Who != "ann" || rows[0].Origin != "192.0.2.2" || rows[0].Detail != "with a password" {
		t.Errorf("%v, %d rows, the last %+v", err, len(rows), rows[0])
	}
	if r := rows[1]; r.Who != "" || r.Origin != "192.0.2.1" || r.Outcome != history.AuditRefused || r.Action != "sign_in" {
		t.Errorf("got %+v", r)
	}
}

// withoutTime leaves the time out of a page.
func withoutTime(page string) string {
	before, rest, _ := strings.Cut(page, "<time")
	_, after, _ := strings.Cut(rest, "</time>")
	return before + after
}

// TestThrottle holds how guesses are counted: for one address, whatever it writes in front of it, for all, and within bounds.
func TestThrottle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var h throttle
		for i := range triesOfOne {
			if h.wait("192.0.2.1") > 0 {
				t.Fatalf("the %dth wrong password is waited for", i)
			}
			h.wrong("192.0.2.1")
		}
		if got := h.wait("192.0.2.1"); got != restOfOne {
			t.Errorf("it takes %s until the next, want %s", got, restOfOne)
		}
		time.Sleep(restOfOne)
		if h.wait("192.0.2.1") > 0 {
			t.Error("time does not help")
		}
		h.right("192.0.2.1")
		for i := range 2 * triesOfOne {
			h.wrong("2001:db8::" + strconv.Itoa(i))
		}
		if h.wait("2001:db8::ffff") == 0 || h.wait("2001:db8:0:1::1") > 0 {
			t.Error("all addresses of one network are one, and of another are not")
		}
		rows := 0
		for i := range 2 * maxAddresses {
			if h.wrong("198.51." + strconv.Itoa(i/256) + "." + strconv.Itoa(i%256)) {
				rows++
			}
		}
		if len(h.addresses) > maxAddresses || rows > rowsOfAll {
			t.Errorf("%d addresses are remembered, and %d put on record", len(h.addresses), rows)
		}
		if h.wait("203.0.113.1") == 0 {
			t.Error("an address that nobody knows is looked at while many guess")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		var h throttle
		h.right("192.0.2.1")
		for i := range 2 * triesOfAll {
			h.wrong("198.51.100." + strconv.Itoa(i))
		}
		if h.wait("203.0.113.1") == 0 || h.wait("192.0.2.1") > 0 {
			t.Errorf("while many guess, somebody new waits %s, who came in before %s", h.wait("203.0.113.1"), h.wait("192.0.2.1"))
		}
	})
}

// TestForwardedFor holds whose address counts: what a proxy says last, and nothing where there is none.
func TestForwardedFor(t *testing.T) {
	t.Parallel()
	external, _ := url.Parse("https://snrun.example.com")
	for _, test := range []struct {
		access Access
		header []string
		want   string
	}{
		{Access{}, []string{"192.0.2.9"}, "127.0.0.1"}, {Access{External: external}, nil, "127.0.0.1"}, {Access{External: external}, []string{"192.0.2.9"}, "192.0.2.9"},
		{Access{External: external}, []string{"10.0.0.1, 192.0.2.9"}, "192.0.2.9"}, {Access{External: external}, []string{"10.0.0.1", "192.0.2.9"}, "192.0.2.9"},
		{Access{External: external}, []string{"192.0.2.9, nonsense\x01"}, "127.0.0.1"}, {Access{External: external}, []string{"[2001:db8::1]:443"}, "2001:db8::1"},
		{Access{External: external}, []string{"::ffff:192.0.2.9"}, "192.0.2.9"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = "127.0.0.1:5"
		r.Header["X-Forwarded-For"] = test.header
		if got := test.access.origin(r); got != test.want {
			t.Errorf("%v with %q is from %s, want %s", test.access.External, test.header, got, test.want)
		}
	}
}

// TestTo holds that signing in leads to pages of this site only.
func TestTo(t *testing.T) {
	t.Parallel()
	s, server := staffed(t, Access{})
	for to, want := range map[string]string{
		"": "/", "/": "/", "/runs?status=failed&x=%2F": "/runs?status=failed&x=%2F", "/runs/01A#x": "/runs/01A#x",
		"//evil.example.com": "/", "/\\evil.example.com": "/", "\\\\evil.example.com": "/", "https://evil.example.com": "/", "javascript:alert(1)": "/",
		"evil.example.com": "/", "/\t/evil.example.com": "/", "/a\r\nSet-Cookie: a=b": "/", "///evil.example.com": "/", "http:/evil.example.com": "/",
		"http:evil.example.com": "/", "/x\\..\\..": "/", "?x": "/", " //evil.example.com": "/",
	} {
		for _, q := range []asked{
			{method: "POST", path: "/login", form: loginForm("ann", annsPassword, to)},
			{path: s.Links.New(Viewer, "ann") + "&to=" + url.QueryEscape(to)},
		} {
			resp, _ := send(t, stranger(), server, q)
			if got := resp.Header.Get("Location"); resp.StatusCode != http.StatusSeeOther || got != want || len(resp.Cookies()) != 1 {
				t.Errorf("%q leads to %q, %s, want %q", to, got, resp.Status, want)
			}
		}
	}
	_, text := send(t, stranger(), server, asked{path: `/runs?text="><script>alert(1)</script>`})
	if strings.Contains(text, "<script>alert") || !strings.Contains(text, `value="/runs?text=&#34;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"`) {
		t.Errorf("signing in goes back to where it was asked for as\n%s", text)
	}
}

// TestFromElsewhere holds that a link on another site, as in a chat, leads who is signed in to the page, though the browser sends no cookie at first.
func TestFromElsewhere(t *testing.T) {
	t.Parallel()
	s, server := staffed(t, Access{})
	_, text := send(t, stranger(), server, asked{path: "/jobs?x=1", header: map[string]string{"Sec-Fetch-Site": "cross-site"}})
	const again = "/login?to=%2Fjobs%3Fx%3D1"
	if !strings.Contains(text, `<meta http-equiv="refresh" content="0; url=`+again+`">`) || !strings.Contains(text, `<a href="`+again+`">Go on</a>`) {
		t.Errorf("got\n%s", text)
	}
	if _, text := send(t, stranger(), server, asked{path: "/jobs", header: map[string]string{"Sec-Fetch-Site": "none"}}); strings.Contains(text, "http-equiv") {
		t.Errorf("who types the address is sent round:\n%s", text)
	}
	resp, _ := send(t, visit(t, s, server, Viewer), server, asked{path: again, header: map[string]string{"Sec-Fetch-Site": "same-origin"}})
	if resp.StatusCode != http.StatusSeeOther || resp.Header.Get("Location") != "/jobs?x=1" {
		t.Errorf("it leads on with %s to %s", resp.Status, resp.Header.Get("Location"))
	}
	if resp, text := send(t, stranger(), server, asked{path: again, header: map[string]string{"Sec-Fetch-Site": "cross-site"}}); resp.StatusCode != 200 || strings.Contains(text, "http-equiv") {
		t.Errorf("who is not signed in goes round in circles: %s\n%s", resp.Status, text)
	}
}

// TestPrograms holds how programs come in: with a password in the header, to what is for programs only.
func TestPrograms(t *testing.T) {
	t.Parallel()
	_, server := staffed(t, Access{Public: true})
	for _, test := range []struct {
		path, authorization string
		want                int
	}{
		{metricsPath, "", 401}, {metricsPath, "Bearer " + bobsPassword, 0}, {metricsPath, "bearer  " + bobsPassword, 0}, {metricsPath, "Bearer wrong", 401}, {metricsPath, "Bearer", 401},
		{metricsPath, "Basic Ym9iOmJvYidzIHBhc3N3b3JkIG9mIGEgdGVzdA==", 0}, {metricsPath, "Basic YW5uOmJvYidzIHBhc3N3b3JkIG9mIGEgdGVzdA==", 401}, {metricsPath, "Basic !", 401},
		{metricsPath, "Digest x", 401}, {"/jobs", "Bearer " + annsPassword, 401}, {"/jobs", "Basic d3Jvbmc6d3Jvbmc=", 401},
	} {
		resp, text := send(t, stranger(), server, asked{path: test.path, header: map[string]string{"Authorization": test.authorization}})
		if test.want == 0 && (resp.StatusCode == 401 || resp.StatusCode == 403) || test.want > 0 && resp.StatusCode != test.want {
			t.Errorf("%s with %.10s gives %s: %s", test.path, test.authorization, resp.Status, text)
		}
		if len(resp.Cookies()) > 0 {
			t.Errorf("%s sets a cookie", test.path)
		}
		if test.path != metricsPath || resp.StatusCode != 401 {
			continue
		}
		var p struct{ Title, Detail string }
		if err := json.Unmarshal([]byte(text), &p); err != nil || p.Title != "Unauthorized" || p.Detail == "" || resp.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s with %.10s tells %s %v", test.path, test.authorization, text, resp.Header)
		}
	}
}

// TestNoKeyIsKept has people sign in by all ways, rightly and wrongly: no key, cookie or password is in the log, in the audit or on a page.
func TestNoKeyIsKept(t *testing.T) {
	t.Parallel()
	s, server := staffed(t, Access{})
	var log bytes.Buffer
	s.Log = slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	const guess = "a guessed password of a test"
	link := s.Links.New(Operator, "ann")
	secrets := []string{annsPassword, bobsPassword, guess, strings.TrimPrefix(link, "/enter?key=")}
	var shown strings.Builder
	for _, q := range []asked{
		{path: link}, {path: link}, {method: "POST", path: "/login", form: loginForm("ann", annsPassword, "")}, {method: "POST", path: "/login", form: loginForm("ann", guess, "")},
		{method: "POST", path: "/login?password=" + url.QueryEscape(guess), form: loginForm(guess, annsPassword, "")}, {method: "POST", path: "/login", form: url.Values{"name": {"ann"}}},
		{path: metricsPath, header: map[string]string{"Authorization": "Bearer " + guess}}, {method: "POST", path: "/leave", form: url.Values{}},
	} {
		resp, text := send(t, stranger(), server, q)
		if form := q.form.Get("name"); form != guess { // the name comes back, to be mended
			shown.WriteString(text)
		}
		for _, c := range resp.Cookies() {
			secrets = append(secrets, c.Value)
		}
		shown.WriteString(resp.Header.Get("Location"))
	}
	rows, err := s.Store.Audits(history.AuditFilter{Limit: 100}, 0)
	if err != nil || len(rows) < 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	audit, err := json.Marshal(rows)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), "a wrong password") || !strings.Contains(log.String(), "somebody signed in") {
		t.Errorf("the log tells nothing: %s", &log)
	}
	for _, secret := range secrets {
		for place, text := range map[string]string{"the log": log.String(), "the audit": string(audit), "an answer": shown.String()} {
			if secret != "" && strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, place)
			}
		}
	}
}

// TestNoLongerNamed holds that nobody is let in whom the settings name no more since his password was looked at.
func TestNoLongerNamed(t *testing.T) {
	t.Parallel()
	s, _ := staffed(t, Access{})
	gone := NewPerson("carl", Operator, "carl's password of a test")
	for _, p := range []struct {
		Person
		in bool
	}{{NewPerson("ann", Operator, annsPassword), true}, {gone, false}} {
		w, r := httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, loginPath, nil)
		s.signIn(w, r, visitor{Name: p.Name, Role: p.Role}, p.password)
		if in := s.sessions.of(w.Result().Cookies()[0].Value) != nil; in != p.in {
			t.Errorf("%s is in: %v, want %v", p.Name, in, p.in)
		}
	}
}
