package sandbox

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestTokenGrants(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	password := url.Values{"grant_type": {"password"}, "username": {DefaultUser}, "password": {s.Secrets()["SANDBOX_PASSWORD"]}}

	credentials := decode[map[string]any](t, s.token(t, url.Values{"grant_type": {"client_credentials"}}).body)
	if _, ok := credentials["refresh_token"]; ok {
		t.Error("client_credentials gives a refresh token")
	}
	if got := credentials["expires_in"]; got != 1799.0 {
		t.Errorf("expires_in is %v, want 1799", got)
	}
	if scope, kind := credentials["scope"], credentials["token_type"]; scope != "useraccount" || kind != "Bearer" {
		t.Errorf("scope %v, token_type %v", scope, kind)
	}

	first := s.token(t, password)
	refresh := field(t, first.body, "refresh_token")
	again := s.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
	if again.status != http.StatusOK || field(t, again.body, "refresh_token") != refresh {
		t.Errorf("refresh: %d, the refresh token stays: %v", again.status, field(t, again.body, "refresh_token") == refresh)
	}
	if field(t, again.body, "access_token") == field(t, first.body, "access_token") {
		t.Error("a refresh gives the access token of before")
	}
	for _, body := range []string{first.body, again.body} {
		if a := ask(t, "GET", s.listURL("incident", "sysparm_limit=1"), "", "Authorization: Bearer "+field(t, body, "access_token")); a.status != 200 {
			t.Errorf("with the token: %d %s", a.status, a.body)
		}
	}
}

func TestTokenRefusals(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	client, secret, user, password := DefaultClientID, s.Secrets()["SANDBOX_CLIENT_SECRET"], DefaultUser, s.Secrets()["SANDBOX_PASSWORD"]
	form := func(pairs ...string) string {
		v := url.Values{}
		for i := 0; i < len(pairs); i += 2 {
			v.Set(pairs[i], pairs[i+1])
		}
		return v.Encode()
	}
	good := form("grant_type", "client_credentials", "client_id", client, "client_secret", secret)
	const formType = "application/x-www-form-urlencoded"
	tests := []struct{ name, method, query, kind, body string }{
		{"wrong secret", "POST", "", formType, form("grant_type", "client_credentials", "client_id", client, "client_secret", "no")},
		{"wrong client", "POST", "", formType, form("grant_type", "client_credentials", "client_id", "no", "client_secret", secret)},
		{"no client", "POST", "", formType, form("grant_type", "client_credentials")},
		{"no grant", "POST", "", formType, form("client_id", client, "client_secret", secret)},
		{"other grant", "POST", "", formType, form("grant_type", "device_code", "client_id", client, "client_secret", secret)},
		{"wrong password", "POST", "", formType, form("grant_type", "password", "client_id", client, "client_secret", secret, "username", user, "password", "no")},
		{"wrong user", "POST", "", formType, form("grant_type", "password", "client_id", client, "client_secret", secret, "username", "no", "password", password)},
		{"unknown refresh token", "POST", "", formType, form("grant_type", "refresh_token", "client_id", client, "client_secret", secret, "refresh_token", "no")},
		{"no refresh token", "POST", "", formType, form("grant_type", "refresh_token", "client_id", client, "client_secret", secret)},
		{"json", "POST", "", "application/json", `{"grant_type":"client_credentials","client_id":"` + client + `","client_secret":"` + secret + `"}`},
		{"no content type", "POST", "", "", good},
		{"get", "GET", good, "", ""},
		{"in the query", "POST", good, formType, ""},
		{"put", "PUT", "", formType, good},
		{"twice", "POST", "", formType, good + "&grant_type=client_credentials"},
		{"too large", "POST", "", formType, good + "&x=" + strings.Repeat("x", 65<<10)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, tt.method, s.URL()+"/oauth_token.do?"+tt.query, tt.body, "Content-Type: "+tt.kind)
			want := `{"error":"server_error","error_description":"access_denied"}` + "\n"
			if a.status != http.StatusUnauthorized || a.body != want {
				t.Errorf("answer %d %q, want 401 %q", a.status, a.body, want)
			}
		})
	}
}

