package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"snrun/examples/sandbox"
)

// TestHMACSignsWhatIsSent has a server check the signatures of a file, of a form with a file in it, and of a request without a body.
func TestHMACSignsWhatIsSent(t *testing.T) {
	t.Parallel()
	var taken atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mac := hmac.New(sha256.New, []byte("key-of-partner"))
		fmt.Fprintf(mac, "%s\n%s\n%x\n%s", r.Method, r.URL.RequestURI(), sha256.Sum256(body), r.Header.Get("X-Timestamp"))
		if want := fmt.Sprintf("HMAC snrun:%x", mac.Sum(nil)); r.Header.Get("Authorization") != want {
			http.Error(w, "wrong signature", http.StatusUnauthorized)
			return
		}
		// The second attempt has to have a signature of its own.
		if taken.Add(1) == 1 {
			http.Error(w, "", http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(server.Close)
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"KEY=key-of-partner")
	u.write("profiles.yaml", "version: 1\nprofiles:\n  partner:\n    base_url: "+server.URL+`
    auth:
      type: hmac
      key: ${secret.KEY}
      key_id: snrun
      template: "{method}\n{target}\n{body_sha256}\n{timestamp}"
      headers: {Authorization: "HMAC {key_id}:{signature}", X-Timestamp: "{timestamp}"}
`)
	u.write("data.csv", strings.Repeat("a,b,c\n", 10000))
	u.write("ask.yaml", `version: 1
steps:
  - rest: {profile: partner, path: "/a b", query: {q: "x&y"}}
    retry: {attempts: 2, backoff: {initial: 1ms}}
  - rest: {profile: partner, method: PUT, path: /file, body_file: data.csv}
  - rest: {profile: partner, method: POST, path: /form, multipart: {name: x, data: {file: data.csv}}}
  - rest: {profile: partner, method: POST, path: /json, json: {a: 1}}
`)
	u.must(exitOK, "run", "ask")
	if got := taken.Load(); got != 5 {
		t.Errorf("%d requests were taken, want 5", got)
	}
}

// TestDigestThatIsNotOffered holds that what cannot be signed fails as a sign-in, and says what to do.
func TestDigestThatIsNotOffered(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		w.Header().Set("WWW-Authenticate", `Basic realm="erp"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(server.Close)
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"PASSWORD=pass-of-erp")
	u.write("profiles.yaml", "version: 1\nprofiles:\n  erp: {base_url: "+server.URL+", auth: {type: digest, username: ann, password: \"${secret.PASSWORD}\"}}\n")
	u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: erp, path: /x}\n    retry: {attempts: 3, backoff: {initial: 1ms}}\n")
	got := u.must(exitSignIn, "run", "ask")
	for _, want := range []string{"profile erp: digest: the server answered 401 and asks for Basic", "write auth: {type: basic"} {
		if !strings.Contains(got.stderr, want) {
			t.Errorf("the error does not say %q:\n%s", want, got.stderr)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times, want once", asked.Load())
	}
}

// TestClientCertificateThatDoesNotOpen holds that a wrong password is told before anything runs.
func TestClientCertificateThatDoesNotOpen(t *testing.T) {
	t.Parallel()
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"P12=pass-of-another")
	file, err := os.ReadFile("../../auth/testdata/openssl3.p12")
	if err != nil {
		t.Fatal(err)
	}
	u.write("me.p12", string(file))
	u.write("profiles.yaml", "version: 1\nprofiles:\n  erp: {base_url: \"https://erp.example.com\", tls: {pkcs12_file: me.p12, pkcs12_password: \"${secret.P12}\"}}\n")
	u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: erp, path: /x}\n")
	got := u.must(exitInvalid, "run", "ask")
	if !strings.Contains(got.stderr, "profile erp: tls.pkcs12_password: it does not open me.p12") {
		t.Errorf("got %s", got.stderr)
	}
	u.checkHidden([]string{"pass-of-another"})
}

// TestClientCertificateOfAFile signs in with PKCS#12. The server that gets the certificate is the one of the profile.
func TestClientCertificateOfAFile(t *testing.T) {
	t.Parallel()
	home := newPlace(t, true, nil)
	u := newUser(t, sandbox.Options{})
	u.environ = append(u.environ, secretVariable+"P12=pass-of-p12")
	u.certificate(home.Server)
	file, err := os.ReadFile("../../auth/testdata/openssl3.p12")
	if err != nil {
		t.Fatal(err)
	}
	u.write("me.p12", string(file))
	u.write("profiles.yaml", "version: 1\nprofiles:\n  erp: {base_url: \""+home.URL+"\", tls: {ca_file: ca.pem, pkcs12_file: me.p12, pkcs12_password: \"${secret.P12}\"}}\n")
	u.write("ask.yaml", "version: 1\nsteps:\n  - rest: {profile: erp, path: /x}\n  - log: \"${secret.P12}\"\n")
	u.must(exitOK, "run", "ask")
	u.must(exitOK, "auth", "test", "erp")
	u.must(exitOK, "auth", "status", "--json")
	if got := home.arrived("/x"); len(got) != 1 || got[0] != "GET /x: certificate" {
		t.Errorf("the server got %q", got)
	}
	u.checkHidden([]string{"pass-of-p12"})
}
