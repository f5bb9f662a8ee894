package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

// catchAll refuses as ServiceNow does, whatever is wrong.
func catchAll(w http.ResponseWriter, _ int, _ url.Values) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	fmt.Fprint(w, `{"error_description":"access_denied","error":"server_error"}`)
}

func someCauses() []Cause {
	return []Cause{
		{Code: "access_denied", Check: "the secret"},
		{Code: "access_denied", Grants: []string{"client_credentials"}, Check: "the grant"},
		{Code: "access_denied", Grants: []string{"password", "refresh_token"}, Check: "the user"},
		{Code: "invalid_grant", Check: "the clock"},
	}
}

// TestCauses holds what the error of a refused sign-in advises, with a real request.
func TestCauses(t *testing.T) {
	t.Parallel()
	usual := "check client_id, client_secret and client_auth, and that the server allows this client the grant client_credentials"
	user := Settings{"grant": "password", "username": "ann", "password": "pw"}
	tests := []struct {
		name     string
		product  string
		causes   []Cause
		settings Settings
		give     func(http.ResponseWriter, int, url.Values)
		want     string
	}{
		{"by the description, for the grant", "Some Product", someCauses(), nil, catchAll,
			"Some Product answers access_denied for all of these; check in this order:\n1. the secret\n2. the grant\nthen run: snrun auth test p"},
		{"for another grant", "Some Product", someCauses(), user, catchAll,
			"Some Product answers access_denied for all of these; check in this order:\n1. the secret\n2. the user\nthen run: snrun auth test p"},
		{"by the code", "", someCauses(), nil, func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "invalid_grant") },
			"the server answers invalid_grant for all of these; check in this order:\n1. the clock\nthen run: snrun auth test p"},
		{"another refusal", "Some Product", someCauses(), nil, func(w http.ResponseWriter, _ int, _ url.Values) { refuse(w, 400, "invalid_client") }, usual},
		{"no causes known", "", nil, nil, catchAll, usual},
		{"no refusal", "Some Product", someCauses(), nil, func(w http.ResponseWriter, _ int, _ url.Values) {
			w.WriteHeader(http.StatusNotFound)
			fmt.Fprint(w, "access_denied")
		}, "check token_url: what answers there does not speak OAuth 2.0"},
		{"a proxy's refusal", "Some Product", someCauses(), nil, func(w http.ResponseWriter, _ int, _ url.Values) {
			w.WriteHeader(http.StatusProxyAuthRequired)
			fmt.Fprint(w, "<html>access_denied</html>")
		}, "write the proxy's user and password into the address in proxy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(&system{give: tt.give})
			t.Cleanup(server.Close)
			p := oauthProfile(t, server.URL, tt.settings)
			p.Product, p.Causes = tt.product, tt.causes
			_, err := clientOf(t, keyringOf(t, Options{}, p), "p").Get(server.URL)
			var failed *SignInError
			if !errors.As(err, &failed) {
				t.Fatalf("got %v, want a *SignInError", err)
			}
			if got := failed.Help(); got != tt.want {
				t.Errorf("got the help\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

// TestCausesOfARefresh holds that a refused refresh token is told apart from the grant that it came of.
func TestCausesOfARefresh(t *testing.T) {
	t.Parallel()
	e := &endpoint{profile: "p", program: "snrun", product: product{"P", someCauses()}}
	failed := &SignInError{kind: refused, Grant: "refresh_token", Description: "access_denied"}
	e.suspect(failed)
	want := "P answers access_denied for all of these; check in this order:\n1. the secret\n2. the user\nthen run: snrun auth test p"
	if got := failed.Help(); got != want {
		t.Errorf("got the help\n%s\nwant\n%s", got, want)
	}
	for _, login := range []string{"authorization_code", "device_code"} {
		failed = &SignInError{kind: refused, Grant: login, Description: "access_denied"}
		e.suspect(failed)
		want = "P answers access_denied for all of these; check in this order:\n1. the secret\nthen run: snrun auth login p"
		if got := failed.Help(); got != want {
			t.Errorf("got the help of a login\n%s\nwant\n%s", got, want)
		}
	}
	failed = &SignInError{kind: unreachable, Grant: "refresh_token", Description: "access_denied"}
	if e.suspect(failed); failed.help != "" {
		t.Errorf("got the help %q for what is no refusal", failed.help)
	}
	failed = &SignInError{kind: refused, Grant: "refresh_token", Description: "access_denied", help: "known better"}
	if e.suspect(failed); failed.Help() != "known better" {
		t.Errorf("got the help %q, want the one that was there", failed.Help())
	}
}
