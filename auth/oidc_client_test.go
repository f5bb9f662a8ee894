package auth

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// endsToken resets a profile, and sees that its token is refused afterwards.
func endsToken(t *testing.T, k *Keyring, api string) {
	t.Helper()
	header, err := k.Authorization(t.Context(), "p")
	if err != nil {
		t.Fatal(err)
	}
	if got := get(t, http.DefaultClient, api, "Authorization", header.Reveal()).StatusCode; got != http.StatusOK {
		t.Fatalf("the API: got status %d", got)
	}
	if revoked, err := k.Reset(t.Context(), "p"); !revoked || err != nil {
		t.Errorf("reset: got %t, %v", revoked, err)
	}
	if got := get(t, http.DefaultClient, api, "Authorization", header.Reveal()).StatusCode; got != http.StatusUnauthorized {
		t.Errorf("the API with a token that was revoked: got status %d, want 401", got)
	}
	mustBe(t, k, StateNew)
}

func testClientSecrets(t *testing.T, o *providers) {
	const id = "odd:client+id %41/&="
	p := o.start(t, providerConfig{Clients: []clientData{
		aClient(nil),
		aClient(clientData{"client_id": id, "token_endpoint_auth_method": "client_secret_basic"}),
	}})
	for i, settings := range []Settings{{}, {"client_id": id, "client_auth": "header"}} {
		k := keyringOf(t, Options{}, p.profile(t, settings))
		want, _ := settings["client_id"].(string)
		if want == "" {
			want = "client"
		}
		if got := callAPI(t, k); got.Client != want || got.Account != "" {
			t.Errorf("the API was called by %+v, want %s", got, want)
		}
		mustBe(t, k, StateOK)
		endsToken(t, k, p.Issuer+"/api")
		callAPI(t, k)
		p.mustAsk(t, 2*(i+1))
	}
}

// jwkOf writes a public key as a provider registers it (RFC 7517).
func jwkOf(t *testing.T, key crypto.Signer, id string) map[string]any {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString
	switch public := key.Public().(type) {
	case *rsa.PublicKey:
		return map[string]any{"kty": "RSA", "kid": id, "n": text(public.N.Bytes()), "e": text(big.NewInt(int64(public.E)).Bytes())}
	case *ecdsa.PublicKey:
		point, err := public.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		x, y := point[1:1+len(point)/2], point[1+len(point)/2:]
		return map[string]any{"kty": "EC", "kid": id, "crv": public.Curve.Params().Name, "x": text(x), "y": text(y)}
	}
	t.Fatalf("no JWK is known for %T", key)
	return nil
}

func testSignedAssertions(t *testing.T, o *providers) {
	keys, p521 := testKeys(), keyP521(t)
	p := o.start(t, providerConfig{Clients: []clientData{aClient(clientData{
		"client_secret": nil, "token_endpoint_auth_method": "private_key_jwt",
		"jwks": map[string]any{"keys": []any{
			jwkOf(t, keys.rsa, "rsa"), jwkOf(t, keys.p256, "p256"), jwkOf(t, keys.p384, "p384"), jwkOf(t, p521, "p521"),
		}},
	})}})
	profile := func(t *testing.T, key crypto.Signer, more Settings) *Keyring {
		s := Settings{"client_secret": nil, "client_auth": "private_key_jwt", "private_key": pkcs8(t, key)}
		for name, value := range more {
			s[name] = value
		}
		return keyringOf(t, Options{}, p.profile(t, s))
	}
	for _, tt := range []struct {
		algorithm, id string
		key           crypto.Signer
	}{
		{"RS256", "rsa", keys.rsa},
		{"RS384", "rsa", keys.rsa},
		{"RS512", "rsa", keys.rsa},
		{"PS256", "rsa", keys.rsa},
		{"PS384", "rsa", keys.rsa},
		{"PS512", "rsa", keys.rsa},
		{"ES256", "p256", keys.p256},
		{"ES384", "p384", keys.p384},
		{"ES512", "p521", p521},
		{"", "", keys.rsa},
		{"", "", keys.p256},
	} {
		k := profile(t, tt.key, Settings{"algorithm": orNil(tt.algorithm), "key_id": orNil(tt.id)})
		if got := callAPI(t, k); got.Client != "client" {
			t.Errorf("%s: the API was called by %+v", tt.algorithm, got)
		}
		endsToken(t, k, p.Issuer+"/api") // which shows an assertion too
		callAPI(t, k)
	}
	before := p.asked(t)
	stranger := profile(t, keyP521(t), nil)
	for range 3 {
		if failed := mustBeRefused(t, stranger); failed.Code != "invalid_client" || !strings.Contains(failed.Help(), "that the server knows the key") {
			t.Errorf("a key that is not registered: got %v; %s", failed, failed.Help())
		}
	}
	mustBe(t, stranger, StateConfig)
	p.mustAsk(t, before+1)
}