func TestRotatedRefreshToken(t *testing.T) {
	t.Parallel()
	s := start(t, Options{RotateRefresh: true, User: "ann", Password: "p&w=d"})
	refresh := func(token string) answer {
		return s.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
	}
	old := field(t, s.token(t, url.Values{"grant_type": {"password"}, "username": {"ann"}, "password": {"p&w=d"}}).body, "refresh_token")
	next := field(t, refresh(old).body, "refresh_token")
	if next == "" || next == old {
		t.Fatalf("no new refresh token")
	}
	renewed := refresh(next)
	newest, access := field(t, renewed.body, "refresh_token"), field(t, renewed.body, "access_token")
	if renewed.status != http.StatusOK {
		t.Fatalf("the new refresh token gives %d, want 200", renewed.status)
	}
	if status := s.status(t, access); status != http.StatusOK {
		t.Errorf("the access token gives %d, want 200", status)
	}

	if a := refresh(old); a.status != http.StatusUnauthorized {
		t.Errorf("the old refresh token gives %d, want 401", a.status)
	}
	if a := refresh(newest); a.status != http.StatusUnauthorized {
		t.Errorf("the newest refresh token gives %d after an old one was shown, want 401", a.status)
	}
	if status := s.status(t, access); status != http.StatusUnauthorized {
		t.Errorf("the access token gives %d after an old refresh token was shown, want 401", status)
	}
}

func TestRefreshLifetime(t *testing.T) {
	t.Parallel()
	for _, rotate := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			s := New(Options{RefreshLifetime: time.Hour, RotateRefresh: rotate, Incidents: -1})
			refresh := s.login(t)
			renew := func() answer {
				a := s.tokenOf(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}})
				refresh = field(t, a.body, "refresh_token")
				return a
			}
			time.Sleep(time.Hour - 1)
			if a := renew(); a.status != http.StatusOK {
				t.Fatalf("rotate %v: just before its end the refresh token gives %d", rotate, a.status)
			}
			time.Sleep(1)
			want := http.StatusUnauthorized
			if rotate { // the one in its place lives on
				want = http.StatusOK
			}
			if a := renew(); a.status != want {
				t.Errorf("rotate %v: an hour after the login the refresh token gives %d, want %d", rotate, a.status, want)
			}
		})
	}
}

func TestStandardErrors(t *testing.T) {
	t.Parallel()
	s := start(t, Options{StandardErrors: true})
	tests := []struct {
		name   string
		form   url.Values
		status int
		want   string
	}{
		{"wrong secret", url.Values{"grant_type": {"client_credentials"}, "client_id": {DefaultClientID}, "client_secret": {"no"}}, 401, "invalid_client"},
		{"other grant", url.Values{"grant_type": {"implicit"}}, 400, "unsupported_grant_type"},
		{"twice", url.Values{"grant_type": {"client_credentials", "client_credentials"}}, 400, "invalid_request"},
		{"wrong password", url.Values{"grant_type": {"password"}, "username": {DefaultUser}, "password": {"no"}}, 400, "invalid_grant"},
		{"unknown refresh token", url.Values{"grant_type": {"refresh_token"}, "refresh_token": {"no"}}, 400, "invalid_grant"},
		{"unknown code", url.Values{"grant_type": {"authorization_code"}, "code": {"no"}, "code_verifier": {testVerifier}}, 400, "invalid_grant"},
		{"no verifier", url.Values{"grant_type": {"authorization_code"}, "code": {"no"}}, 400, "invalid_request"},
		{"unknown device", url.Values{"grant_type": {byDevice}, "device_code": {"no"}}, 400, "invalid_grant"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := s.token(t, tt.form)
			if want := `{"error":"` + tt.want + `"}` + "\n"; a.status != tt.status || a.body != want {
				t.Errorf("%d %s, want %d %s", a.status, a.body, tt.status, want)
			}
		})
	}
}

