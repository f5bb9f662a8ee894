package auth

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// signingIn are the settings of a profile that a person signs in, for good.
func signingIn(more Settings) Settings {
	s := Settings{
		"grant": grantAuthorizationCode, "scope": []string{"openid", "offline_access"},
		"authorize_params": [][2]string{{"prompt", "consent"}}, // without which OpenID Connect gives no offline access
	}
	for name, value := range more {
		s[name] = value
	}
	return s
}

// login has a person sign in, and gives the page that the browser ends at.
func login(t *testing.T, k *Keyring, who *person, p Prompt) (page, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a browser that ends elsewhere would have the login wait for longer
	defer cancel()
	var browsing sync.WaitGroup
	var end page
	tell := p.Visit
	p.Visit = func(v Visit) {
		if tell != nil {
			tell(v)
		}
		browsing.Go(func() { end = who.click(t, v.URL) })
	}
	err := k.Login(ctx, "p", p)
	browsing.Wait()
	if errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the login has no end; the browser shows %q", end.body())
	}
	return end, err
}

func mustLogin(t *testing.T, k *Keyring) {
	t.Helper()
	if _, err := login(t, k, newPerson(t), Prompt{}); err != nil {
		t.Fatal(err)
	}
}

// mustBeAnn sees that the API is called for the person who has signed in.
func mustBeAnn(t *testing.T, k *Keyring) {
	t.Helper()
	if got := callAPI(t, k); got.Client != "client" || got.Account != "ann" {
		t.Errorf("the API was called by %+v, want ann", got)
	}
}

func testCodeLogin(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{Clients: []clientData{aClient(nil)}})
	place := placeOf(t)
	k := keyringOf(t, Options{Store: place}, p.profile(t, signingIn(nil)))
	if failed := mustBeRefused(t, k); failed.Help() != "run: snrun auth login p" {
		t.Errorf("before the login: got %v; %s", failed, failed.Help())
	}
	end, err := login(t, k, newPerson(t), Prompt{})
	if err != nil {
		t.Fatal(err)
	}
	if end.status != http.StatusOK || !strings.Contains(end.text, "Signed in") || end.at.Query().Get("iss") != p.Issuer {
		t.Errorf("the browser ends with %d, iss %q: %q", end.status, end.at.Query().Get("iss"), end.text)
	}
	mustBeAnn(t, k)
	if st := mustBe(t, k, StateOK); !st.HasRefresh || !st.Kept {
		t.Errorf("after the login: got %+v", st)
	}
	// Another process goes on with the same token.
	mustBeAnn(t, keyringOf(t, Options{Store: reopen(t, place)}, p.profile(t, signingIn(nil))))
	p.mustAsk(t, 1)
}

func testPublicLogin(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{Clients: []clientData{aClient(clientData{
		"client_secret": nil, "token_endpoint_auth_method": "none",
		"grant_types": []string{"authorization_code", "refresh_token"}, // the rest is not for clients without a secret
	})}})
	k := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, signingIn(Settings{"client_secret": nil, "client_auth": "none"})))
	mustLogin(t, k)
	mustBeAnn(t, k)
	first := recordOf(t, k.sources["p"])
	killAccess(t, k)
	mustBeAnn(t, k)
	if now := recordOf(t, k.sources["p"]); now.Refresh == first.Refresh || now.Access == first.Access {
		t.Error("the tokens are those before the refresh")
	}
}

// testPastedLogin has the browser end at a page that is not of this machine, and the person paste its address.
func testPastedLogin(t *testing.T, o *providers) {
	const back = "https://snrun.example.com/callback"
	p := o.start(t, providerConfig{Clients: []clientData{aClient(clientData{"application_type": "web", "redirect_uris": []string{back}})}})
	k := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, signingIn(Settings{"redirect_url": back})))
	paste := func(change func(url.Values)) error {
		who := newPerson(t)
		who.stays = back
		var address string
		return k.Login(t.Context(), "p", Prompt{Visit: func(v Visit) { address = v.URL }, Paste: func(context.Context) (string, error) {
			at := who.click(t, address).at
			q := at.Query()
			change(q)
			at.RawQuery = q.Encode()
			return at.String(), nil
		}})
	}
	for name, change := range map[string]func(url.Values){
		"the answer of another issuer": func(q url.Values) { q.Set("iss", "https://id.example.org") },
		"an answer without its issuer": func(q url.Values) { q.Del("iss") },
	} {
		if failed, ok := errors.AsType[*SignInError](paste(change)); !ok || !strings.Contains(failed.Error(), "issuer") {
			t.Errorf("%s: got %v", name, failed)
		}
	}
	p.mustAsk(t, 0) // the code is not for whoever listens at the token endpoint
	err := paste(func(q url.Values) { q.Set("code", q.Get("code")+"x") })
	if failed, ok := errors.AsType[*SignInError](err); !ok || failed.Code != "invalid_grant" || !strings.Contains(failed.Help(), "snrun auth login p") {
		t.Errorf("a code that is none: got %v", err)
	}
	if err := paste(func(url.Values) {}); err != nil {
		t.Fatal(err)
	}
	mustBeAnn(t, k)
}