// orNil leaves a setting out that is empty.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func testClientCertificates(t *testing.T, o *providers) {
	ca := issue(t, "authority", nil, nil)
	server := issue(t, "server", ca, func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} })
	issued, alone := issue(t, "integration", ca, nil), issue(t, "self-signed", nil, nil)
	client := func(more clientData) clientData {
		c := aClient(clientData{"client_secret": nil, "tls_client_certificate_bound_access_tokens": true})
		for name, value := range more {
			c[name] = value
		}
		return c
	}
	aloneKey := jwkOf(t, alone.key, "alone")
	aloneKey["x5c"] = []string{base64.StdEncoding.EncodeToString(alone.Raw)}
	p := o.start(t, providerConfig{
		TLS: &providerSecret{Key: keyPEM(t, server.key), Cert: certificatePEM(server.Raw), CA: certificatePEM(ca.Raw)},
		Clients: []clientData{
			client(clientData{"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=integration"}),
			client(clientData{
				"client_id": "alone", "token_endpoint_auth_method": "self_signed_tls_client_auth",
				"jwks": map[string]any{"keys": []any{aloneKey}},
			}),
			client(clientData{
				"client_id": "unbound", "token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": "CN=integration",
				"tls_client_certificate_bound_access_tokens": false,
			}),
		},
	})
	dir := t.TempDir()
	writeFile(t, dir, "ca.pem", certificatePEM(ca.Raw))
	writeFile(t, dir, "issued.pem", certificatePEM(issued.Raw)+keyPEM(t, issued.key))
	writeFile(t, dir, "alone.pem", certificatePEM(alone.Raw)+keyPEM(t, alone.key))
	packed, err := pkcs12.Modern.Encode(issued.key, issued.Certificate, nil, "pw")
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, dir, "issued.p12", string(packed))
	with := func(client, base string, files TLS) *Keyring {
		profile := p.profile(t, Settings{"client_id": client, "client_secret": nil, "client_auth": "mtls"})
		profile.BaseURL, profile.TLS = mustURL(t, base), files
		profile.TLS.CAFile = "ca.pem"
		return keyringOf(t, Options{Dir: dir}, profile)
	}
	for _, tt := range []struct {
		name, client, base string
		files              TLS
	}{
		{"of an authority", "client", p.Mutual, TLS{CertFile: "issued.pem"}},
		{"PKCS #12", "client", p.Mutual, TLS{PKCS12File: "issued.p12", PKCS12Password: "pw"}},
		{"self-signed", "alone", p.Mutual, TLS{CertFile: "alone.pem"}},
		{"for the token endpoint only, of another origin", "unbound", p.Issuer, TLS{CertFile: "issued.pem"}},
	} {
		k := with(tt.client, tt.base, tt.files)
		if got := callAPI(t, k); got.Client != tt.client || got.Bound != (tt.base == p.Mutual) {
			t.Errorf("%s: the API was called by %+v", tt.name, got)
		}
		if revoked, err := k.Reset(t.Context(), "p"); !revoked || err != nil {
			t.Errorf("%s: reset: got %t, %v", tt.name, revoked, err)
		}
		callAPI(t, k)
	}
	wrong := with("client", p.Mutual, TLS{CertFile: "alone.pem"})
	if failed := mustBeRefused(t, wrong); failed.Code != "invalid_client" || !strings.Contains(failed.Help(), "that the server knows the client's certificate") {
		t.Errorf("a certificate that is not the client's: got %v; %s", failed, failed.Help())
	}
	mustBe(t, wrong, StateConfig)
}

func testWrongSecret(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{Clients: []clientData{aClient(nil)}})
	place, r := placeOf(t), NewRedactor()
	const wrong = "not the client's secret"
	for range 3 {
		k := keyringOf(t, Options{Store: reopen(t, place), Redactor: r}, p.profile(t, Settings{"client_secret": wrong}))
		for range 3 {
			failed := mustBeRefused(t, k)
			if failed.Code != "invalid_client" || failed.Status != http.StatusUnauthorized || !strings.Contains(failed.Help(), "client_secret") {
				t.Errorf("got %v; %s", failed, failed.Help())
			}
		}
		mustBe(t, k, StateConfig)
	}
	p.mustAsk(t, 1)
	mended := keyringOf(t, Options{Store: place}, p.profile(t, nil))
	callAPI(t, mended)
	mustBe(t, mended, StateOK)
	p.mustAsk(t, 2)
}

func testScopeNotGranted(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{Clients: []clientData{aClient(clientData{"scope": "openid"})}})
	k := keyringOf(t, Options{}, p.profile(t, Settings{"scope": []string{"openid", "api"}}))
	for range 2 {
		if failed := mustBeRefused(t, k); failed.Code != "invalid_scope" || !strings.HasPrefix(failed.Help(), "check scope") {
			t.Errorf("got %v; %s", failed, failed.Help())
		}
	}
	mustBe(t, k, StateConfig)
	p.mustAsk(t, 1)
	callAPI(t, keyringOf(t, Options{}, p.profile(t, nil)))
}

func testResource(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{Clients: []clientData{aClient(nil)}})
	for name, value := range map[string]any{
		"resource": []string{"https://api.example.com/v1?tenant=a+b"}, "audience": "https://api.example.com/v1?tenant=a+b",
	} {
		k := keyringOf(t, Options{}, p.profile(t, Settings{name: value, "scope": []string{"api"}}))
		got := callAPI(t, k)
		if !slices.Equal(got.Audience, []string{"https://api.example.com/v1?tenant=a+b"}) || got.Scope != "api" {
			t.Errorf("%s: the API was called by %+v", name, got)
		}
	}
	none := keyringOf(t, Options{}, p.profile(t, nil))
	if got := callAPI(t, none); len(got.Audience) != 0 {
		t.Errorf("without a resource: the API was called by %+v", got)
	}
}
