package auth

import (
	"strings"
	"testing"
	"time"
)

func TestCheckOAuth2(t *testing.T) {
	t.Parallel()
	const absent = "absent"
	key := pkcs8(t, testKeys().rsa)
	tests := []struct {
		name     string
		settings Settings // beside token_url, client_id and client_secret
		want     string   // "path: message" of each problem, one a line
	}{
		{"an issuer in place of addresses", Settings{"token_url": absent, "issuer": "https://id.example.com"}, ""},
		{"neither", Settings{"token_url": absent}, "auth.token_url: oauth2 needs token_url"},
		{"an issuer that is not known yet", Settings{"token_url": absent, "issuer": nil}, ""},
		{"an issuer in the clear", Settings{"issuer": "http://id.example.com"}, "auth.issuer: the server's addresses would come over the network unencrypted (warning)"},
		{"an issuer on loopback", Settings{"issuer": "http://127.0.0.1:8912/tenant"}, ""},
		{"a relative issuer", Settings{"issuer": "/tenant"}, "auth.issuer: an issuer is a whole address"},
		{"an issuer without a scheme", Settings{"issuer": "id.example.com"}, "auth.issuer: an issuer is a whole address"},
		{"an issuer of another kind", Settings{"issuer": "urn:x"}, "auth.issuer: this is no address of a web server"},
		{"an issuer with a query", Settings{"issuer": "https://id.example.com?a=1"}, "auth.issuer: an issuer has neither a query nor a fragment"},
		{"an issuer with a fragment", Settings{"issuer": "https://id.example.com/#a"}, "auth.issuer: an issuer has neither a query nor a fragment"},
		{"the document's address", Settings{"issuer": "https://id.example.com/.well-known/openid-configuration"},
			"auth.issuer: this is the address of a discovery document, not the issuer"},
		{"an issuer with a password", Settings{"issuer": "https://u:p@id.example.com"}, "auth.issuer: an address may not hold a user name or a password"},

		{"addresses for other grants are facts", Settings{"authorize_url": "/a", "device_url": "/d", "revoke_url": "https://id.example.com/r"}, ""},
		{"addresses that are none", Settings{"authorize_url": "//x/a", "device_url": "/d#x", "revoke_url": "ftp://id.example.com/r"},
			"auth.authorize_url: \"//x/a\" has no scheme\nauth.device_url: device_url may not have a fragment (#…)\nauth.revoke_url: this is no address of a web server"},
		{"addresses in the clear", Settings{"authorize_url": "http://id.example/a", "revoke_url": "http://id.example/r"},
			"auth.authorize_url: the sign-in would go over the network unencrypted (warning)\nauth.revoke_url: the client's secret would go over the network unencrypted (warning)"},

		{"a pasted refresh token", Settings{"grant": "refresh_token", "refresh_token": "R"}, ""},
		{"none pasted", Settings{"grant": "refresh_token"}, "auth.refresh_token: grant refresh_token needs refresh_token"},
		{"pasted, but not used", Settings{"refresh_token": "R"}, "auth.refresh_token: grant client_credentials does not use refresh_token"},

		{"jwt_bearer", Settings{"grant": "jwt_bearer", "private_key": key, "subject": "ann", "claims": map[string]any{"a": 1}, "assertion_ttl": time.Minute, "key_id": "k"}, ""},
		{"jwt_bearer without a key", Settings{"grant": "jwt_bearer"}, "auth.private_key: grant jwt_bearer needs private_key or private_key_file"},
		{"jwt_bearer without a secret", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "client_secret": absent}, ""},
		{"jwt_bearer without a secret in a header", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "client_secret": absent, "client_auth": "header"},
			"auth.client_secret: client_auth header needs client_secret"},
		{"jwt_bearer without a client", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "client_id": absent, "client_secret": absent}, "auth.client_id: oauth2 needs client_id"},
		{"jwt_bearer of another issuer", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "client_id": absent, "client_secret": absent, "claims": map[string]any{"iss": "x"}}, ""},
		{"jwt_bearer, claims not known yet", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "client_id": absent, "client_secret": absent, "claims": nil}, ""},
		{"a client that shows itself by key needs an id", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "client_id": absent, "client_secret": absent,
			"client_auth": "private_key_jwt", "claims": map[string]any{"iss": "x"}}, "auth.client_id: oauth2 needs client_id"},
		{"two keys", Settings{"grant": "jwt_bearer", "private_key": nil, "private_key_file": "k.pem"}, "auth.private_key_file: private_key and private_key_file are both there"},
		{"claims of another grant", Settings{"subject": "ann", "claims": nil, "assertion_ttl": time.Minute},
			"auth.subject: grant client_credentials does not use subject\nauth.claims: grant client_credentials does not use claims\n" +
				"auth.assertion_ttl: grant client_credentials does not use assertion_ttl"},
		{"a default is not written by anybody", Settings{"assertion_ttl": 5 * time.Minute}, ""},
		{"an assertion without a life", Settings{"grant": "jwt_bearer", "private_key_file": "k.pem", "assertion_ttl": time.Duration(0)}, "auth.assertion_ttl: assertion_ttl must be more than zero"},

		{"a client with a key", Settings{"client_auth": "private_key_jwt", "private_key": key, "client_secret": absent}, ""},
		{"a client without a key", Settings{"client_auth": "private_key_jwt", "client_secret": absent}, "auth.private_key: client_auth private_key_jwt needs private_key or private_key_file"},
		{"a client with key and secret", Settings{"client_auth": "private_key_jwt", "private_key": key}, "auth.client_secret: client_auth private_key_jwt sends no secret"},
		{"a key for nothing", Settings{"private_key_file": "k.pem", "key_id": "k", "algorithm": "RS256"},
			"auth.private_key_file: neither grant client_credentials nor client_auth body uses private_key_file\n" +
				"auth.key_id: neither grant client_credentials nor client_auth body uses key_id\nauth.algorithm: neither grant client_credentials nor client_auth body uses algorithm"},
		{"one key for both", Settings{"grant": "jwt_bearer", "client_auth": "private_key_jwt", "private_key": key, "client_secret": absent}, ""},
		{"no key for both", Settings{"grant": "jwt_bearer", "client_auth": "private_key_jwt", "client_secret": absent}, "auth.private_key: grant jwt_bearer needs private_key or private_key_file"},
		{"a certificate that is not there", Settings{"client_auth": "mtls", "client_secret": absent}, "tls.cert_file: client_auth mtls needs a client certificate"},
		{"a secret beside a certificate", Settings{"client_auth": "mtls"}, "tls.cert_file: client_auth mtls needs a client certificate\nauth.client_secret: client_auth mtls sends no secret"},
		{"a way that is not known yet", Settings{"client_auth": nil, "private_key": nil, "client_secret": absent}, ""},

		{"params with a key that is there", Settings{"audience": "x", "params": [][2]string{{"audience", "y"}, {"resource", "z"}}}, "auth.params.audience: audience cannot be set in params"},
		{"params that follow from the grant", Settings{"params": [][2]string{{"assertion", "x"}, {"code_verifier", "y"}, {"client_assertion", "z"}}},
			"auth.params.assertion: assertion cannot be set in params\nauth.params.code_verifier: code_verifier cannot be set in params"},
		{"params that show the client", Settings{"client_auth": "private_key_jwt", "private_key": key, "client_secret": absent, "params": [][2]string{{"client_assertion_type", "x"}}},
			"auth.params.client_assertion_type: client_assertion_type cannot be set in params"},
		{"headers", Settings{"token_headers": [][2]string{{"X-Tenant", "7"}, {"accept", "text/plain"}}}, ""},
		{"headers that are not for the taking", Settings{"token_headers": [][2]string{{"authorization", "x"}, {"content-type", "x"}, {"Host", "x"}, {"Proxy-Authorization", "x"}}},
			"auth.token_headers.authorization: Authorization cannot be set in token_headers\nauth.token_headers.content-type: Content-Type cannot be set in token_headers\n" +
				"auth.token_headers.Host: Host cannot be set in token_headers\nauth.token_headers.Proxy-Authorization: Proxy-Authorization cannot be set in token_headers"},
		{"headers that are none", Settings{"token_headers": [][2]string{{"a b", "x"}, {"X", "a\r\nb"}}},
			"auth.token_headers.a b: \"a b\" is no name of a header\nauth.token_headers.X: the value holds a line break or another character that cannot stand in a header"},
		{"a path with a hole", Settings{"token_path": "a..b"}, "auth.token_path: token_path has an empty name in it"},
		{"an unknown unit", Settings{"expires_unit": "weeks"}, `auth.expires_unit: "weeks" is none of the values of expires_unit`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := oauthProfile(t, baseOfTests, tt.settings)
			for name, value := range tt.settings {
				if value == absent {
					delete(p.Settings, name)
				}
			}
			var got []string
			for _, problem := range Check(p) {
				line := problem.Path + ": " + problem.Message
				if problem.Warning {
					line += " (warning)"
				}
				got = append(got, line)
				if problem.Hint == "" {
					t.Errorf("no hint for %s", line)
				}
			}
			if text := strings.Join(got, "\n"); text != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", text, tt.want)
			}
		})
	}
}

