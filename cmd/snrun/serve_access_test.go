package main

import (
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"snrun/examples/sandbox"
)

// caller is a browser, or a program, at the address of a daemon.
type caller struct {
	*http.Client
	t       *testing.T
	address string // with the scheme
	cookies []string
}

// callerAt makes one that trusts those certificates which a client trusts.
func callerAt(t *testing.T, trusts *http.Client, address string) *caller {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &caller{t: t, address: address, Client: &http.Client{
		Transport: trusts.Transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// gets gives the status of a page and what stands there. With a form it is sent; with a token it is that of a program.
func (c *caller) gets(path string, form url.Values, token string) (int, string) {
	c.t.Helper()
	method, body := http.MethodGet, io.Reader(nil)
	if form != nil {
		method, body = http.MethodPost, strings.NewReader(form.Encode())
	}
	req, err := http.NewRequest(method, c.address+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := c.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	for _, cookie := range resp.Cookies() {
		c.cookies = append(c.cookies, cookie.Value)
	}
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// signIn signs in with a password, and gives the status.
func (c *caller) signIn(name, password string) int {
	status, _ := c.gets("/login", url.Values{"name": {name}, "password": {password}}, "")
	return status
}

// TestServeLetsPeopleIn has people sign in to a daemon with TLS, and what it knows of them change: a password, a role, a list. Nothing that lets
// anybody in is in its log or in its database.
func TestServeLetsPeopleIn(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	trusted := httptest.NewTLSServer(nil)
	defer trusted.Close()
	pair, places := trusted.TLS.Certificates[0], t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	keep := func(name, text string) {
		if err := os.WriteFile(filepath.Join(places, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	keep("cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})))
	keep("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
	words := []string{"qX7-first-of-ann-vZ", "qX7-second-of-ann-vZ", "qX7-only-of-bob-vZ", "qX7-guess-of-nobody-vZ"}
	keep("ANN", words[0])
	keep("BOB", words[2])
	settings := "version: 1\ndatabase: runs.db\nsecrets: {dir: " + places + "}\nserver:\n  tls: {cert_file: " + filepath.Join(places, "cert.pem") + ", key_file: " +
		filepath.Join(places, "key.pem") + "}\n  access:\n    - {name: bob, role: viewer, password: \"${secret.BOB}\"}\n"
	const ann = "    - {name: ann, role: operator, password: \"${secret.ANN}\"}\n"
	u.write("snrun.yaml", settings+ann)
	u.write("jobs/a.yaml", "version: 1\nsteps: [{log: a}]\n")
	s := u.serve(nil, "--listen", "127.0.0.1:0")
	at := "https://" + regexp.MustCompile(`address=(\S+)`).FindStringSubmatch(s.sees("msg=ready"))[1]
	annsBrowser, bobsBrowser := callerAt(t, trusted.Client(), at), callerAt(t, trusted.Client(), at)
	is := func(c *caller, path string, want int) {
		t.Helper()
		if got, text := c.gets(path, nil, ""); got != want {
			t.Errorf("%s gives %d, want %d: %.200s", path, got, want, text)
		}
	}
	is(annsBrowser, "/jobs", 401)
	for _, wrong := range [][2]string{{"ann", words[3]}, {"ann", words[2]}, {"bob", words[0]}} {
		if got := annsBrowser.signIn(wrong[0], wrong[1]); got != 401 {
			t.Errorf("a wrong password of %s gives %d", wrong[0], got)
		}
	}
	if a, b := annsBrowser.signIn("ann", words[0]), bobsBrowser.signIn("bob", words[2]); a != 303 || b != 303 {
		t.Fatalf("signing in gives %d and %d", a, b)
	}
	is(annsBrowser, "/jobs", 200)
	is(bobsBrowser, "/jobs", 200)
	if got, _ := bobsBrowser.gets("/jobs/a/pause", url.Values{"why": {"x"}}, ""); got != 403 {
		t.Errorf("a viewer who pauses a job is told %d", got)
	}
	if got, _ := annsBrowser.gets("/jobs/a/pause", url.Values{"why": {"x"}}, ""); got != 303 {
		t.Errorf("an operator who pauses a job is told %d", got)
	}

	keep("ANN", words[1]) // which takes a word to the daemon
	s.signal(syscall.SIGHUP)
	s.sees("who may come in has changed", "people=2")
	is(annsBrowser, "/jobs", 401)
	is(bobsBrowser, "/jobs", 200)
	if before, now := annsBrowser.signIn("ann", words[0]), annsBrowser.signIn("ann", words[1]); before != 401 || now != 303 {
		t.Errorf("the password before gives %d, the one now %d", before, now)
	}
	if err := os.Remove(filepath.Join(places, "ANN")); err != nil {
		t.Fatal(err)
	}
	s.signal(syscall.SIGHUP)
	s.sees("comes in as before", "secret ANN is missing")
	is(annsBrowser, "/jobs", 200)
	u.write("snrun.yaml", settings)
	s.sees("who may come in has changed", "people=1")
	is(annsBrowser, "/jobs", 401)
	is(bobsBrowser, "/jobs", 200)

	u.checkHidden(append(append(words, annsBrowser.cookies...), bobsBrowser.cookies...)) // in the journals of the database too
	s.signal(syscall.SIGTERM)
	s.ends(exitOK)
	u.checkHidden(append(append(words, annsBrowser.cookies...), bobsBrowser.cookies...))
}
