package auth

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestTypesAreDocumented(t *testing.T) {
	t.Parallel()
	var names []string
	for _, typ := range Types() {
		names = append(names, typ.Name)
		if typ.Summary == "" || strings.HasSuffix(typ.Summary, ".") {
			t.Errorf("%s: summary %q", typ.Name, typ.Summary)
		}
		seen := map[string]bool{}
		for _, p := range typ.Params {
			if p.Doc == "" || seen[p.Name] {
				t.Errorf("%s.%s has no doc, or is there twice", typ.Name, p.Name)
			}
			seen[p.Name] = true
			if p.Form != Enum && p.Default == "" && p.Example == "" {
				t.Errorf("%s.%s has neither a default nor an example", typ.Name, p.Name)
			}
			if p.Form == Enum && p.Default != "" && !slices.Contains(p.Values, p.Default) {
				t.Errorf("%s.%s: the default %q is none of its values", typ.Name, p.Name, p.Default)
			}
			if p.Default != "" && p.Form != Condition && p.defaultValue() == nil {
				t.Errorf("%s.%s: the default %q cannot be read", typ.Name, p.Name, p.Default)
			}
			if p.Secret && !strings.Contains(p.Example, "${secret.") && p.Example != "" {
				t.Errorf("%s.%s is a secret, and its example %q is none", typ.Name, p.Name, p.Example)
			}
		}
	}
	if got := strings.Join(names, " "); got != "none basic bearer api_key oauth2 aws_sigv4 hmac http_signature digest" {
		t.Errorf("types: %s", got)
	}
	for _, g := range Grants() {
		if g.Summary == "" {
			t.Errorf("grant %s has no summary", g.Name)
		}
		if g.keeps != (g.form == nil) {
			t.Errorf("grant %s keeps a refresh token: %t, and asks without one: %t", g.Name, g.keeps, g.form != nil)
		}
		if g.form == nil {
			continue
		}
		if g.form(Settings{}).Get("grant_type") == "" {
			t.Errorf("grant %s asks for none", g.Name)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	base := &url.URL{Scheme: "https", Host: "api.example.com", Path: "/v1"}
	oauth := func(more Settings) Profile {
		s := Settings{"token_url": "/token", "client_id": "i", "client_secret": "s"}
		for name, value := range more {
			if s[name] = value; value == "absent" {
				delete(s, name)
			}
		}
		return Profile{BaseURL: base, Auth: "oauth2", Settings: s}
	}
	with := func(p Profile, change func(*Profile)) Profile { change(&p); return p }
	tests := []struct {
		name    string
		profile Profile
		want    string // "path: message" of each problem, one a line
	}{
		{"nothing", Profile{}, ""},
		{"fine", oauth(nil), ""},
		{"values not known yet", Profile{BaseURL: base, Auth: "oauth2", Settings: Settings{
			"grant": nil, "token_url": nil, "client_id": nil, "client_secret": nil, "client_auth": "body", "params": nil, "skew": nil, "assume_ttl": nil, "scope": nil,
		}}, ""},
		{"unknown type", Profile{Auth: "magic"}, `auth.type: there is no sign-in named "magic"`},
		{"basic, nothing given", Profile{BaseURL: base, Auth: "basic"}, "auth.username: basic needs username\nauth.password: basic needs password"},
		{"basic, a colon", Profile{BaseURL: base, Auth: "basic", Settings: Settings{"username": "a:b", "password": "x"}},
			"auth.username: a user name for basic may not hold a colon"},
		{"bearer, a line break", Profile{BaseURL: base, Auth: "bearer", Settings: Settings{"token": "a\n"}},
			"auth.token: the value holds a line break or another character that cannot stand in a header"},
		{"api_key, no header name", Profile{BaseURL: base, Auth: "api_key", Settings: Settings{"name": "a b", "value": "x"}}, "auth.name: this is no name of a header"},
		{"api_key, any name in a query", Profile{BaseURL: base, Auth: "api_key", Settings: Settings{"in": "query", "name": "a b", "value": "x\n"}}, ""},
		{"api_key, elsewhere", Profile{BaseURL: base, Auth: "api_key", Settings: Settings{"in": "cookie", "name": "a", "value": "x"}},
			`auth.in: "cookie" is none of the values of in`},
		{"nowhere to go", Profile{Auth: "bearer", Settings: Settings{"token": "a"}}, "base_url: the profile signs in, but names no origin that its credentials may go to"},
		{"in the clear", Profile{BaseURL: &url.URL{Scheme: "http", Host: "api.example.com"}, Auth: "bearer", Settings: Settings{"token": "a"}},
			"base_url: the credentials would go over the network unencrypted (warning)"},
		{"an origin in the clear", Profile{BaseURL: base, Origins: []string{"%", "https://a.example", "http://a.example", "http://localhost:1"}, Auth: "bearer", Settings: Settings{"token": "a"}},
			"origins[0]: this is no URL\norigins[2]: the credentials would go over the network unencrypted (warning)"},
		{"in the clear, nothing secret", Profile{BaseURL: &url.URL{Scheme: "http", Host: "api.example.com"}}, ""},
		{"loopback", Profile{BaseURL: &url.URL{Scheme: "http", Host: "127.0.0.1:8080"}, Auth: "bearer", Settings: Settings{"token": "a"}}, ""},
		{"loopback of IPv6", Profile{BaseURL: &url.URL{Scheme: "http", Host: "[::1]:8080"}, Auth: "bearer", Settings: Settings{"token": "a"}}, ""},
		{"no web address", Profile{BaseURL: &url.URL{Scheme: "ftp", Host: "api.example.com"}}, "base_url: this is no address of a web server"},
		{"no scheme", Profile{BaseURL: &url.URL{Path: "api.example.com"}}, "base_url: this is no address of a web server"},
		{"a password in it", Profile{BaseURL: &url.URL{Scheme: "https", Host: "api.example.com", User: url.UserPassword("u", "p")}},
			"base_url: an address may not hold a user name or a password"},
		{"a query in it", Profile{BaseURL: mustURL(t, "https://api.example.com/v1?a=1")}, ""},
		{"a fragment in it", Profile{BaseURL: mustURL(t, "https://api.example.com/v1#a")}, "base_url: a fragment (#…) never reaches a server"},
		{"headers", Profile{Header: http.Header{"Accept": {"text/plain"}, "Bad Name": {"a"}, "X-Lines": {"a\nb"}}},
			"headers.Bad Name: \"Bad Name\" is no name of a header\nheaders.X-Lines: the value of X-Lines holds a line break or another character that cannot stand in a header"},
		{"origins", Profile{Origins: []string{"https://a.example", "a.example", "%"}}, "origins[1]: this is no address of a web server\norigins[2]: this is no URL"},
		{"proxy", Profile{Proxy: "ftp://127.0.0.1:1"}, `proxy: a proxy speaks http, https or socks5, not "ftp"`},
		{"proxy without a scheme", Profile{Proxy: "127.0.0.1:3128"}, "proxy: this is no address of a proxy"},
		{"key without certificate", Profile{TLS: TLS{KeyFile: "me.key"}}, "tls.key_file: a key needs its certificate"},
		{"TLS version", Profile{TLS: TLS{MinVersion: "2"}}, `tls.min_version: there is no TLS version "2"`},
		{"oauth2, nothing given", Profile{BaseURL: base, Auth: "oauth2"},
			"auth.token_url: oauth2 needs token_url\nauth.client_id: oauth2 needs client_id\nauth.client_secret: client_auth body needs client_secret"},
		{"unknown grant", oauth(Settings{"grant": "implicit"}), `auth.grant: "implicit" is none of the values of grant`},
		{"password without a user", oauth(Settings{"grant": "password"}), "auth.username: grant password needs username\nauth.password: grant password needs password"},
		{"a user without password", oauth(Settings{"username": "ann"}), "auth.username: grant client_credentials does not use username"},
		{"relative without a base", with(oauth(nil), func(p *Profile) { p.BaseURL, p.Origins = nil, []string{"https://api.example.com"} }),
			"auth.token_url: the profile has no base_url that a relative token_url could start from"},
		{"token_url without a scheme", oauth(Settings{"token_url": "//id.example/token"}), `auth.token_url: "//id.example/token" has no scheme`},
		{"token_url with a fragment", oauth(Settings{"token_url": "/token#x"}), "auth.token_url: token_url may not have a fragment (#…)"},
		{"token_url of another kind", oauth(Settings{"token_url": "file:///token"}), "auth.token_url: this is no address of a web server"},
		{"token_url that is none", oauth(Settings{"token_url": "https://a b/"}), `auth.token_url: "https://a b/" is no URL`},
		{"token_url in the clear", oauth(Settings{"token_url": "http://id.example/token"}), "auth.token_url: the client's secret would go over the network unencrypted (warning)"},
		{"a secret that is not sent", oauth(Settings{"client_auth": "none"}), "auth.client_secret: client_auth none sends no secret"},
		{"no secret to send", oauth(Settings{"client_auth": "header", "client_secret": "absent"}), "auth.client_secret: client_auth header needs client_secret"},
		{"no secret", oauth(Settings{"client_auth": "none", "client_secret": "absent"}), ""},
		{"params with a key of their own", oauth(Settings{"params": [][2]string{{"audience", "x"}, {"scope", "a"}, {"grant_type", "b"}}}),
			"auth.params.scope: scope cannot be set in params\nauth.params.grant_type: grant_type cannot be set in params"},
		{"lifetimes", oauth(Settings{"skew": -time.Second, "assume_ttl": time.Duration(0)}), "auth.skew: skew may not be negative\nauth.assume_ttl: assume_ttl must be more than zero"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := problemsOf(tt.profile); got != tt.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
			}
		})
	}
}

