package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestRevokeToken(t *testing.T) {
	t.Parallel()
	byPost := func(s *Running, token string) answer {
		return ask(t, "POST", s.URL()+"/oauth_revoke_token.do", url.Values{"token": {token}, "token_type_hint": {"refresh_token"}}.Encode(),
			"Content-Type: application/x-www-form-urlencoded")
	}
	byGet := func(s *Running, token string) answer {
		return ask(t, "GET", s.URL()+"/oauth_revoke_token.do?token="+url.QueryEscape(token), "")
	}
	tests := []struct {
		name            string
		revoke          func(*Running, string) answer
		token           string
		access, refresh int // what the tokens give afterwards
	}{
		{"access token", byPost, "access_token", 401, 200},
		{"access token by GET", byGet, "access_token", 401, 200},
		{"refresh token", byPost, "refresh_token", 401, 401},
		{"refresh token by GET", byGet, "refresh_token", 401, 401},
		{"unknown token", byPost, "scope", 200, 200},
		{"unknown token by GET", byGet, "scope", 200, 200},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			given := s.token(t, redeeming(s.pressed(t, authorizing(), "allow").Query().Get("code"))).body
			if a := tt.revoke(s, field(t, given, tt.token)); a.status != http.StatusOK || a.body != "" {
				t.Errorf("%d %s, want 200 and nothing", a.status, a.body)
			}
			if got := s.status(t, field(t, given, "access_token")); got != tt.access {
				t.Errorf("the access token gives %d, want %d", got, tt.access)
			}
			a := s.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {field(t, given, "refresh_token")}})
			if a.status != tt.refresh {
				t.Errorf("the refresh token gives %d, want %d", a.status, tt.refresh)
			}
			for _, r := range s.Requests() {
				if strings.Contains(r.Query, field(t, given, "access_token")) {
					t.Error("the audit tells a token")
				}
			}
		})
	}
}

func TestRevokeRefusals(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1, StandardErrors: true, ClientSecret: "c-secret"})
	refresh := s.login(t)
	for _, tt := range []struct {
		method, query, form string
		status              int
	}{
		{"POST", "", "client_id=snrun&client_secret=no&token=" + refresh, 401},
		{"POST", "", "client_id=snrun&token=" + refresh, 401},
		{"POST", "", "client_id=snrun&client_secret=c-secret", 400},
		{"POST", "?token=" + refresh, "client_id=snrun&client_secret=c-secret", 400},
		{"GET", "", "", 400},
		{"PUT", "?token=" + refresh, "", 405},
	} {
		if a := s.serve(tt.method, "/oauth_revoke_token.do"+tt.query, tt.form); a.status != tt.status {
			t.Errorf("%s %q: %d %s, want %d", tt.method, tt.form, a.status, a.body, tt.status)
		}
	}
	form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
	if a := s.tokenOf(t, form); a.status != http.StatusOK {
		t.Errorf("the refresh token gives %d, want 200: all were refused", a.status)
	}
	s.serve("POST", "/oauth_revoke_token.do", "client_id=snrun&client_secret=c-secret&token="+refresh)
	if a := s.tokenOf(t, form); a.status != http.StatusBadRequest {
		t.Errorf("the refresh token gives %d, want 400: the client has revoked it", a.status)
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, name := range []string{"oauth-authorization-server", "openid-configuration"} {
		told := decode[map[string]any](t, ask(t, "GET", s.URL()+"/.well-known/"+name, "").body)
		if told["issuer"] != s.URL() {
			t.Errorf("the issuer is %v, want %s", told["issuer"], s.URL())
		}
		for key, value := range told {
			address, _ := value.(string)
			if !strings.HasSuffix(key, "_endpoint") {
				continue
			}
			if a := ask(t, "POST", address, "x=1", "Content-Type: application/x-www-form-urlencoded"); a.status == http.StatusNotFound || a.status >= 500 {
				t.Errorf("%s is %s, which answers %d", key, address, a.status)
			}
		}
	}
}