func testDeniedLogin(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{Clients: []clientData{aClient(clientData{"scope": "openid offline_access"})}})
	who := newPerson(t)
	who.denies = true
	k := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, signingIn(nil)))
	end, err := login(t, k, who, Prompt{})
	failed, ok := errors.AsType[*SignInError](err)
	if !ok || failed.Code != "access_denied" || !strings.Contains(failed.Help(), "allow it: snrun auth login p") {
		t.Errorf("got %v", err)
	}
	if end.status != http.StatusBadRequest || !strings.Contains(end.text, "Not signed in") {
		t.Errorf("the browser ends with %d: %q", end.status, end.text)
	}
	greedy := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, signingIn(Settings{"scope": []string{"openid", "api"}})))
	_, err = login(t, greedy, newPerson(t), Prompt{})
	if failed, ok := errors.AsType[*SignInError](err); !ok || failed.Code != "invalid_scope" || !strings.HasPrefix(failed.Help(), "check scope") {
		t.Errorf("a scope that the client may not have: got %v", err)
	}
	p.mustAsk(t, 0)
	mustLogin(t, k)
	mustBeAnn(t, k)
}

func testLoginForResource(t *testing.T, o *providers) {
	const api = "https://api.example.com/"
	p := o.start(t, providerConfig{Clients: []clientData{aClient(nil)}})
	k := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, signingIn(Settings{
		"scope": []string{"openid", "offline_access", "api"}, "resource": []string{api},
	})))
	mustLogin(t, k)
	for _, when := range []string{"login", "refresh"} {
		got := callAPI(t, k)
		if !slices.Equal(got.Audience, []string{api}) || got.Scope != "api" || got.Account != "ann" {
			t.Errorf("after the %s the API was called by %+v", when, got)
		}
		killAccess(t, k)
	}
	callAPI(t, k)
}

func testDeviceLogin(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{DeviceInterval: 1, Clients: []clientData{aClient(nil)}})
	settings := Settings{"grant": grantDeviceCode, "scope": []string{"openid", "offline_access"}}
	k := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, settings))
	var visit Visit
	if end, err := login(t, k, newPerson(t), Prompt{Visit: func(v Visit) { visit = v }}); err != nil || !strings.Contains(end.text, "successful") {
		t.Fatalf("got %v; the browser shows %q", err, end.text)
	}
	if !visit.Filled || visit.Returns || !strings.Contains(visit.URL, url.QueryEscape(visit.Code)) || visit.Expires.IsZero() {
		t.Errorf("the person was shown %+v", visit)
	}
	mustBeAnn(t, k)
	first := recordOf(t, k.sources["p"])
	killAccess(t, k)
	mustBeAnn(t, k)
	if now := recordOf(t, k.sources["p"]); now.Refresh == first.Refresh || now.Refresh == "" {
		t.Error("the refresh token is the one before the refresh")
	}
}

// testDeniedDevice is of a profile with grant authorization_code, which can be signed in on another device too.
func testDeniedDevice(t *testing.T, o *providers) {
	p := o.start(t, providerConfig{DeviceInterval: 1, Clients: []clientData{aClient(nil)}})
	k := keyringOf(t, Options{Store: placeOf(t)}, p.profile(t, signingIn(nil)))
	who := newPerson(t)
	who.denies = true
	_, err := login(t, k, who, Prompt{Device: true})
	if failed, ok := errors.AsType[*SignInError](err); !ok || failed.Code != "access_denied" || !strings.Contains(failed.Help(), "allow it: snrun auth login p") {
		t.Errorf("got %v", err)
	}
	if _, err := login(t, k, newPerson(t), Prompt{Device: true}); err != nil {
		t.Fatal(err)
	}
	mustBeAnn(t, k)
}
