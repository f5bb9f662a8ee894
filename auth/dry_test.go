package auth

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
)

// TestDry holds that a dry run's clients send nothing but what they may ask, sign in nowhere, and tell of each request as it would go
// out, without its sign-in.
func TestDry(t *testing.T) {
	t.Parallel()
	server := newRecorder(t, nil)
	base := mustURL(t, server.URL)
	k := keyringOf(t, Options{},
		Profile{Name: "basic", BaseURL: base, Auth: "basic", Settings: Settings{"username": "ann", "password": "pw-of-ann"}, Header: http.Header{"x-team": {"ops"}, "X-Own": {"profile"}}},
		Profile{Name: "token", BaseURL: base, Auth: "oauth2", Settings: Settings{"grant": "client_credentials", "token_url": "/token", "client_id": "i", "client_secret": "s"}},
		Profile{Name: "open", BaseURL: base})
	type asks struct{}
	d := k.Dry(func(ctx context.Context) bool { return ctx.Value(asks{}) != nil })
	for _, test := range []struct {
		name, profile, method, url, off string
		asks                            bool
		signIn, team                    string
		sent                            int
	}{
		{name: "signed", profile: "basic", method: "POST", url: server.URL + "/a", signIn: "basic", team: "ops"},
		{name: "a token is not fetched", profile: "token", method: "GET", url: server.URL + "/a", signIn: "oauth2"},
		{name: "the sign-in is off", profile: "basic", method: "GET", url: server.URL + "/a", off: "none", team: "ops"},
		{name: "elsewhere", profile: "basic", method: "GET", url: "http://other.example/a"},
		{name: "no sign-in", profile: "open", method: "GET", url: server.URL + "/a"},
		{name: "no profile", profile: "", method: "GET", url: server.URL + "/a"},
		{name: "what may be asked is", profile: "basic", method: "GET", url: server.URL + "/wsdl", asks: true, signIn: "basic", team: "ops", sent: 1},
		{name: "but changes nothing", profile: "basic", method: "POST", url: server.URL + "/wsdl", asks: true, signIn: "basic", team: "ops"},
	} {
		before := server.count()
		var told []DryRequest
		ctx := WithDry(t.Context(), func(r DryRequest) { told = append(told, r) })
		if test.asks {
			ctx = context.WithValue(ctx, asks{}, true)
		}
		client, err := d.Client(ctx, test.profile)
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(ctx, test.method, test.url, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Own", "step")
		if test.off != "" {
			req.Header.Set(SignInHeader, test.off)
		}
		resp, err := client.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		if sent := server.count() - before; sent != test.sent || (test.sent == 0) != errors.Is(err, ErrDry) {
			t.Errorf("%s: %d requests came, error %v", test.name, sent, err)
		}
		if len(told) != 1 {
			t.Errorf("%s: told of %d requests", test.name, len(told))
			continue
		}
		got := told[0]
		h := got.Request.Header
		if got.SignIn != test.signIn || got.Sent != (test.sent == 1) || h.Get("X-Team") != test.team || h.Get("X-Own") != "step" {
			t.Errorf("%s: told of %+v with %v", test.name, got, h)
		}
		if h.Get("Authorization") != "" || h.Get(SignInHeader) != "" || got.Request.URL.String() != test.url || got.Request.Body != nil {
			t.Errorf("%s: it shows %s with %v", test.name, got.Request.URL, h)
		}
	}
	if _, err := d.Client(t.Context(), "nobody"); err == nil {
		t.Error("there is a client of a profile that is not there")
	}
}