// problemsOf gives what Check finds, one a line.
func problemsOf(p Profile) string {
	var lines []string
	for _, problem := range Check(p) {
		line := problem.Path + ": " + problem.Message
		if problem.Warning {
			line += " (warning)"
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestAddressOf(t *testing.T) {
	t.Parallel()
	tests := []struct{ base, token, want string }{
		{"https://a.example", "/oauth_token.do", "https://a.example/oauth_token.do"},
		{"https://a.example/", "oauth_token.do", "https://a.example/oauth_token.do"},
		{"https://a.example/api/v2", "/token", "https://a.example/token"},
		{"https://a.example/api/v2", "token", "https://a.example/api/v2/token"},
		{"https://a.example/api/v2/", "./token?x=1", "https://a.example/api/v2/token?x=1"},
		{"https://a.example:8443/api", "https://id.example/token", "https://id.example/token"},
	}
	for _, tt := range tests {
		got, err := addressOf(Profile{BaseURL: mustURL(t, tt.base), Settings: Settings{"token_url": tt.token}}, "token_url")
		if err != nil || got.String() != tt.want {
			t.Errorf("%s from %s: got %v, %v, want %s", tt.token, tt.base, got, err, tt.want)
		}
	}
}

func TestOrigin(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"https://API.Example.com/x?y#z":   "https://api.example.com:443",
		"http://api.example.com":          "http://api.example.com:80",
		"https://api.example.com:443":     "https://api.example.com:443",
		"https://api.example.com:8443":    "https://api.example.com:8443",
		"https://u:p@api.example.com":     "https://api.example.com:443",
		"https://api.example.com.":        "https://api.example.com.:443",
		"https://[::1]:8443/":             "https://::1:8443",
		"HTTPS://api.example.com":         "https://api.example.com:443",
		"https://sub.api.example.com/a/b": "https://sub.api.example.com:443",
		"https://a_\u212a.example":        "https://a_\u212a.example:443", // the Kelvin sign is no k, and this name none to look up
	} {
		if got := origin(mustURL(t, text)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
}
