package sandbox

import (
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTokenFaults has the first of two refreshes go wrong in every way there is.
func TestTokenFaults(t *testing.T) {
	t.Parallel()
	const page = "text/html;charset=UTF-8"
	tests := []struct {
		fault  Fault
		status int // 0: no answer
		kind   string
		spent  bool // the refresh token was used up all the same
	}{
		{Fault{Kind: Unavailable}, 503, page, false},
		{Fault{Kind: Limited}, 429, "application/json;charset=UTF-8", false},
		{Fault{Kind: Hibernating}, 200, page, false},
		{Fault{Kind: Slow, Delay: time.Millisecond}, 200, "application/json;charset=UTF-8", true},
		{Fault{Kind: Drop}, 0, "", false},
		{Fault{Kind: Cut}, 0, "", false},
		{Fault{Kind: Lost}, 0, "", true},
		{Fault{Kind: NoLifetime}, 200, "application/json;charset=UTF-8", true},
		{Fault{Kind: Redirect, To: "http://127.0.0.1:8"}, 307, "", false},
	}
	for _, tt := range tests {
		t.Run(string(tt.fault.Kind), func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{RotateRefresh: true})
			refresh := s.login(t)
			tt.fault.Path, tt.fault.On = "/oauth_token.do", Nth(1)
			s.Inject(tt.fault)
			form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {refresh}}
			first, err := s.tryToken(form)
			if (err == nil) != (tt.status != 0) || err == nil && (first.status != tt.status || first.header.Get("Content-Type") != tt.kind) {
				t.Errorf("the first time: %d %s %s, error %v", first.status, first.header.Get("Content-Type"), first.body, err)
			}
			second, err := s.tryToken(form)
			if err != nil || (second.status == http.StatusOK) == tt.spent {
				t.Errorf("the second time: %d %s, error %v; was it carried out the first time: %v", second.status, second.body, err, tt.spent)
			}
			for _, r := range s.Requests() {
				if r.GrantType != "refresh_token" && r.GrantType != "password" {
					t.Errorf("the audit has %+v", r)
				}
			}
		})
	}
}

// tryToken asks the token endpoint once, and follows nothing.
func (r *Running) tryToken(form url.Values) (answer, error) {
	form.Set("client_id", r.options.ClientID)
	form.Set("client_secret", r.options.ClientSecret)
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	response, err := client.PostForm(r.URL()+"/oauth_token.do", form)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response.StatusCode, response.Header, string(body)}, err
}

func TestNoLifetime(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Faults: []Fault{{Kind: NoLifetime, Path: "/oauth_token.do", On: Nth(1)}}})
	for i, want := range []bool{false, true} {
		a := decode[map[string]any](t, s.token(t, url.Values{"grant_type": {"client_credentials"}}).body)
		if _, has := a["expires_in"]; has != want || a["access_token"] == "" {
			t.Errorf("answer %d is %v, want expires_in: %v", i+1, a, want)
		}
	}
}

// A lost answer was carried out: the alert is there, and the client does not know.
func TestLostAnswerOfAnotherPath(t *testing.T) {
	t.Parallel()
	s := start(t, Options{OncallKey: "k", Faults: []Fault{{Kind: Lost, Path: "/oncall", On: Nth(1)}}})
	create := func() (answer, error) {
		return try("POST", s.URL()+"/oncall/v1/alerts", `{"dedup":"a","title":"b"}`, "X-Api-Key: k")
	}
	if a, err := create(); !errors.Is(err, io.EOF) {
		t.Errorf("%d %s, error %v; want EOF", a.status, a.body, err)
	}
	if a, err := create(); err != nil || a.status != http.StatusConflict {
		t.Errorf("%d %s, error %v; want 409", a.status, a.body, err)
	}
	if got := s.Requests()[0].Status; got != 0 {
		t.Errorf("the audit has status %d for an answer that nobody got", got)
	}
}

