package auth

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
)

// The files oidc_*_test.go sign in at oidc-provider from npm, a certified OpenID Connect provider that shares nothing with us, for
// every grant it has: client_credentials, authorization_code, device_code and refresh_token. It has neither password nor jwt_bearer;
// those, and servers that misbehave, are tested in this process. Whatever is asked for, is by a Keyring; a token is good when the
// API beside the provider takes it.

// folderVariable names the folder where oidc-provider is installed.
const folderVariable = "SNRUN_TEST_OIDC_PROVIDER"

// providers is a process in which providers run, as many as are asked for.
type providers struct {
	mu  sync.Mutex
	in  io.Writer
	out *bufio.Reader
	log bytes.Buffer // belongs to the process until that has ended
}

func newProviders(t *testing.T) *providers {
	t.Helper()
	folder := os.Getenv(folderVariable)
	if folder == "" {
		missing := fmt.Sprintf("no provider to sign in at: export %s=$(.ci/setup-oidc-provider) gets one from npm", folderVariable)
		if os.Getenv("CI") != "" { // where nothing may be missing
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	cmd := exec.CommandContext(t.Context(), "node", "testdata/oidc/server.mjs", folder)
	o := &providers{}
	cmd.Stderr = &o.log
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Wait() // the end of the test's context has killed it
		if t.Failed() {
			t.Logf("the providers say:\n%s", o.log.String())
		}
	})
	o.in, o.out = in, bufio.NewReader(out)
	return o
}

// provider is where one listens.
type provider struct {
	Issuer string
	Mutual string // the port for clients with a certificate, where there is one
}

// providerConfig is what server.mjs asks to know.
type providerConfig struct {
	Clients        []clientData    `json:"clients"`
	AccessSeconds  int             `json:"accessSeconds,omitempty"`
	DeviceInterval int             `json:"deviceInterval,omitempty"`
	TLS            *providerSecret `json:"tls,omitempty"`
}

type providerSecret struct {
	Key  string `json:"key"`
	Cert string `json:"cert"`
	CA   string `json:"ca"`
}

// clientData is a client as a provider knows it (RFC 7591 §2).
type clientData map[string]any

const secretOfTests = "a b:c+d%2Be/f=g&h~\"i" // each of them is lost by some way of writing it; others than ASCII the provider has none

// aClient may use every grant, and shows a secret.
func aClient(more clientData) clientData {
	c := clientData{
		"client_id": "client", "client_secret": secretOfTests, "token_endpoint_auth_method": "client_secret_post",
		"application_type": "native", "redirect_uris": []string{"http://127.0.0.1/callback"}, "response_types": []string{"code"},
		"grant_types": []string{"authorization_code", "refresh_token", "client_credentials", deviceCodeType},
	}
	for name, value := range more {
		c[name] = value
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

// start has a provider of its own listen.
func (o *providers) start(t *testing.T, config providerConfig) provider {
	t.Helper()
	line, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := o.in.Write(append(line, '\n')); err != nil {
		t.Fatalf("the process of the providers: %v", err)
	}
	answer, err := o.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("the process of the providers: %v", err)
	}
	var p provider
	if err := json.Unmarshal(answer, &p); err != nil {
		t.Fatalf("the process of the providers says %q: %v", answer, err)
	}
	return p
}

// profile is p, with all addresses discovered. A nil leaves a setting out.
func (p provider) profile(t *testing.T, more Settings) Profile {
	t.Helper()
	s := Settings{"issuer": p.Issuer, "client_id": "client", "client_secret": secretOfTests}
	for name, value := range more {
		s[name] = value
		if value == nil {
			delete(s, name)
		}
	}
	return Profile{Name: "p", BaseURL: mustURL(t, p.Issuer), Auth: "oauth2", Settings: s}
}

// asked is how many token requests the provider has got.
func (p provider) asked(t *testing.T) int {
	t.Helper()
	resp, err := http.Get(p.Issuer + "/asked")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// mustAsk holds the number of token requests that the provider has got.
func (p provider) mustAsk(t *testing.T, want int) {
	t.Helper()
	if got := p.asked(t); got != want {
		t.Errorf("%d token requests, want %d", got, want)
	}
}

// caller is what the API says of whoever called it.
type caller struct {
	Client   string
	Account  string // "" for the client itself
	Audience []string
	Scope    string
	Bound    bool // to the client's certificate
}

// callAPI has a keyring's client call the API, which takes it.
func callAPI(t *testing.T, k *Keyring) caller {
	t.Helper()
	who, status, err := tryAPI(t, k)
	if err != nil || status != http.StatusOK {
		t.Fatalf("the API: got status %d, %v", status, err)
	}
	return who
}

func tryAPI(t *testing.T, k *Keyring) (who caller, status int, err error) {
	t.Helper()
	client := clientOf(t, k, "p")
	base := client.Transport.(*signer).profile.BaseURL.String()
	resp, err := client.Get(base + "/api")
	if err != nil {
		return caller{}, 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		err = json.NewDecoder(resp.Body).Decode(&who)
	}
	return who, resp.StatusCode, err
}

// mustBeRefused gives the error of a profile that the provider does not sign in.
func mustBeRefused(t *testing.T, k *Keyring) *SignInError {
	t.Helper()
	_, status, err := tryAPI(t, k)
	failed, ok := errors.AsType[*SignInError](err)
	if !ok {
		t.Fatalf("the API: got status %d, %v, want a SignInError", status, err)
	}
	return failed
}

// mustBe holds the state of a profile, and gives the rest of its status.
func mustBe(t *testing.T, k *Keyring, want State) Status {
	t.Helper()
	st, err := k.Status("p")
	if err != nil || st.State != want {
		t.Errorf("got the state %s, %v, want %s (%s)", st.State, err, want, st.LastError)
	}
	return st
}

// killAccess has the provider end a profile's access token, and that one only.
func killAccess(t *testing.T, k *Keyring) {
	t.Helper()
	if err := k.sources["p"].endpoint.revoke(t.Context(), recordOf(t, k.sources["p"]).Access, "access_token"); err != nil {
		t.Fatal(err)
	}
}

func TestOIDCProvider(t *testing.T) {
	t.Parallel()
	o := newProviders(t)
	for _, tt := range []struct {
		name string
		run  func(*testing.T, *providers)
	}{
		{"client secrets", testClientSecrets},
		{"signed assertions", testSignedAssertions},
		{"client certificates", testClientCertificates},
		{"a wrong secret", testWrongSecret},
		{"a scope that is not granted", testScopeNotGranted},
		{"resource and audience", testResource},
		{"a login in the browser", testCodeLogin},
		{"a login of a public client", testPublicLogin},
		{"a login that is pasted", testPastedLogin},
		{"a login that is denied", testDeniedLogin},
		{"a login for a resource", testLoginForResource},
		{"a login on another device", testDeviceLogin},
		{"a device that is denied", testDeniedDevice},
		{"expiry and rotation", testRotation},
		{"a refresh token pasted in", testPastedRefreshToken},
		{"a revoked refresh token", testRevokedRefreshToken},
		{"a rotated refresh token used again", testReusedRefreshToken},
		{"six processes and a dead token", testManyProcesses},
		{"reset", testReset},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.run(t, o)
		})
	}
}