func TestHintsOfUnusedKeys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"private_key_file": "write grant: jwt_bearer or client_auth: private_key_jwt, or leave it out",
		"username":         "write grant: password, or leave it out",
	} {
		problems := Check(oauthProfile(t, baseOfTests, Settings{name: "x"}))
		if len(problems) != 1 || problems[0].Hint != want {
			t.Errorf("%s: got %+v, want hint %q", name, problems, want)
		}
	}
}

// What a grant needs or takes has to be a key that the language knows.
func TestGrantsNeedWhatThereIs(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, p := range oauth2Type().Params {
		known[p.Name] = true
	}
	for _, g := range Grants() {
		for _, name := range append(append([]string{}, g.needs...), g.takes...) {
			if !known[name] {
				t.Errorf("grant %s needs or takes %s, which is no key of oauth2", g.Name, name)
			}
		}
	}
}

// A certificate is one, whatever kind of file it comes in.
func TestCheckClientCertificate(t *testing.T) {
	t.Parallel()
	for _, files := range []TLS{{CertFile: "me.pem", KeyFile: "me.key"}, {CertFile: "both.pem"}, {PKCS12File: "me.p12", PKCS12Password: "pw"}} {
		p := Profile{Name: "p", BaseURL: mustURL(t, baseOfTests), Auth: "oauth2", TLS: files, Settings: Settings{
			"token_url": "/token", "client_id": "client", "client_auth": "mtls",
		}}
		if got := problemsOf(p); got != "" {
			t.Errorf("%+v: got %s", files, got)
		}
	}
}