// TestRedirectElsewhere sees what comes with clients that follow.
func TestRedirectElsewhere(t *testing.T) {
	t.Parallel()
	s := start(t, Options{ClientSecret: "c secret", Faults: []Fault{{Kind: Redirect, Path: "/"}}})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {DefaultClientID}, "client_secret": {"c secret"}}
	const formType = "Content-Type: application/x-www-form-urlencoded"
	basic := base64.StdEncoding.EncodeToString([]byte("snrun:c secret"))
	refresh := "r-of-nobody"
	tests := []struct {
		name, method, path, body string
		headers                  []string
		secret                   bool
	}{
		{"secret in the body", "POST", "/oauth_token.do", form.Encode(), []string{formType}, true},
		{"secret in the query", "GET", "/files/x?key=" + url.QueryEscape("c secret"), "", nil, true},
		{"nothing", "GET", "/api/now/table/incident?x=1", "", nil, false},
		{"another's token", "POST", "/oauth_token.do", "grant_type=refresh_token&refresh_token=" + refresh, []string{formType}, false},
	}
	for _, tt := range tests {
		if a := ask(t, tt.method, s.URL()+tt.path, tt.body, tt.headers...); a.status != http.StatusOK || field(t, a.body, "access_token") == "" {
			t.Errorf("%s: %d %s", tt.name, a.status, a.body)
		}
	}
	came := s.Elsewhere()
	if len(came) != len(tests) {
		t.Fatalf("%d requests came elsewhere, want %d", len(came), len(tests))
	}
	for i, tt := range tests {
		path, query, _ := strings.Cut(tt.path, "?")
		if r := came[i]; r.Method != tt.method || r.Path != path || r.Secret != tt.secret || (r.Query == "") != (query == "") || strings.Contains(r.Query, "secret") {
			t.Errorf("%s: %+v", tt.name, r)
		}
	}
	if came[0].GrantType != "client_credentials" || came[2].GrantType != "" {
		t.Errorf("the grants are %q and %q", came[0].GrantType, came[2].GrantType)
	}

	r := httptest.NewRequest("GET", "/", nil) // Go's client takes it off on the way to another host, not every one does
	deviceCode, _ := s.devices.start(onlyScope)
	for _, value := range []string{
		"Basic " + basic, "Bearer " + s.tokens.newAccess(&family{scope: onlyScope}), s.tokens.newRefresh(&family{}),
		s.codes.issue(code{}), deviceCode,
	} {
		r.Header.Set("Authorization", value)
		if !s.carries(r, nil) {
			t.Errorf("a header with a secret is taken for one without")
		}
	}
	told := ask(t, "GET", s.URL()+"/sandbox/requests", "").body
	if n := len(decode[struct{ Elsewhere []Request }](t, told).Elsewhere); n != len(tests) || strings.Contains(told, "c secret") {
		t.Errorf("/sandbox/requests tells of %d requests elsewhere: %s", n, told)
	}
	ask(t, "DELETE", s.URL()+"/sandbox/requests", "")
	if n := len(s.Elsewhere()); n != 0 {
		t.Errorf("%d requests after DELETE, want 0", n)
	}
}

func TestRedirectTo(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1})
	for _, tt := range []struct {
		to     string
		status int
		want   string
	}{
		{"http://127.0.0.1:8", 307, "http://127.0.0.1:8/oauth_token.do?x=1"},
		{"https://example.com/other?y=2", 307, "https://example.com/other?y=2"},
		{"", 500, ""}, // a sandbox that was not started has no other port
	} {
		s.ClearFaults()
		s.Inject(Fault{Kind: Redirect, Path: "/oauth_token.do", To: tt.to})
		a := s.serve("POST", "/oauth_token.do?x=1", "")
		if a.status != tt.status || a.header.Get("Location") != tt.want {
			t.Errorf("%q: %d, Location %q; want %d %q", tt.to, a.status, a.header.Get("Location"), tt.status, tt.want)
		}
	}
}

// What ends the tokens can be reached by HTTP too.
func TestEndTokensOverHTTP(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	refresh := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {s.login(t)}}
	auth := signIn(t, s)
	for _, step := range []struct {
		path            string
		access, refresh int
	}{{"/sandbox/expire", 401, 200}, {"/sandbox/revoke", 401, 401}} {
		if a := ask(t, "POST", s.URL()+step.path, ""); a.status != http.StatusNoContent {
			t.Errorf("%s: %d, want 204", step.path, a.status)
		}
		if a := ask(t, "GET", s.listURL("incident"), "", auth); a.status != step.access {
			t.Errorf("%s: the access token gives %d, want %d", step.path, a.status, step.access)
		}
		if a := s.token(t, refresh); a.status != step.refresh {
			t.Errorf("%s: the refresh token gives %d, want %d", step.path, a.status, step.refresh)
		}
	}
}

func TestAuditOfLogins(t *testing.T) {
	t.Parallel()
	s := New(Options{Incidents: -1})
	s.serve("GET", "/oauth_auth.do?"+authorizing("state=st-1").Encode(), "")
	d := s.startDeviceLogin(t)
	s.verify(d.UserCode, "allow")
	s.serve("GET", "/oauth_revoke_token.do?token=of-another-sandbox", "")
	s.serve("POST", "/oauth_token.do", "grant_type=a-secret-in-the-wrong-place")
	s.serve("POST", "/oauth_token.do", "grant_type=authorization_code&code=%zz")
	var queries, grants []string
	for _, r := range s.Requests() {
		queries = append(queries, r.Query)
		grants = append(grants, r.GrantType)
	}
	told := strings.Join(queries, "\n")
	for _, hidden := range []string{"st-1", d.UserCode, d.DeviceCode, "of-another-sandbox"} {
		if strings.Contains(told, hidden) {
			t.Errorf("the audit tells %q:\n%s", hidden, told)
		}
	}
	if !strings.Contains(told, "state=***") || !strings.Contains(told, "client_id=snrun") {
		t.Errorf("the audit has\n%s", told)
	}
	if got := strings.Join(grants, ","); got != ",,,,,unknown,authorization_code" {
		t.Errorf("the grants are %q", got)
	}
}