func TestTokenLifetime(t *testing.T) {
	t.Parallel()
	s := start(t, Options{TokenLifetime: time.Nanosecond})
	a := s.token(t, url.Values{"grant_type": {"client_credentials"}})
	if got := decode[map[string]any](t, a.body)["expires_in"]; got != 1.0 {
		t.Errorf("expires_in is %v, want 1: rounded up", got)
	}
	late := ask(t, "GET", s.listURL("incident"), "", "Authorization: Bearer "+field(t, a.body, "access_token"))
	if late.status != http.StatusUnauthorized {
		t.Errorf("an expired token gives %d, want 401", late.status)
	}
}

func TestExpireTokens(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	auth := signIn(t, s)
	s.ExpireTokens()
	if a := ask(t, "GET", s.listURL("incident"), "", auth); a.status != http.StatusUnauthorized {
		t.Errorf("an expired token gives %d, want 401", a.status)
	}
	if a := ask(t, "GET", s.listURL("incident"), "", signIn(t, s)); a.status != http.StatusOK {
		t.Errorf("a token given afterwards gives %d, want 200", a.status)
	}
}

func TestRevokeSignIns(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	password := url.Values{"grant_type": {"password"}, "username": {DefaultUser}, "password": {s.Secrets()["SANDBOX_PASSWORD"]}}
	given := s.token(t, password).body
	machine := signIn(t, s)
	s.RevokeSignIns()
	a := s.token(t, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {field(t, given, "refresh_token")}})
	if a.status != http.StatusUnauthorized {
		t.Errorf("the refresh token gives %d, want 401", a.status)
	}
	for _, auth := range []string{machine, "Authorization: Bearer " + field(t, given, "access_token")} {
		if a := ask(t, "GET", s.listURL("incident"), "", auth); a.status != http.StatusUnauthorized {
			t.Errorf("an access token gives %d, want 401", a.status)
		}
	}
	if a := ask(t, "GET", s.listURL("incident"), "", signIn(t, s)); a.status != http.StatusOK {
		t.Errorf("a token given afterwards gives %d, want 200", a.status)
	}
}

func TestTableAuthentication(t *testing.T) {
	t.Parallel()
	s := start(t, Options{ClientSecret: "c-secret", Password: "p-secret", OncallKey: "k-secret"})
	token := signIn(t, s)
	basic := func(user, password string) string {
		r, _ := http.NewRequest("GET", "/", nil)
		r.SetBasicAuth(user, password)
		return "Authorization: " + r.Header.Get("Authorization")
	}
	tests := []struct {
		name, header string
		want         int
	}{
		{"token", token, 200},
		{"token, other case", strings.Replace(token, "Bearer", "bearer", 1), 200},
		{"basic", basic(DefaultUser, "p-secret"), 200},
		{"nothing", "X-None: 1", 401},
		{"empty bearer", "Authorization: Bearer", 401},
		{"unknown token", "Authorization: Bearer nope", 401},
		{"token as basic", strings.Replace(token, "Bearer", "Basic", 1), 401},
		{"wrong password", basic(DefaultUser, "c-secret"), 401},
		{"wrong user", basic("admin", "p-secret"), 401},
		{"no password", basic(DefaultUser, ""), 401},
		{"the key of the other API", "Authorization: Bearer k-secret", 401},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := ask(t, "GET", s.listURL("incident", "sysparm_limit=1"), "", tt.header)
			if a.status != tt.want {
				t.Fatalf("status %d, want %d", a.status, tt.want)
			}
			want := `{"error":{"message":"User Not Authenticated","detail":"Required to provide Auth information"},"status":"failure"}` + "\n"
			if tt.want == 401 && (a.body != want || a.header.Get("WWW-Authenticate") == "") {
				t.Errorf("body %q, WWW-Authenticate %q", a.body, a.header.Get("WWW-Authenticate"))
			}
		})
	}
}
